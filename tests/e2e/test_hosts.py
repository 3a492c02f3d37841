"""Several hosts: a real primary and a real streaming standby. Roles are found out, writes follow the primary, reads
go where they may, and nothing that was acknowledged is lost."""

import threading
import unittest

from gateway import Gateway, GatewayTest, wait_until
import metrics_page
from replicated_postgres import ReplicatedPostgres

ROUTING = {"monitor_interval_ms": 500}


class HostsTest(GatewayTest):
    """Every test has its own servers, as it changes who is who."""

    routing: dict = {}
    synchronous = False

    @classmethod
    def setUpClass(cls):
        pass

    def setUp(self):
        self.postgres = ReplicatedPostgres(synchronous=self.synchronous)
        self.addCleanup(self.postgres.close)
        self.postgres.primary.run("create table notes (id bigint primary key); alter table notes owner to app")
        self.postgres.caught_up()
        main = {**self.postgres.target(), "pool": {"max_size": 6}, "routing": {**ROUTING, **self.routing}}
        self.gateway = Gateway({"databases": {"main": main}}, [self.postgres.password])
        self.addCleanup(self.gateway.close)
        self.first, self.second = self.postgres.hosts()
        self.wait_for_roles("primary", "replica")

    def hosts(self):
        return {host["host"]: host for host in self.gateway.metrics()["hosts"]}

    def roles(self):
        hosts = self.hosts()
        return hosts[self.first]["role"], hosts[self.second]["role"]

    def wait_for_roles(self, *roles):
        wait_until(lambda: self.roles() == roles, f"the roles are {roles}: {self.roles()}", 40)

    def wait_for_host(self, host, **query):
        wait_until(lambda: self.gateway.query("select 1 as one", **query).json.get("host") == host,
                   f"{host} answers {query}", 40)

    def events(self):
        return [event["message"] for event in self.gateway.get("/admin/events?db_id=main&limit=1000").json["events"]]


class Reading(HostsTest):
    def test_routes(self):
        self.assertEqual(self.gateway.query("insert into notes values (1)").json["host"], self.first)
        self.wait_for_host(self.second, read_only=True, route="replica")
        self.wait_for_host(self.second, read_only=True, route="prefer_replica")
        self.wait_for_host(self.first, read_only=True, route="primary")
        refused = self.gateway.query("insert into notes values (2)", route="replica")
        problem = self.assert_problem(refused, 422, "invalid_request", outcome="not_started")
        self.assertIn("read_only", problem["detail"])
        self.assertEqual(self.gateway.scalar("select count(*) from notes"), 1)

    def test_plans_have_routes_too(self):
        def explain(**more):
            return self.gateway.post("/query/main/explain", {"sql": "delete from notes", **more})

        for host, route in ((self.second, "replica"), (self.first, "primary")):
            self.wait_for_host(host, read_only=True, route=route)
            self.assertEqual(explain(route=route).json["host"], host)
            answer = self.gateway.post("/query/main/explain", {"sql": "select * from notes", "route": route, "read_only": True, "analyze": True})
            self.assertEqual(answer.json["host"], host, answer)
        self.assert_problem(explain(route="replica", analyze=True), 422, "invalid_request")

    def test_is_shown(self):
        wait_until(lambda: self.hosts()[self.second]["lag_ms"] is not None, "the lag is known")
        database = self.gateway.get("/databases/main").json
        self.assertEqual([host["role"] for host in database["hosts"]], ["primary", "replica"])
        why = self.gateway.get("/admin/databases/main/why").json
        self.assertEqual(why["hosts"][1]["up"], True)
        page = self.gateway.get("/metrics?format=prometheus").text

        def of_hosts(families):
            return {name: kind for name, kind in families.items() if name.startswith("sluice_host_")}
        self.assertEqual(of_hosts(metrics_page.families(page)), of_hosts(metrics_page.documented()))
        self.assertEqual(metrics_page.value(page, "sluice_host_role", host=self.first, role="primary"), 1)
        self.assertEqual(metrics_page.value(page, "sluice_host_up", database="main", host=self.second), 1)

    def test_a_replica_that_is_too_far_behind_is_left_out(self):
        self.gateway.request("PATCH", "/databases/main", {"routing": {"max_lag_ms": 1000}})
        self.wait_for_host(self.second, read_only=True, route="replica")
        self.postgres.pause_replay(self.postgres.standby)
        self.gateway.query("insert into notes values (1)")
        wait_until(lambda: self.gateway.query("select 1", read_only=True, route="replica").status == 503,
                   "the replica is too far behind", 40)
        refused = self.gateway.query("select 1", read_only=True, route="replica")
        problem = self.assert_problem(refused, 503, "database_unavailable", outcome="not_started")
        self.assertIn("max_lag_ms is 1000", problem["detail"])
        answer = self.gateway.query("select 1", read_only=True, route="prefer_replica")
        self.assertEqual(answer.json["host"], self.first)
        self.postgres.resume_replay(self.postgres.standby)
        self.wait_for_host(self.second, read_only=True, route="replica")

    def test_a_dead_replica_hurts_nobody(self):
        self.wait_for_host(self.second, read_only=True, route="replica")
        self.postgres.standby.stop()
        for _ in range(20):
            answer = self.gateway.query("select 1", read_only=True, route="prefer_replica")
            self.assertEqual(answer.status, 200, answer)
        self.assertEqual(self.gateway.get("/readyz").status, 200)
        self.postgres.standby.start()
        self.wait_for_host(self.second, read_only=True, route="replica")


class FailOver(HostsTest):
    synchronous = True

    def setUp(self):
        super().setUp()
        self.acknowledged = []
        self.unknown = []
        self.refused = []
        self.stop = threading.Event()
        self.writers = [threading.Thread(target=self.write, args=(n,)) for n in range(4)]

    def write(self, writer):
        number = writer
        while not self.stop.is_set():
            answer = self.gateway.query("insert into notes values ($1)", [number], timeout_ms=8000)
            if answer.status == 200:
                self.acknowledged.append(number)
            elif answer.json["outcome"] == "unknown":
                self.unknown.append(number)
            else:
                self.refused.append((number, answer))
            number += len(self.writers)

    def under_load(self, change):
        for writer in self.writers:
            writer.start()
        try:
            wait_until(lambda: len(self.acknowledged) > 50, "writes flow", 40)
            change()
            before = len(self.acknowledged)
            wait_until(lambda: len(self.acknowledged) > before + 50, "writes flow again", 60)
        finally:
            self.stop.set()
            for writer in self.writers:
                writer.join()

    def check_nothing_is_lost(self):
        there = set(int(line) for line in self.postgres.primary.run("select id from notes").splitlines())
        self.assertEqual(set(self.acknowledged) - there, set(), "acknowledged, and lost")
        self.assertEqual({number for number, _ in self.refused} & there, set(), "refused as not run, and there")
        self.assertEqual(there - set(self.acknowledged) - set(self.unknown), set(), "there, and nobody was told")

    def test_a_crash_and_a_promotion_under_load(self):
        def change():
            self.postgres.primary.stop()
            self.postgres.promote()
        self.under_load(change)
        self.check_nothing_is_lost()
        self.assertEqual(self.gateway.query("select 1").json["host"], self.second)
        self.assertTrue(any(f"host {self.second}: primary" in event for event in self.events()), self.events())

    def test_the_old_primary_comes_back_as_a_standby(self):
        old = self.postgres.primary
        old.stop()
        self.postgres.promote()
        self.wait_for_host(self.second)
        self.postgres.rejoin(old)
        self.wait_for_roles("replica", "primary")
        self.wait_for_host(self.first, read_only=True, route="replica")
        self.assertEqual(self.gateway.query("insert into notes values (1)").json["host"], self.second)

    def test_the_old_primary_comes_back_as_a_rogue(self):
        old = self.postgres.primary
        old.stop()
        self.postgres.promote()
        self.wait_for_host(self.second)
        old.start()
        self.wait_for_roles("conflict", "primary")
        for number in range(20):
            self.assertEqual(self.gateway.query("insert into notes values ($1)", [number]).json["host"], self.second)
        self.assertEqual(old.run("select count(*) from notes"), "0")
        answer = self.gateway.query("select 1", read_only=True, route="replica")
        self.assert_problem(answer, 503, "database_unavailable")
        self.assertTrue(any(f"host {self.first}: conflict" in event for event in self.events()), self.events())
        self.assertIn("not the primary any more", self.gateway.get("/health").text)

    def test_a_promotion_with_the_old_primary_still_there(self):
        """Both take writes for a moment; what comes after the new one is seen goes there."""
        self.postgres.synchronous(False)
        self.postgres.promote()
        self.wait_for_roles("conflict", "primary")
        self.wait_for_host(self.second)

    def test_without_a_primary_writes_wait_and_say_so(self):
        self.postgres.primary.stop()
        self.wait_for_roles("unknown", "replica")
        answer = self.gateway.query("insert into notes values (1)", timeout_ms=1500)
        problem = self.assert_problem(answer, 503, "database_unavailable", outcome="not_started", retryable=True)
        self.assertIn("no host takes writes", problem["detail"])
        self.wait_for_host(self.second, read_only=True, route="prefer_replica")


if __name__ == "__main__":
    unittest.main()
