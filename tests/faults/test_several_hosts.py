"""A database on several hosts, each behind a proxy of ours or a PgBouncer: they flap, all replicas go, an old primary
comes back while it is cut off from the new one."""

import threading
import unittest

from faults import SLACK, TOKENS, FaultTest, Proxy, Writers, wait_until
from gateway import Gateway
from pgbouncer import PgBouncer
from proxy import TO_CLIENT, TO_SERVER, Swallow
from replicated_postgres import ReplicatedPostgres

INTERVAL = 0.5  # seconds between two looks


class SeveralHosts(FaultTest):
    """Every test has its own servers, as it changes who is who."""

    standbys = 1
    synchronous = True

    @classmethod
    def setUpClass(cls):
        pass

    def setUp(self):
        self.servers = ReplicatedPostgres(standbys=self.standbys, synchronous=self.synchronous)
        self.addCleanup(self.servers.close)
        self.servers.primary.run(TOKENS)
        for standby in self.servers.standbys:
            self.servers.caught_up(standby)
        self.ways = self.reach()
        self.hosts = [f"127.0.0.1:{way.port}" for way in self.ways]
        main = {**self.servers.target(hosts=self.hosts), "pool": self.pool, "breaker": self.breaker,
                "routing": {"monitor_interval_ms": int(1000 * INTERVAL)}}
        self.gateway = Gateway({"databases": {"main": main}}, [self.servers.password])
        self.addCleanup(self.gateway.close)
        self.wait_for_roles("primary", *["replica"] * self.standbys)

    def reach(self):
        """What stands before each server: it can fail without the server's knowledge."""
        ways = []
        for server in self.servers.servers:
            ways.append(Proxy(server.port))
            self.addCleanup(ways[-1].close)
        return ways

    @property
    def postgres(self):
        """The one that counts."""
        return self.servers.primary

    def roles(self):
        return tuple(host["role"] for host in self.gateway.metrics()["hosts"])

    def wait_for_roles(self, *roles):
        wait_until(lambda: self.roles() == roles, f"the roles are {roles}: {self.roles()}", 40)

    def read(self, route):
        return self.gateway.query("select 1 as one", read_only=True, route=route, timeout_ms=3000)

    def wait_for_replica(self):
        wait_until(lambda: self.read("replica").status == 200, "a replica is read", 40)

    def lets_nothing_through(self, number):
        for way in (TO_SERVER, TO_CLIENT):
            self.ways[number].trouble(way, Swallow())

    def flaps(self, number, stopping):
        while not stopping.wait(0.3):
            self.ways[number].refuse()
            self.ways[number].end_all(reset=True)
            stopping.wait(0.3)
            self.ways[number].accept()

    def while_flapping(self, number, act):
        stopping = threading.Event()
        flapping = threading.Thread(target=self.flaps, args=(number, stopping))
        flapping.start()
        try:
            act()
        finally:
            stopping.set()
            flapping.join()


class Flapping(SeveralHosts):
    def test_a_replica_costs_nobody_anything(self):
        self.wait_for_replica()
        with Writers(self.gateway, timeout_ms=5000) as writers:
            def read():
                for _ in range(300):
                    answer = self.read("prefer_replica")
                    self.assertEqual(answer.status, 200, answer)
            self.while_flapping(1, read)
        self.assertGreater(writers.succeeded(), 100)
        for answer in writers.answers.values():
            self.assertEqual(answer.status, 200, answer)
        self.assert_account(writers.answers)
        self.wait_for_roles("primary", "replica")
        self.wait_for_replica()

    def test_a_primary_loses_nothing_and_is_used_again(self):
        with Writers(self.gateway, timeout_ms=3000) as writers:
            self.while_flapping(0, lambda: writers.wait_for(300, patience=60))
            writers.wait_for(50)
        self.assert_account(writers.answers)
        self.assertEqual(self.roles(), ("primary", "replica"))


class AllReplicasOut(SeveralHosts):
    standbys = 2
    synchronous = False

    def test_reads_go_to_the_primary_or_are_refused_in_words(self):
        self.wait_for_replica()
        with Writers(self.gateway, timeout_ms=5000) as writers:
            self.servers.standbys[0].stop()
            self.lets_nothing_through(2)
            self.wait_for_roles("primary", "unknown", "unknown")
            for _ in range(50):
                answer = self.read("prefer_replica")
                self.assertEqual((answer.status, answer.json.get("host")), (200, self.hosts[0]), answer)
            refused = self.read("replica")
            self.assert_in_time(refused, 3000)
            problem = self.assert_problem(refused, 503, "database_unavailable", outcome="not_started")
            for host in self.hosts[1:]:
                self.assertIn(f"{host} is down", problem["detail"])
            writers.wait_for(50)
        for answer in writers.answers.values():
            self.assertEqual(answer.status, 200, answer)
        self.assert_account(writers.answers)
        self.servers.standbys[0].start()
        self.ways[2].heal()
        self.wait_for_roles("primary", "replica", "replica")
        self.wait_for_replica()


class Partition(SeveralHosts):
    def test_an_old_primary_that_returns_while_it_lasts_gets_nothing(self):
        """Nobody has told it that it was overtaken: what hung there, may go on there, and is not acknowledged, as it
        has no standby any more. Nothing new goes there."""
        old = self.servers.primary
        with Writers(self.gateway, timeout_ms=2000) as writers:
            writers.wait_for(50)
            self.lets_nothing_through(0)
            self.servers.promote()
            writers.wait_for(50, patience=60)
            seen = set(writers.begun)
            self.ways[0].heal()
            self.wait_for_roles("conflict", "primary")
            for _ in range(3):  # and again
                self.lets_nothing_through(0)
                self.ways[0].heal()
                self.ways[0].end_all(reset=True)
                writers.wait_for(20)
            self.wait_for_roles("conflict", "primary")
        self.assert_account(writers.answers)
        later = [token for token in old.run("select token from tokens").splitlines() if token in
                 set(writers.answers) - seen]
        self.assertEqual(later, [], "written to the old primary after the new one was known")

    def test_calls_that_hang_at_a_lost_primary_end_in_time(self):
        self.lets_nothing_through(0)
        answer = self.gateway.query("insert into tokens(token) values ('hangs')", timeout_ms=1500)
        self.assert_in_time(answer, 1500)
        self.assert_trouble(answer)
        self.servers.promote()
        wait_until(lambda: self.gateway.query("select 1").json.get("host") == self.hosts[1], "the new one is used",
                   5 * INTERVAL + SLACK)


class TwoPgBouncers(SeveralHosts):
    pool = {**FaultTest.pool, "statement_cache": 0}

    def reach(self):
        ways = []
        for server in self.servers.servers:
            ways.append(PgBouncer(server, settings=["query_wait_timeout = 2"]))
            self.addCleanup(ways[-1].close)
        return ways

    def test_a_crash_and_a_promotion_behind_them(self):
        """The proxies stay; one of them leads to a primary that is gone, the other to one that was a replica."""
        self.wait_for_replica()
        with Writers(self.gateway, timeout_ms=5000) as writers:
            writers.wait_for(50)
            self.servers.primary.stop()
            self.servers.promote()
            writers.wait_for(50, patience=60)
        self.assert_account(writers.answers)
        self.assertEqual(self.gateway.query("select 1").json["host"], self.hosts[1])

    def test_one_of_them_dies(self):
        """The primary behind it is well, but cannot be reached: nobody else takes writes, and all say so."""
        self.wait_for_replica()
        self.ways[0].close()
        self.wait_for_roles("unknown", "replica")
        self.assertEqual(self.read("prefer_replica").json["host"], self.hosts[1])
        refused = self.gateway.query("insert into tokens(token) values ('nowhere')", timeout_ms=1000)
        self.assertEqual(self.outcome(refused), "not_started")
        self.assertEqual(self.servers.primary.run("select count(*) from tokens"), "0")


if __name__ == "__main__":
    unittest.main()
