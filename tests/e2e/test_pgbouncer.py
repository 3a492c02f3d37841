"""Behind PgBouncer in transaction mode, as many installations are: `statement_cache: 0` is all that it takes."""

import os
import subprocess
import unittest

from gateway import Gateway, GatewayTest, together, wait_until
from pgbouncer import PgBouncer
from replicated_postgres import ReplicatedPostgres

POOL = {"max_size": 8, "statement_cache": 0}


class BehindPgBouncer(GatewayTest):
    @classmethod
    def prepare(cls):
        cls.postgres.run("create table notes (id int primary key, text text); alter table notes owner to app")
        cls.pgbouncer = PgBouncer(cls.postgres)
        cls.addClassCleanup(cls.pgbouncer.close)

    @classmethod
    def configuration(cls):
        return {"databases": {"main": {**cls.pgbouncer.target(), "pool": POOL}}}

    def test_runs_queries_with_parameters(self):
        self.assertEqual(self.scalar("select $1::int + 1", [41]), 42)
        self.assertEqual(self.scalar("select $1::text", ["ä'\\"]), "ä'\\")

    def scalar(self, sql, params=None, **options):
        return self.gateway.scalar(sql, params, **options)

    def test_many_at_once_get_their_own_answers(self):
        def ask(i):
            return [self.scalar("select $1::int", [i * 100 + n]) for n in range(20)]
        self.assertEqual(together(12, ask), [[i * 100 + n for n in range(20)] for i in range(12)])

    def test_writes_and_read_only(self):
        self.assertEqual(self.gateway.query("insert into notes values ($1, $2)", [1, "one"]).status, 200)
        refused = self.gateway.query("insert into notes values ($1, $2)", [2, "two"], read_only=True)
        self.assert_problem(refused, 403, "sql_error", outcome="rolled_back")
        self.assertEqual(self.scalar("select count(*) from notes where id in (1, 2)", read_only=True), 1)
        self.assertEqual(self.gateway.query("insert into notes values (3, 'three')").status, 200,
                         "no session stayed read-only")

    def test_a_statement_ends_at_its_timeout(self):
        answer = self.gateway.query("select pg_sleep(30)", timeout_ms=500)
        self.assert_problem(answer, 504, "query_timeout")
        self.assertLess(answer.seconds, 5)
        for _ in range(10):
            self.assertEqual(self.scalar("select 7"), 7, "what follows is not cancelled")

    def test_every_session_has_our_settings(self):
        """PgBouncer refuses `options` at the start: they are sent afterwards, wherever they matter."""
        for setting, value in (("TimeZone", "UTC"), ("IntervalStyle", "iso_8601"), ("DateStyle", "ISO, MDY")):
            shown = together(8, lambda _, s=setting: self.scalar(f"select current_setting('{s}')"))
            self.assertEqual(set(shown), {value}, setting)

    def test_leaves_no_settings_in_sessions_that_others_share(self):
        together(8, lambda _: self.scalar("select pg_sleep(0.05)::text"))
        environment = dict(os.environ, PGPASSWORD=self.postgres.password)
        for setting, default in (("statement_timeout", "0"), ("intervalstyle", "postgres"), ("jit", "on")):
            shown = subprocess.run(["psql", "-XqAt", "-h", "127.0.0.1", "-p", str(self.pgbouncer.port), "-U", "app",
                                    "-d", "app", "-c", f"show {setting}"],
                                   capture_output=True, text=True, env=environment, check=True)
            self.assertEqual(shown.stdout.strip(), default, setting)

    def test_types_are_read_as_ever(self):
        self.assertEqual(self.scalar("select '1 day 2 hours'::interval"), "P1DT2H")
        self.assertEqual(self.scalar("select array[1, 2, null]"), [1, 2, None])
        self.assertEqual(self.scalar("select '2026-01-28 12:34:56+00'::timestamptz"), "2026-01-28T12:34:56+00:00")

    def test_survives_a_restart_of_the_server(self):
        self.assertEqual(self.scalar("select 1"), 1)
        self.postgres.stop()
        self.assertGreaterEqual(self.gateway.query("select 1", timeout_ms=3000).status, 500)
        self.postgres.start()
        wait_until(lambda: self.gateway.query("select 1").status == 200, "it answers again", 40)


class TheSameDatabaseThroughTwo(unittest.TestCase):
    def test_hosts_behind_pgbouncer(self):
        """Two proxies in front of one primary are one host too many; each is found to be what is behind it."""
        postgres = ReplicatedPostgres()
        self.addCleanup(postgres.close)
        first = PgBouncer(postgres.primary)
        self.addCleanup(first.close)
        second = PgBouncer(postgres.standby)
        self.addCleanup(second.close)
        target = postgres.target(hosts=[f"127.0.0.1:{first.port}", f"127.0.0.1:{second.port}"])
        gateway = Gateway({"databases": {"main": {**target, "pool": POOL}}}, [postgres.password])
        self.addCleanup(gateway.close)
        wait_until(lambda: [host["role"] for host in gateway.metrics()["hosts"]] == ["primary", "replica"],
                   "both are known")
        self.assertEqual(gateway.query("create table t (a int)").json["host"], f"127.0.0.1:{first.port}")
        wait_until(lambda: gateway.query("select 1 as one", read_only=True, route="replica").status == 200,
                   "the replica may be read")
        answer = gateway.query("select pg_is_in_recovery() as it", read_only=True, route="replica")
        self.assertEqual(answer.json["host"], f"127.0.0.1:{second.port}")
        self.assertEqual(answer.json["rows"], [{"it": True}])


if __name__ == "__main__":
    unittest.main()
