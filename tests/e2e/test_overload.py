"""What the gateway as a whole, and one client of it, may have under way."""

import concurrent.futures
import json
import time

from gateway import Gateway, GatewayTest, together, wait_until
from private_postgres import PrivatePostgres

KEYS = {name: f"{name}-{name}-0123456789abcdef" for name in ("fast", "slow", "narrow", "root")}


class InFlight(GatewayTest):
    pool = {"max_size": 4}
    config = {"server": {"max_in_flight": 2, "max_in_flight_bytes": 1_000_000}}

    def test_more_statements_than_may_be_are_refused_and_all_else_goes_on(self):
        with concurrent.futures.ThreadPoolExecutor(2) as threads:
            running = [threads.submit(self.gateway.query, "select pg_sleep(1)::text as slept") for _ in range(2)]
            wait_until(lambda: self.gateway.metrics()["used_connections"] == 2, "two run")
            refused = self.gateway.query("select 1")
            self.assert_problem(refused, 503, "overloaded", outcome="not_started", retryable=True)
            self.assertIn("server.max_in_flight", refused.json["detail"])
            for path in ("/livez", "/readyz", "/health", "/databases", "/admin/queries", "/metrics/main"):
                self.assertEqual(self.gateway.get(path).status, 200, path)
            self.assertEqual([call.result().status for call in running], [200, 200])
        self.assertEqual(self.gateway.query("select 1").status, 200)
        page = self.gateway.get("/metrics", Accept="text/plain").text
        self.assertIn('sluice_requests_refused_total{limit="in_flight"} 1', page)
        self.assertIn("sluice_in_flight_requests 0", page)

    def test_bodies_and_results_share_the_memory_there_is(self):
        large = "select repeat('x', 1000) as x from generate_series(1, {}) "
        self.assertEqual(self.gateway.query(large.format(400)).status, 200)
        refused = self.gateway.query(large.format(3000))
        self.assert_problem(refused, 503, "overloaded", outcome="rolled_back", retryable=True)
        self.assertIn("server.max_in_flight_bytes", refused.json["detail"])
        for _ in range(5):  # nothing stays behind
            self.assertEqual(self.gateway.query(large.format(400)).status, 200)
        wait_until(lambda: "sluice_in_flight_bytes 0" in self.gateway.get("/metrics", Accept="text/plain").text, "all is given back")
        leg = self.gateway.post("/query", {"all": True, "sql": large.format(3000)}).json
        self.assertIn("overloaded", json.dumps(leg, default=str))


class Quotas(GatewayTest):
    pool = {"max_size": 4}

    @classmethod
    def configuration(cls):
        keys = [{"name": "fast", "key": KEYS["fast"], "requests_per_second": 0, "concurrent": 0},
                {"name": "slow", "key": KEYS["slow"]},
                {"name": "narrow", "key": KEYS["narrow"], "requests_per_second": 0, "concurrent": 1},
                {"name": "root", "key": KEYS["root"], "role": "admin"}]
        return {**super().configuration(), "security": {"api_keys": keys},
                "limits": {"requests_per_second": 1, "burst": 3}}

    def ask(self, who, sql="select 1"):
        return self.gateway.post("/query/main", {"sql": sql}, {"Authorization": f"Bearer {KEYS[who]}"})

    def test_a_client_has_its_burst_and_then_its_rate(self):
        first = self.ask("slow")
        self.assertEqual(first.status, 200)
        self.assertEqual(first.headers["ratelimit-policy"], '"rate";q=3;w=3')
        self.assertRegex(first.headers["ratelimit"], r'^"rate";r=2;t=1$')
        answers = together(16, lambda _: self.ask("slow"))
        refused = [answer for answer in answers if answer.status != 200]
        self.assertGreaterEqual(len(refused), 4)
        problem = self.assert_problem(refused[0], 429, "rate_limited", outcome="not_started", retryable=True)
        self.assertIn('"slow"', problem["detail"])
        self.assertEqual(refused[0].headers["ratelimit"].split(";")[1], "r=0")
        wait = problem["retry_after_ms"]
        self.assertGreater(wait, 0)
        # Others do not suffer for it.
        self.assertEqual({answer.status for answer in together(8, lambda _: self.ask("fast"))}, {200})
        self.assertNotIn("ratelimit", self.ask("fast").headers)
        wait_until(lambda: self.ask("slow").status == 200, "its time has come")

    def test_a_client_has_so_many_under_way(self):
        with concurrent.futures.ThreadPoolExecutor(1) as threads:
            running = threads.submit(self.ask, "narrow", "select pg_sleep(1)::text as slept")
            wait_until(lambda: self.gateway.get("/metrics/main", Authorization=f"Bearer {KEYS['root']}").json["used_connections"] == 1, "it runs")
            refused = self.ask("narrow")
            self.assert_problem(refused, 429, "rate_limited", outcome="not_started")
            self.assertEqual(refused.headers["ratelimit-policy"], '"concurrent";q=1;qu="concurrent-requests"')
            self.assertEqual(running.result().status, 200)
        self.assertEqual(self.ask("narrow").status, 200)

    def test_guessing_keys_is_slow(self):
        answers = together(40, lambda n: self.gateway.post("/query/main", {"sql": "select 1"}, {"Authorization": f"Bearer guess-{n}"}))
        self.assertEqual({answer.status for answer in answers}, {401, 429}, answers)

    def test_operators_are_not_limited(self):
        headers = {"Authorization": f"Bearer {KEYS['root']}"}
        for _ in range(10):
            self.assertEqual(self.gateway.request("GET", "/admin/queries", headers=headers).status, 200)


class Budget(GatewayTest):
    """Eight databases of one server, five connections."""

    config = {"pools": {"max_connections": 5}}
    names = [f"db{i}" for i in range(8)]

    @classmethod
    def prepare(cls):
        for name in cls.names:
            cls.postgres.create_database(name)

    @classmethod
    def configuration(cls):
        pool = {"max_size": 4, "acquire_timeout_ms": 20_000}
        return {"databases": {name: {**cls.postgres.target(name), "pool": pool} for name in cls.names}, **cls.config}

    def test_everybody_is_served_and_the_server_never_sees_more(self):
        most, over = [0], []
        with concurrent.futures.ThreadPoolExecutor(33) as threads:
            watch = threads.submit(self.watch, most, over)
            calls = [threads.submit(self.gateway.query, "select pg_sleep(0.02)::text as slept", db=name, timeout_ms=25_000)
                     for _ in range(20) for name in self.names]
            answers = [call.result() for call in calls]
            over.append(True)
            watch.result()
        self.assertEqual({answer.status for answer in answers}, {200}, [a for a in answers if a.status != 200][:1])
        self.assertLessEqual(most[0], 5)
        self.assertGreaterEqual(most[0], 3)

    def watch(self, most, over):
        while not over:
            most[0] = max(most[0], int(self.postgres.run("select count(*) from pg_stat_activity where application_name = 'sluice'", "postgres")))
            time.sleep(0.05)
