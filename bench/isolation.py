"""What a sick database, or a greedy client, costs everybody else."""

import contextlib
import dataclasses
import os
import secrets
import sys
import threading
import time

from contestants import Gateway
from databases import ROOT
from load import LoadError

sys.path.insert(0, os.path.join(ROOT, "tests", "faults"))

from proxy import TO_CLIENT, Delay, Proxy, Swallow  # noqa: E402

ONSET = 0.5  # seconds into the measurement
HEAD_START = 0.3  # seconds, for the generator of the other load


@contextlib.contextmanager
def hung(proxy):
    """Connections stay open, new ones are let in, and nothing is answered."""
    proxy.trouble(TO_CLIENT, Swallow())
    yield


@contextlib.contextmanager
def slow(proxy):
    """Every answer takes half a second longer."""
    proxy.trouble(TO_CLIENT, Delay(0.5))
    yield


@contextlib.contextmanager
def refusing(proxy):
    proxy.refuse()
    proxy.end_all(reset=True)
    yield


@contextlib.contextmanager
def flapping(proxy):
    """Gone and back, three times in two seconds."""
    stopping = threading.Event()

    def flap():
        while not stopping.wait(0.3):
            proxy.refuse()
            proxy.end_all(reset=True)
            if not stopping.wait(0.3):
                proxy.accept()
    thread = threading.Thread(target=flap)
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join()


class Disturbed(Gateway):
    """While it is measured, others send it requests of their own, whose errors are theirs."""

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
    """Its last database falls sick soon after the measurement has begun."""

    def __init__(self, label, setup, trouble, disturbance):
        super().__init__(label, setup, disturbance)
        self._trouble, self._sick = trouble, self.database_names[-1]
        self._proxy = None

    def launch(self):
        target = self._config["databases"][self._sick]
        self._proxy = Proxy(target["port"])
        target["port"] = self._proxy.port
        super().launch()

    def close(self):
        super().close()
        if self._proxy:
            self._proxy.close()
            self._proxy = None

    def drive(self, workload, seconds, seed):
        ending = threading.Event()
        trouble = threading.Thread(target=self._be_sick, args=(ending,))
        trouble.start()
        try:
            return super().drive(workload, seconds, seed)
        finally:
            ending.set()
            trouble.join()

    def _be_sick(self, ending):
        if ending.wait(ONSET):
            return
        with self._trouble(self._proxy):
            ending.wait()
        self._proxy.heal()


TROUBLES = {"hung": hung, "slow": slow, "flapping": flapping, "refusing": refusing}


def of_databases(setup, others, ten_times):
    """`others`: what is measured, without the last database; `ten_times`: what the last one is asked."""
    well = [Disturbed("without the twentieth", setup), Disturbed("the twentieth well", setup, ten_times)]
    sick = [Troubled(f"the twentieth {name}", setup, trouble, ten_times) for name, trouble in TROUBLES.items()]
    return [(gateway, others) for gateway in [*well, *sick]]


def of_clients(setup, polite, greedy):
    """Two clients of one database."""
    alone = Disturbed("one client", setup)
    return [(alone, polite), (Disturbed("another asks ten times as much", setup, greedy), polite)]


def ten_times(workload, **changes):
    return dataclasses.replace(workload, connections=10 * workload.connections, **changes)
