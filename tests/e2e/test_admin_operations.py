"""/admin: operators' actions on databases, live queries, and the events that tell of both."""

import threading
import time
import unittest

from gateway import Gateway, GatewayTest, wait_until
from private_postgres import free_port

KEYS = {name: f"{name}-{name}-0123456789abcdef" for name in ("reader", "alice", "root")}


class AdminTest(GatewayTest):
    pool = {"max_size": 2, "acquire_timeout_ms": 2000}

    @classmethod
    def configuration(cls):
        roles = {"reader": "query", "alice": "operator", "root": "admin"}
        keys = [{"name": name, "key": KEYS[name], "role": role} for name, role in roles.items()]
        dead = cls.postgres.target(port=free_port())
        return {**super().configuration(), "security": {"api_keys": keys},
                "databases": {"main": {**cls.postgres.target(), "pool": cls.pool}, "dead": dead}}

    def ask(self, method, path, body=None, who="alice"):
        return self.gateway.request(method, path, body, {"Authorization": f"Bearer {KEYS[who]}"})

    def run_sql(self, sql, db="main", who="reader"):
        return self.ask("POST", f"/query/{db}", {"sql": sql}, who)

    def act(self, verb, db="main", body=None):
        return self.ask("POST", f"/admin/databases/{db}/{verb}", body)

    def in_background(self, sql, db="main"):
        """The answer to come, in a list."""
        answers = []
        thread = threading.Thread(target=lambda: answers.append(self.run_sql(sql, db)))
        thread.start()
        self.addCleanup(thread.join)
        return answers

    def queries(self, **expected):
        found = self.ask("GET", "/admin/queries").json
        self.assertEqual(found["count"], len(found["queries"]))
        return [query for query in found["queries"]
                if all(query[name] == value for name, value in expected.items())]

    def events(self, **query):
        path = "/admin/events?" + "&".join(f"{name}={value}" for name, value in query.items())
        return self.ask("GET", path).json["events"]

    def last_operator_event(self):
        return self.events(kind="operator")[-1]


class Verbs(AdminTest):
    def tearDown(self):
        self.act("resume")

    def test_a_paused_database_queues_and_a_resumed_one_serves(self):
        paused = self.act("pause", body={"reason": "index build"})
        self.assertEqual((paused.status, paused.json["state"]), (200, "paused"), paused)
        self.assertIn("2000 ms", paused.json["message"])
        self.assert_problem(self.run_sql("select 1"), 503, "paused")
        answers = self.in_background("select 1")
        wait_until(lambda: self.queries(phase="queued"), "it waits")
        resumed = self.act("resume")
        self.assertEqual((resumed.status, resumed.json["state"]), (200, "active"), resumed)
        self.assertEqual(wait_until(lambda: answers, "it is served")[0].status, 200)
        messages = [(event["actor"], event["db_id"], event["message"])
                    for event in self.events(kind="operator")[-2:]]
        self.assertEqual(messages, [("alice", "main", "paused (index build)"), ("alice", "main", "resumed")])

    def test_a_drained_database_finishes_and_refuses_until_resumed(self):
        running = self.in_background("select pg_sleep(0.7)")
        wait_until(lambda: self.queries(phase="running"), "it runs")
        drained = self.act("drain")
        self.assertEqual((drained.status, drained.json["state"]), (200, "draining"), drained)
        self.assertIn("1 connection is still in use", drained.json["message"])
        problem = self.assert_problem(self.run_sql("select 1"), 503, "draining", retryable=True)
        self.assertIn("resumed", problem["detail"])
        self.assertEqual(wait_until(lambda: running, "it ends")[0].status, 200)
        wait_until(lambda: self.postgres.run("select count(*) from pg_stat_activity where usename = 'app'")
                   == "0", "every connection is closed")
        self.assertEqual(self.ask("GET", "/databases/main").json["state"], "draining")
        self.act("resume")
        self.assertEqual(self.run_sql("select 1").status, 200)

    def test_reconnect_replaces_the_connections(self):
        pid = "select pg_backend_pid()"
        before = self.run_sql(pid).json["rows"]
        self.assertEqual(self.run_sql(pid).json["rows"], before)
        self.assertEqual(self.act("reconnect").json["state"], "active")
        self.assertNotEqual(self.run_sql(pid).json["rows"], before)

    def test_a_probe_tells_what_it_found(self):
        good = self.act("probe")
        self.assertEqual((good.status, good.json["ok"]), (200, True), good)
        self.assertGreater(good.json["latency_ms"], 0)
        bad = self.act("probe", "dead")
        self.assertEqual((bad.status, bad.json["ok"]), (200, False), bad)
        self.assertEqual(bad.json["error"]["code"], "database_unavailable")
        self.act("drain")
        self.assertTrue(self.act("probe").json["ok"])

    def test_who_may_do_what(self):
        for verb in ("pause", "resume", "reconnect", "drain", "probe"):
            path = f"/admin/databases/main/{verb}"
            self.assert_problem(self.ask("POST", path, who="reader"), 403, "forbidden")
            self.assert_problem(self.act(verb, "nothing"), 404, "unknown_database")
            self.assert_problem(self.act(verb, body={"why": "x"}), 422, "invalid_request")
            self.assert_problem(self.act(verb, body={"reason": "x" * 201}), 422, "invalid_request")
        for path in ("/admin/queries", "/admin/events"):
            self.assert_problem(self.ask("GET", path, who="reader"), 403, "forbidden")

    def test_a_breaker_override_is_an_event(self):
        body = {"state": "forced_open", "for_ms": 60000, "reason": "fail-over"}
        self.assertEqual(self.act("breaker", body=body).status, 200)
        self.assertEqual(self.last_operator_event()["message"],
                         "set the breaker to forced_open for 60000 ms (fail-over)")
        self.assertIn("fail-over", self.events(kind="breaker", db_id="main")[-1]["message"])
        self.act("breaker", body={"state": "auto"})


class Queries(AdminTest):
    def test_a_running_query_is_listed_and_can_be_cancelled(self):
        answers = self.in_background("select pg_sleep(20), 'a secret' /* and another */")
        query = wait_until(lambda: self.queries(phase="running"), "it runs")[0]
        self.assertEqual((query["db_id"], query["actor"]), ("main", "reader"))
        self.assertEqual(query["sql"], "select pg_sleep(?), ?")
        self.assertRegex(query["client"], r"^127\.0\.0\.1")
        self.assertFalse(query["read_only"])
        self.assertEqual(self.queries(db_id="other"), [])
        cancelled = self.ask("DELETE", f"/admin/queries/{query['id']}")
        self.assertEqual((cancelled.status, cancelled.json["id"], cancelled.json["cancelled"]),
                         (200, query["id"], True), cancelled)
        problem = self.assert_problem(wait_until(lambda: answers, "it is told")[0], 503, "cancelled")
        self.assertEqual(problem["detail"], "cancelled by an operator: alice")
        self.assertEqual(problem["request_id"], query["request_id"])
        self.assert_problem(self.ask("DELETE", f"/admin/queries/{query['id']}"), 404, "not_found")
        event = self.last_operator_event()
        self.assertEqual(event["message"], f"cancelled {query['id']}: select pg_sleep(?), ?")
        wait_until(lambda: self.postgres.run("select count(*) from pg_stat_activity where usename = 'app' and "
                                             "state = 'active'") == "0", "the server has stopped it")

    def test_queued_queries_come_after_older_ones(self):
        running = [self.in_background("select pg_sleep(0.6)") for _ in range(2)]
        wait_until(lambda: len(self.queries(phase="running")) == 2, "they run")
        queued = self.in_background("select 2")
        wait_until(lambda: self.queries(phase="queued"), "it waits")
        listed = self.queries(db_id="main")
        self.assertEqual([query["phase"] for query in listed], ["running", "running", "queued"])
        self.assertGreaterEqual(listed[2]["elapsed_ms"], listed[2]["queued_ms"])
        wait_until(lambda: all(running) and queued, "all end")
        self.assertEqual(self.queries(), [])

    def test_legs_of_a_fan_out_are_listed_with_their_caller(self):
        body = {"sql": "select pg_sleep(0.5)", "db_ids": ["main"]}
        thread = threading.Thread(target=self.ask, args=("POST", "/query", body, "root"))
        thread.start()
        self.addCleanup(thread.join)
        leg = wait_until(lambda: self.queries(phase="running"), "it runs")[0]
        self.assertEqual((leg["actor"], leg["read_only"]), ("root", True))


class Statements(AdminTest):
    def statements(self, **query):
        path = "/admin/statements?" + "&".join(f"{name}={value}" for name, value in query.items())
        found = self.ask("GET", path).json
        self.assertEqual(found["count"], len(found["statements"]))
        return found["statements"]

    def test_what_was_run_is_counted_without_its_literals(self):
        for number in range(4):
            self.run_sql(f"select {number} as a, 'a secret' as b from generate_series(1, 3)")
        self.run_sql("select nothing")
        self.run_sql("select 1", "dead")
        self.run_sql("select pg_sleep(0.05)")
        by_sql = {(one["db_id"], one["sql"]): one for one in self.statements()}
        self.assertNotIn(("dead", "select ?"), by_sql)
        series = by_sql[("main", "select ? as a, ? as b from generate_series(?, ?)")]
        self.assertEqual((series["calls"], series["errors"], series["rows"]), (4, 0, 12))
        self.assertGreaterEqual(series["max_ms"], series["mean_ms"])
        self.assertGreaterEqual(series["total_ms"], series["max_ms"])
        self.assertRegex(series["last_used"], r"^20\d\d-\d\d-\d\dT")
        self.assertEqual(by_sql[("main", "select nothing")]["errors"], 1)
        for order in ("total_ms", "mean_ms", "calls", "errors"):
            figures = [one[order] for one in self.statements(order=order)]
            self.assertEqual(figures, sorted(figures, reverse=True), order)
        self.assertEqual(self.statements(order="errors", limit=1)[0]["sql"], "select nothing")
        self.assertEqual(self.statements(db_id="dead"), [])

    def test_legs_of_a_fan_out_count(self):
        self.ask("POST", "/query", {"sql": "select 77 as leg", "all": True}, "root")
        found = [one for one in self.statements(db_id="main") if one["sql"] == "select ? as leg"]
        self.assertEqual([one["calls"] for one in found], [1])

    def test_mistakes(self):
        for wrong in ("order=x", "limit=0", "limit=1001", "limit=x"):
            self.assert_problem(self.ask("GET", f"/admin/statements?{wrong}"), 422, "invalid_request")
        self.assert_problem(self.ask("GET", "/admin/statements", who="reader"), 403, "forbidden")


class Events(AdminTest):
    def test_they_tell_of_the_start_and_of_databases(self):
        started = self.events(kind="server")[0]
        self.assertRegex(started["message"], r"^the server started, version \d")
        self.assertIsNone(started["actor"])
        self.assertIsNone(started["db_id"])
        self.assertLessEqual({"main", "dead"}, {event["db_id"] for event in self.events(kind="database")})

    def test_connects_and_disconnects_name_who_did_it(self):
        body = {**self.postgres.target(), "db_id": "third"}
        self.assertEqual(self.ask("POST", "/databases/connect", body, "root").status, 201)
        event = self.last_operator_event()
        self.assertEqual((event["actor"], event["db_id"]), ("root", "third"))
        self.assertTrue(event["message"].startswith("connected app@127.0.0.1:"), event)
        self.ask("PATCH", "/databases/third", {"pool": {"max_size": 3}}, "root")
        self.assertEqual(self.last_operator_event()["message"], "changed pool.max_size")
        self.ask("DELETE", "/databases/third", who="root")
        self.assertEqual(self.last_operator_event()["message"], "disconnected it")
        kinds = [event["kind"] for event in self.events(db_id="third")]
        self.assertEqual(sorted(set(kinds)), ["database", "operator"])

    def test_breaker_transitions_come_with_their_evidence(self):
        event = wait_until(lambda: self.run_sql("select 1", "dead")
                           and self.events(kind="breaker", db_id="dead"), "it opens")[0]
        self.assertRegex(event["message"], r"^closed → open: .*\d")

    def test_pages_and_mistakes(self):
        first = self.ask("GET", "/admin/events?since=1&limit=2").json
        self.assertEqual([event["seq"] for event in first["events"]], [1, 2])
        second = self.ask("GET", f"/admin/events?since={first['next_seq']}&limit=1").json
        self.assertEqual(second["events"][0]["seq"], 3)
        for wrong in ("since=x", "since=-1", "limit=0", "limit=1001", "kind=breakers"):
            self.assert_problem(self.ask("GET", f"/admin/events?{wrong}"), 422, "invalid_request")

    def test_operators_actions_are_in_the_log(self):
        self.act("reconnect", body={"reason": "audited"})
        wait_until(lambda: '"actor":"alice","action":"reconnected: every connection is replaced (audited)"'
                   in self.gateway.log(), "it is logged")


if __name__ == "__main__":
    unittest.main()
