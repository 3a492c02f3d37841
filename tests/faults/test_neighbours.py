"""A database that dies, hangs or comes back. Others never notice."""

import concurrent.futures
import socket
import time

from faults import GatewayTest, PrivatePostgres, together, wait_until


class Neighbours(GatewayTest):
    pool = {"max_size": 4, "connect_timeout_ms": 1000}

    @classmethod
    def prepare(cls):
        cls.neighbour = PrivatePostgres()
        cls.addClassCleanup(cls.neighbour.close)

    @classmethod
    def configuration(cls):
        return {"databases": {"main": {**cls.postgres.target(), "pool": cls.pool},
                              "neighbour": cls.neighbour.target()}}

    def setUp(self):
        self.recovers()

    def recovers(self, patience=20):
        wait_until(lambda: self.gateway.query("select 1", timeout_ms=2000).status == 200,
                   "the database answers again", patience)
        wait_until(lambda: self.gateway.query("select 1").status == 200 and self.gateway.metrics()["breaker"]["state"] == "closed",
                   "the breaker is closed", patience)

    def neighbour_is_well(self):
        answer = self.gateway.query("select 1", db="neighbour")
        self.assertEqual(answer.status, 200, answer)
        self.assertLess(answer.seconds, 0.5)

    def test_killed_backends_cost_their_statements_only(self):
        with concurrent.futures.ThreadPoolExecutor(4) as threads:
            calls = [threads.submit(self.gateway.query, "select pg_sleep(10)") for _ in range(3)]
            wait_until(lambda: self.postgres.run("select count(*) from pg_stat_activity where query = 'select pg_sleep(10)' and state = 'active'") == "3",
                       "they run")
            self.postgres.terminate_backends()
            for call in calls:
                problem = self.assert_problem(call.result(), 503, "database_unavailable")
                self.assertIn(problem["outcome"], ("unknown", "rolled_back"))
        self.assertEqual(self.gateway.query("select 1").status, 200)

    def test_idle_connections_that_were_killed_are_noticed_before_use(self):
        for _ in range(5):
            together(4, lambda _: self.gateway.query("select pg_sleep(0.05)"))
            self.postgres.terminate_backends()
            wait_until(lambda: self.postgres.backends() == 0, "they are gone")
            self.assertEqual(self.gateway.query("select 1").status, 200)

    def test_a_frozen_server_ends_calls_in_time_and_opens_the_breaker(self):
        together(4, lambda _: self.gateway.query("select pg_sleep(0.05)"))
        self.postgres.freeze()
        try:
            answers = together(12, lambda _: self.gateway.query("select 1", timeout_ms=700))
            for answer in answers:
                self.assertIn((answer.status, answer.json["code"]), {(504, "query_timeout"), (503,
                    "acquire_timeout"), (503, "breaker_open"),
                                                                     (503, "database_unavailable"), (504, "connect_timeout")}, answer)
                self.assertLess(answer.seconds, 2.5, answer)
            self.neighbour_is_well()
            wait_until(lambda: self.gateway.query("select 1", timeout_ms=300).json["code"] == "breaker_open", "the breaker opens")
            refused = self.gateway.query("select 1")
            self.assert_problem(refused, 503, "breaker_open", outcome="not_started", retryable=True)
            self.assertLess(refused.seconds, 0.3)
            self.assertEqual(self.gateway.get("/health").json["status"], "degraded")
            self.neighbour_is_well()
        finally:
            self.postgres.thaw()
        self.recovers()

    def test_a_stopped_server_is_unavailable_until_it_is_back(self):
        self.postgres.stop()
        try:
            codes = set()
            for _ in range(20):
                answer = self.gateway.query("select 1", timeout_ms=2000)
                self.assertEqual(answer.status, 503, answer)
                self.assert_problem(answer, 503, answer.json["code"], outcome="not_started")
                codes.add(answer.json["code"])
            self.assertLessEqual(codes, {"database_unavailable", "breaker_open"})
            self.neighbour_is_well()
            wait_until(lambda: self.gateway.query("select 1").json["code"] == "breaker_open",
                       "the breaker opens")
            why = self.gateway.get("/admin/databases/main/why").json
            self.assertIn(why["breaker"]["state"], ("open", "half_open"))
            self.assertTrue(why["explanation"])
        finally:
            self.postgres.start()
        self.recovers(patience=40)

    def test_connecting_tells_what_is_wrong(self):
        connect = lambda **changes: self.gateway.post("/databases/connect",
                                                      {**self.postgres.target(), "db_id": "trial",
                                                       **changes})
        self.assert_problem(connect(password="wrong"), 422, "connection_rejected", sqlstate="28P01")
        self.assert_problem(connect(database="nowhere"), 422, "connection_rejected",
                            sqlstate="3D000")
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            self.assert_problem(connect(port=unused.getsockname()[1]), 503, "database_unavailable")
        with socket.socket() as silent:
            silent.bind(("127.0.0.1", 0))
            silent.listen()
            started = time.monotonic()
            self.assert_problem(connect(port=silent.getsockname()[1],
                                        pool={"connect_timeout_ms": 500}), 504, "connect_timeout")
            self.assertLess(time.monotonic() - started, 2)
        self.assert_problem(self.gateway.get("/databases/trial"), 404, "unknown_database")
        self.assertEqual(self.gateway.metrics()["breaker"]["state"], "closed")
