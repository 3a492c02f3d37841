"""/admin/config and /admin/reload, SIGHUP, what the log's switches do, and the support bundle."""

import json
import signal
import unittest

from gateway import GatewayTest, wait_until

KEYS = {name: f"{name}-{name}-0123456789abcdef" for name in ("alice", "root")}
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
TRACEPARENT = f"00-{TRACE}-00f067aa0ba902b7-01"


class ConfigTest(GatewayTest):
    @classmethod
    def configuration(cls):
        roles = {"alice": "operator", "root": "admin"}
        keys = [{"name": name, "key": KEYS[name], "role": role} for name, role in roles.items()]
        return {**super().configuration(), "security": {"api_keys": keys},
                "log": {"level": "info", "format": "json", "slow_query_ms": 0}}

    def setUp(self):
        self.reload()

    def write(self, **sections):
        with open(self.gateway.config_file, "w", encoding="utf-8") as file:
            json.dump({**self.configuration(), **sections}, file, indent=1)

    def ask(self, method, path, body=None, who="root", **headers):
        return self.gateway.request(method, path, body, {"Authorization": f"Bearer {KEYS[who]}", **headers})

    def reload(self, **sections):
        self.write(**sections)
        return self.ask("POST", "/admin/reload")

    def settings(self):
        return {one["name"]: one for one in self.ask("GET", "/admin/config", who="alice").json["settings"]}

    def run_sql(self, sql, db="main", **headers):
        return self.ask("POST", f"/query/{db}", {"sql": sql}, **headers)

    def logged(self, text):
        return wait_until(lambda: [line for line in self.gateway.log().splitlines() if text in line],
                          f"{text} is logged")


class Reloads(ConfigTest):
    def last_event(self):
        return self.ask("GET", "/admin/events?kind=config").json["events"][-1]

    def test_the_settings_and_where_they_come_from(self):
        self.reload(pool={"max_size": 7})
        settings = self.settings()
        size, workers = settings["pool.max_size"], settings["server.workers"]
        self.assertEqual((size["value"], size["origin"], size["reloadable"]), ("7", "file", True))
        self.assertRegex(size["where"], r"sluice\.yaml:\d+:\d+$")
        self.assertEqual((workers["origin"], workers["where"], workers["reloadable"]), ("default", None, False))
        self.assertEqual(settings["server.listen"]["origin"], "command_line")
        self.assertEqual(settings["databases.main.password"]["value"], "set")
        self.assertEqual(settings["security.api_keys"]["value"], "alice (operator), root (admin)")
        text = self.ask("GET", "/admin/config").text
        for secret in (self.postgres.password, *KEYS.values()):
            self.assertNotIn(secret, text)

    def test_a_reload_tells_what_it_changed(self):
        before = self.run_sql("select pg_backend_pid()").json["rows"]
        self.write(pool={"max_size": 9}, server={"workers": 1})
        dry = self.ask("POST", "/admin/reload?dry_run=true")
        self.assertEqual((dry.status, dry.json["applied"]), (200, False), dry)
        self.assertEqual({one["name"]: (one["reloadable"], one["applied"]) for one in dry.json["changes"]},
                         {"pool.max_size": (True, False), "server.workers": (False, False)})
        self.assertEqual(self.settings()["pool.max_size"]["value"], "10")
        real = self.ask("POST", "/admin/reload")
        self.assertEqual((real.status, real.json["applied"]), (200, True), real)
        change = next(one for one in real.json["changes"] if one["name"] == "pool.max_size")
        self.assertEqual((change["from"], change["to"], change["applied"]), ("10", "9", True))
        self.assertEqual(self.settings()["pool.max_size"]["value"], "9")
        self.assertEqual(self.settings()["server.workers"]["value"], "0")
        self.assertEqual(self.ask("GET", "/metrics/main").json["max_size"], 9)
        self.assertEqual(self.run_sql("select pg_backend_pid()").json["rows"], before, "the pool was closed")
        last = self.ask("GET", "/admin/config").json["last_reload"]
        self.assertEqual((last["actor"], last["applied"], last["changes"], last["errors"]), ("root", True, 2, []))
        self.assertEqual((self.last_event()["actor"], self.last_event()["message"]),
                         ("root", "the configuration was reloaded: 2 changes, 1 of them after a restart"))
        self.logged('"setting":"pool.max_size","from":"10","to":"9"')

    def test_a_bad_file_changes_nothing_and_every_mistake_is_told(self):
        answer = self.reload(pool={"max_size": 0, "max_sise": 1}, log={"level": "loud"})
        problem = self.assert_problem(answer, 422, "invalid_request")
        self.assertEqual(len(problem["errors"]), 3, problem)
        self.assertIn("nothing has changed", problem["detail"])
        self.assertEqual(self.settings()["pool.max_size"]["value"], "10")
        last = self.ask("GET", "/admin/config").json["last_reload"]
        self.assertEqual((last["applied"], len(last["errors"])), (False, 3))
        self.assertTrue(self.last_event()["message"].startswith("the configuration was not reloaded: "))

    def test_sighup_does_the_same(self):
        self.write(query={"timeout_ms": 12345})
        self.gateway.process.send_signal(signal.SIGHUP)
        wait_until(lambda: self.settings()["query.timeout_ms"]["value"] == "12345", "it is taken over")
        self.assertEqual(self.ask("GET", "/admin/config").json["last_reload"]["actor"], "SIGHUP")

    def test_databases_come_go_and_move(self):
        databases = self.configuration()["databases"]
        name = {"sql": "select current_database() as name", "format": "scalar"}
        self.reload(databases={**databases, "second": self.postgres.target()})
        self.assertEqual(self.ask("POST", "/query/second", name).json["value"], "app")
        answer = self.reload(databases={**databases, "second": self.postgres.target(database="postgres")})
        self.assertEqual((answer.status, answer.json["applied"]), (200, True), answer)
        self.assertEqual(self.ask("POST", "/query/second", name).json["value"], "postgres")
        self.reload()
        self.assert_problem(self.run_sql("select 1", "second"), 404, "unknown_database")

    def test_a_name_that_was_taken_through_the_api_is_a_mistake(self):
        self.ask("POST", "/databases/connect", {**self.postgres.target(), "db_id": "taken"})
        self.addCleanup(self.ask, "DELETE", "/databases/taken")
        databases = {**self.configuration()["databases"], "taken": self.postgres.target(database="postgres")}
        answer = self.reload(databases=databases, pool={"max_size": 3})
        self.assertIn("databases.taken", self.assert_problem(answer, 422, "invalid_request")["detail"])
        self.assertEqual(self.settings()["pool.max_size"]["value"], "10")

    def test_only_admins_reload(self):
        self.assert_problem(self.ask("POST", "/admin/reload", who="alice"), 403, "forbidden")
        self.assert_problem(self.ask("POST", "/admin/reload?dry_run=maybe"), 422, "invalid_request")


class Logs(ConfigTest):
    def reload_log(self, **settings):
        answer = self.reload(log={**self.configuration()["log"], **settings})
        self.assertEqual(answer.status, 200, answer)

    def test_slow_queries_are_logged_without_their_literals(self):
        self.reload_log(slow_query_ms=100, level="warn")
        self.run_sql("select pg_sleep(0.15), 'hunter2' as quick")
        line = json.loads(self.logged('"msg":"slow query"')[0])
        self.assertEqual((line["sql"], line["actor"], line["db_id"]),
                         ("select pg_sleep(?), ? as quick", "root", "main"))
        self.assertGreaterEqual(line["duration_ms"], 150)
        self.assertNotIn("hunter2", self.gateway.log())
        self.reload_log(slow_query_ms=0)
        self.run_sql("select pg_sleep(0.15) as another")
        self.assertNotIn("as another", self.gateway.log())

    def test_pool_events_when_asked(self):
        self.reload_log(pool_events=True)
        self.run_sql("select 1")
        self.logged('"msg":"pool event","db_id":"main","event":"acquired"')

    def test_a_trace_is_in_the_log_and_in_problems(self):
        answer = self.run_sql("select nothing", Traceparent=TRACEPARENT)
        self.assertEqual(answer.json["trace_id"], TRACE)
        line = json.loads(self.logged(f'"trace_id":"{TRACE}"')[0])
        self.assertEqual((line["msg"], line["actor"]), ("request", "root"))
        self.assertNotIn("trace_id", self.run_sql("select nothing", Traceparent=TRACEPARENT + "0").json)

    def test_a_trace_goes_to_the_server_as_a_comment_when_asked(self):
        shown = "select query from pg_stat_activity where pid = pg_backend_pid()"
        self.assertNotIn("traceparent", self.run_sql(shown, Traceparent=TRACEPARENT).text)
        self.reload_log(trace_comment=True)
        for _ in range(2):
            answer = self.run_sql(shown, Traceparent=TRACEPARENT)
            self.assertEqual(answer.json["rows"][0]["query"], f"{shown}\n/*traceparent='{TRACEPARENT}'*/")
        self.assertEqual(self.run_sql(shown).json["rows"][0]["query"], shown)
        named = self.run_sql(f"select count(*) as n from pg_prepared_statements where statement like '%{TRACE}%'")
        self.assertEqual(named.json["rows"], [{"n": 1}], "only this one, which names it itself")


class SupportBundle(ConfigTest):
    def test_it_has_everything_but_secrets(self):
        self.run_sql("select 'hunter2' as secret")
        answer = self.ask("GET", "/admin/support-bundle", who="alice")
        self.assertEqual(answer.status, 200, answer)
        self.assertRegex(answer.headers["content-disposition"],
                         r'^attachment; filename="sluice-support-\S+\.json"$')
        bundle = answer.json
        self.assertEqual(sorted(bundle), ["config", "created_at", "databases", "events", "log", "process",
                                          "queries", "statements", "version"])
        self.assertEqual(bundle["databases"][0]["db_id"], "main")
        self.assertIn("select ? as secret", [one["sql"] for one in bundle["statements"]])
        self.assertTrue(bundle["events"])
        self.assertTrue(bundle["config"]["settings"])
        self.assertGreater(bundle["process"]["resident_memory_bytes"], 0)
        for secret in (self.postgres.password, "hunter2", *KEYS.values()):
            self.assertNotIn(secret, answer.text)


if __name__ == "__main__":
    unittest.main()
