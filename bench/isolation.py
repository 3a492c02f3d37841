"""What a sick database, or a greedy client, costs everybody else. The sick one has a PostgreSQL of its own, and what
makes it sick costs this machine nothing: a proxy in Python on the same cores would be measured instead."""

import contextlib
import dataclasses
import json
import secrets
import threading
import time
import urllib.error
import urllib.request

from contestants import Gateway
from load import LoadError

ONSET = 0.5  # seconds into the measurement
HEAD_START = 0.3  # seconds, for the generator of the other load
PATIENCE = 30  # seconds, for a database to get well

SLOW = """
alter table items rename to items_of_a_quick_server;
create view items as select items.* from items_of_a_quick_server items, (select pg_sleep(0.2)) pause;
grant select on items to app;
"""
QUICK = "drop view items; alter table items_of_a_quick_server rename to items;"

FLAPPING = """
create table flapping();
create procedure flap(name text) language plpgsql as $$
begin
  while to_regclass('flapping') is not null loop
    update pg_database set datallowconn = false where datname = name;
    commit;
    perform pg_terminate_backend(pid) from pg_stat_activity where datname = name;
    perform pg_sleep(0.3);
    update pg_database set datallowconn = true where datname = name;
    commit;
    perform pg_sleep(0.3);
  end loop;
end $$;
"""


@contextlib.contextmanager
def hung(server, _):
    """Connections stay open, new ones are let in, and nothing is answered."""
    server.freeze()
    try:
        yield
    finally:
        server.thaw()


@contextlib.contextmanager
def slow(server, name):
    """Every answer takes a fifth of a second longer."""
    server.run(SLOW, name)
    try:
        yield
    finally:
        server.run(QUICK, name)


@contextlib.contextmanager
def refusing(server, _):
    server.stop()
    yield


@contextlib.contextmanager
def flapping(server, name):
    """All its sessions are ended, and no others let in; three tenths of a second later all is well, for as long."""
    server.run(FLAPPING, "postgres")
    thread = threading.Thread(target=server.run, args=(f"call flap('{name}')", "postgres"))
    thread.start()
    try:
        yield
    finally:
        server.run("drop table flapping", "postgres")
        thread.join()
        server.run("drop procedure flap", "postgres")


class Disturbed(Gateway):
    """While it is measured, its last database is asked, too, or another client asks; their errors are theirs."""

    def __init__(self, label, setup, disturbance=None):
        super().__init__(label, setup)
        self._disturbance = disturbance  # a workload
        self.other_key = secrets.token_hex(24)
        self._config["security"]["api_keys"].append({"name": "other", "key": self.other_key, "role": "query"})

    def drive(self, workload, seconds, seed):
        if self._disturbance is None:
            return super().drive(workload, seconds, seed)
        others = threading.Thread(target=self._disturb, args=(seconds, seed))
        others.start()
        time.sleep(HEAD_START)
        try:
            return super().drive(workload, seconds, seed)
        finally:
            others.join()

    def _disturb(self, seconds, seed):
        with contextlib.suppress(LoadError):  # a database that hangs may answer nobody
            self._wrk(self._disturbance, seconds + 1, seed, API_KEY=self.other_key)


class Troubled(Disturbed):
    """Its last database falls sick soon after the measurement has begun, if there is a trouble. Its statements may take
    half a second, so that those of one that hangs end, and others come; its breaker tries again every two seconds, so
    that it is well when the next measurement begins."""

    def __init__(self, label, setup, disturbance, trouble=None):
        super().__init__(label, setup, disturbance)
        self._databases, self._sick = setup.databases, setup.databases.names[-1]
        self._trouble = trouble or (lambda *_: contextlib.nullcontext())

    def launch(self):
        self._config["databases"][self._sick] |= {**self._databases.alone.target(self._sick),
                                                  "query": {"timeout_ms": 500}, "breaker": {"max_open_ms": 2000}}
        super().launch()

    def warm_up(self, workload, seconds, seed):
        self._wait_until_well()
        return super().warm_up(workload, seconds, seed)

    def _wait_until_well(self):
        deadline = time.monotonic() + PATIENCE
        while not self._is_well():
            if time.monotonic() > deadline:
                raise LoadError(f"{self.label}: {self._sick} does not get well")
            time.sleep(0.2)

    def _is_well(self):
        request = urllib.request.Request(
            f"{self.url}/query/{self._sick}", json.dumps({"sql": "select 1"}).encode(),
            {"Content-Type": "application/json", "Authorization": "Bearer " + self.key})
        try:
            with urllib.request.urlopen(request, timeout=5):
                return True
        except urllib.error.HTTPError:
            return False

    def drive(self, workload, seconds, seed):
        ending = threading.Event()
        trouble = threading.Thread(target=self._be_sick, args=(ending,))
        trouble.start()
        try:
            return super().drive(workload, seconds, seed)
        finally:
            ending.set()
            trouble.join()
            if not self._databases.alone.answers():
                self._databases.alone.start()  # by this thread: the server ends with the one that has started it

    def _be_sick(self, ending):
        if ending.wait(ONSET):
            return
        with self._trouble(self._databases.alone, self._sick):
            ending.wait()


TROUBLES = {"hung": hung, "slow": slow, "flapping": flapping, "refusing": refusing}


def of_databases(setup, others, twentieth):
    """`others`: what is measured; `twentieth`: what the last database is asked when it is well."""
    greedy = ten_times(twentieth)
    well = [Troubled("the twentieth well", setup, twentieth), Troubled("well, asked ten times as much", setup, greedy)]
    sick = [Troubled(f"{name}, asked ten times as much", setup, greedy, trouble) for name, trouble in TROUBLES.items()]
    return [(gateway, others) for gateway in [*well, *sick]]


def of_clients(setup, polite, greedy):
    """Two clients of one database."""
    alone = Disturbed("one client", setup)
    return [(alone, polite), (Disturbed("another asks ten times as much", setup, greedy), polite)]


def ten_times(workload, **changes):
    return dataclasses.replace(workload, connections=10 * workload.connections, **changes)
