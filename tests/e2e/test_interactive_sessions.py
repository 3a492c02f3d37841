"""A client keeps a connection for several statements: /databases/<db_id>/sessions."""

import http.client
import json
import socket
import threading

from gateway import GatewayTest, wait_until

KEYS = {"anna": "secret-anna-0123456789", "ben": "secret-ben-0123456789", "olga": "secret-olga-0123456789"}


def bearer(name):
    return {"Authorization": "Bearer " + KEYS[name]}


class InteractiveSessions(GatewayTest):
    secrets = tuple(KEYS.values())

    @classmethod
    def prepare(cls):
        cls.postgres.create_database("bank")
        cls.postgres.run("create table accounts(name text primary key, balance int); grant all on accounts to app", "bank")

    @classmethod
    def configuration(cls):
        roles = {"anna": "query", "ben": "query", "olga": "operator"}
        return {"databases": {"bank": {**cls.postgres.target("bank"), "pool": {"max_size": 3}, "sessions": {"max_per_database": 2}}},
                "security": {"api_keys": [{"name": name, "key": key, "role": roles[name]} for name, key in KEYS.items()]}}

    def setUp(self):
        self.postgres.run("truncate accounts; insert into accounts values ('a', 100)", "bank")
        self.opened = []

    def tearDown(self):
        for session in self.opened:
            self.gateway.request("DELETE", session["path"], headers=bearer("olga"))
        wait_until(lambda: self.figures()["open"] == 0, "all are closed")

    def figures(self):
        return self.gateway.request("GET", "/metrics/bank", headers=bearer("olga")).json["sessions"]

    def open(self, who="anna", **terms):
        answer = self.gateway.post("/databases/bank/sessions", terms, bearer(who))
        self.assertEqual(answer.status, 201, answer)
        self.assertEqual(answer.headers["cache-control"], "no-store")
        session = {"path": answer.headers["location"], "who": who, **answer.json}
        self.assertEqual(session["path"], "/databases/bank/sessions/" + session["session_id"])
        self.gateway.secrets.append(session["secret"])
        self.opened.append(session)
        return session

    def headers(self, session):
        return {**bearer(session["who"]), "Sluice-Session-Secret": session["secret"]}

    def run_in(self, session, sql, *params, **options):
        return self.gateway.post(session["path"] + "/query", {"sql": sql, "params": list(params), **options},
                                 self.headers(session))

    def close(self, session):
        return self.gateway.request("DELETE", session["path"], headers=self.headers(session))

    def balance(self):
        return self.postgres.run("select balance from accounts where name = 'a'", "bank")

    def backends(self, condition):
        return int(self.postgres.run("select count(*) from pg_stat_activity where datname = 'bank' and "
                                       "application_name = 'sluice' and " + condition))

    def test_a_transaction_over_several_requests(self):
        session = self.open()
        self.assertEqual(self.run_in(session, "begin").json["command"], "BEGIN")
        self.assertEqual(self.run_in(session, "update accounts set balance = balance - $1", 30).json["affected"], 1)
        self.assertEqual(self.run_in(session, "savepoint here").status, 200)
        self.assertEqual(self.run_in(session, "update accounts set balance = 'x'::int").json["sqlstate"], "22P02")
        self.assertEqual(self.run_in(session, "select 1").json["sqlstate"], "25P02")
        self.assertEqual(self.run_in(session, "rollback to here").status, 200)
        self.assertEqual(self.run_in(session, "select balance from accounts", format="scalar").json["value"], 70)
        self.assertEqual(self.balance(), "100", "not committed yet")
        self.assertEqual(self.run_in(session, "commit").json["command"], "COMMIT")
        self.assertEqual(self.balance(), "70")
        self.assertEqual(self.close(session).json["closed"], True)
        self.assertEqual(self.run_in(session, "select 1").json["code"], "unknown_session")

    def test_what_lives_on_one_connection(self):
        session = self.open()
        for sql in ("set my.word = 'kept'", "create temp table mine as select 1 as a", "prepare two as select 2 as b",
                    "begin", "declare c cursor for select generate_series(1, 3) as n"):
            self.assertEqual(self.run_in(session, sql).status, 200, sql)
        self.assertEqual(self.run_in(session, "fetch 2 from c", format="arrays").json["rows"], [[1], [2]])
        self.assertEqual(self.run_in(session, "commit").status, 200)
        self.assertEqual(self.run_in(session, "select current_setting('my.word')", format="scalar").json["value"], "kept")
        self.assertEqual(self.run_in(session, "execute two", format="scalar").json["value"], 2)
        self.assertEqual(self.run_in(session, "discard all").status, 200)
        for _ in range(2):
            self.assertEqual(self.run_in(session, "select current_setting('my.word', true)", format="scalar").json["value"], "")
        for sql in ("copy accounts to stdout", "listen here"):
            self.assertEqual(self.run_in(session, sql).json["code"], "invalid_request", sql)

    def test_the_next_user_of_the_connection_finds_nothing(self):
        session = self.open()
        pid = self.run_in(session, "select pg_backend_pid()", format="scalar").json["value"]
        self.run_in(session, "set my.word = 'left'")
        self.run_in(session, "begin")
        self.run_in(session, "update accounts set balance = 0")
        self.close(session)
        wait_until(lambda: self.backends(f"pid = {pid} and state = 'idle'") == 1, "it is clean")
        self.assertEqual(self.balance(), "100")
        self.assertEqual(self.backends("state like 'idle in transaction%'"), 0)

    def test_strangers_do_not_learn_that_it_exists(self):
        session = self.open()
        attempts = [("ben", session["secret"], session["path"]), ("anna", "wrong", session["path"]), ("anna", "", session["path"]),
                    ("anna", session["secret"], session["path"][:-1] + "x"), ("anna", session["secret"], session["path"] + "0")]
        seen = set()
        for who, secret, path in attempts:
            headers = {**bearer(who), "Sluice-Session-Secret": secret}
            for answer in (self.gateway.post(path + "/query", {"sql": "select 1"}, headers),
                           self.gateway.request("GET", path, headers=headers),
                           self.gateway.request("DELETE", path, headers=headers)):
                seen.add((answer.status, answer.json["code"], answer.json["detail"]))
        self.assertEqual(len(seen), 1, seen)
        self.assertEqual(next(iter(seen))[:2], (404, "unknown_session"))
        self.assertEqual(self.run_in(session, "select 1").status, 200)

    def test_there_are_only_so_many(self):
        self.open()
        second = self.open("ben")
        answer = self.gateway.post("/databases/bank/sessions", {}, bearer("ben"))
        self.assertEqual((answer.status, answer.json["code"], answer.json["outcome"]), (503, "too_many_sessions", "not_started"))
        self.close(second)
        self.open()

    def test_terms_are_bounded_by_the_settings(self):
        answer = self.gateway.post("/databases/bank/sessions", {"idle_timeout_ms": 30001, "max": 1}, bearer("anna"))
        self.assertEqual(answer.status, 422)
        answer = self.gateway.post("/databases/bank/sessions", {"idle_timeout_ms": 30001}, bearer("anna"))
        self.assertEqual((answer.status, answer.json["errors"][0]["field"]), (422, "idle_timeout_ms"), answer)
        session = self.open(idle_timeout_ms=300, max_duration_ms=60000)
        self.run_in(session, "begin")
        self.run_in(session, "update accounts set balance = 0")
        wait_until(lambda: self.run_in(session, "select 1").status == 404 if self.figures()["open"] == 0 else None, "it is over")
        self.assertEqual(self.balance(), "100")
        events = self.gateway.request("GET", "/admin/events?db_id=bank", headers=bearer("olga")).json["events"]
        self.assertTrue([event for event in events if session["session_id"] in event["message"]
                         and "idle timeout" in event["message"]], events)

    def test_one_statement_at_a_time(self):
        session = self.open()
        answers = []
        thread = threading.Thread(target=lambda: answers.append(self.run_in(session, "select pg_sleep(60)", timeout_ms=90000)))
        thread.start()
        wait_until(lambda: self.backends("wait_event = 'PgSleep'") == 1, "it runs")
        answer = self.run_in(session, "select 1")
        self.assertEqual((answer.status, answer.json["code"]), (409, "session_busy"))
        self.close(session)
        thread.join()
        self.assertEqual(answers[0].json["code"], "cancelled")

    def test_operators_see_and_end_them(self):
        session = self.open()
        self.run_in(session, "begin")
        listed = self.gateway.request("GET", "/databases/bank/sessions", headers=bearer("olga")).json
        self.assertEqual((listed["count"], listed["sessions"][0]["state"], listed["sessions"][0]["key"]),
                         (1, "in_transaction", "anna"), listed)
        self.assertNotIn(session["secret"], str(listed))
        self.assertEqual(self.gateway.request("GET", "/databases/bank/sessions", headers=bearer("anna")).status, 403)
        shown = self.gateway.request("GET", session["path"], headers=self.headers(session))
        self.assertEqual(shown.json["state"], "in_transaction")
        answers = []
        thread = threading.Thread(target=lambda: answers.append(self.run_in(session, "select pg_sleep(60)", timeout_ms=90000)))
        thread.start()
        wait_until(lambda: self.backends("wait_event = 'PgSleep'") == 1, "it runs")
        self.assertEqual(self.gateway.request("DELETE", session["path"], headers=bearer("olga")).status, 200)
        thread.join(30)
        self.assertEqual((answers[0].status, answers[0].json["code"]), (503, "cancelled"), answers)
        wait_until(lambda: self.backends("state <> 'idle'") == 0, "nothing runs")
        events = self.gateway.request("GET", "/admin/events?kind=operator", headers=bearer("olga")).json["events"]
        self.assertTrue([event for event in events if session["session_id"] in event["message"]], events)

    def test_a_client_that_leaves_cancels_its_statement_and_keeps_its_session(self):
        session = self.open()
        self.run_in(session, "begin")
        self.run_in(session, "savepoint here")
        connection = self.gateway.connection()
        connection.request("POST", session["path"] + "/query", body='{"sql": "select pg_sleep(30)"}',
                           headers={**self.headers(session), "Content-Type": "application/json"})
        wait_until(lambda: self.backends("wait_event = 'PgSleep'") == 1, "it runs")
        connection.close()
        wait_until(lambda: self.backends("wait_event = 'PgSleep'") == 0, "it was cancelled")
        answer = wait_until(lambda: (lambda one: one if one.status == 200 else None)(self.run_in(session, "rollback to here")),
                            "the session goes on")
        self.assertEqual(answer.json["command"], "ROLLBACK")
        self.assertEqual(self.run_in(session, "select balance from accounts", format="scalar").json["value"], 100)

    def test_an_operator_cancels_only_the_statement(self):
        session = self.open()
        answers = []
        thread = threading.Thread(target=lambda: answers.append(self.run_in(session, "select pg_sleep(30)")))
        thread.start()
        running = wait_until(lambda: [call for call in self.gateway.request(
            "GET", "/admin/queries", headers=bearer("olga")).json["queries"] if "pg_sleep" in call["sql"]], "it runs")
        self.gateway.request("DELETE", "/admin/queries/" + running[0]["id"], headers=bearer("olga"))
        thread.join(30)
        self.assertEqual(answers[0].json["code"], "cancelled")
        wait_until(lambda: self.run_in(session, "select 1").status == 200, "the session goes on")

    def test_a_statement_that_takes_too_long(self):
        session = self.open()
        self.run_in(session, "begin")
        answer = self.run_in(session, "select pg_sleep(30)", timeout_ms=300)
        self.assertEqual((answer.status, answer.json["code"]), (504, "query_timeout"))
        wait_until(lambda: self.run_in(session, "rollback").status == 200, "the session goes on")

    def test_a_lost_connection_is_told(self):
        session = self.open()
        pid = self.run_in(session, "select pg_backend_pid()", format="scalar").json["value"]
        self.postgres.run(f"select pg_terminate_backend({pid})")
        wait_until(lambda: self.backends(f"pid = {pid}") == 0, "it is gone")
        answer = wait_until(lambda: (lambda one: one if one.status != 200 else None)(self.run_in(session, "select 1")), "told")
        self.assertEqual((answer.status, answer.json["code"]), (503, "database_unavailable"), answer)
        self.assertEqual(self.run_in(session, "select 1").status, 404)

    def stream_in(self, session, sql, accept="application/x-ndjson"):
        """Sends the statement, and reads no more of the answer than its head."""
        connection = self.gateway.connection()
        self.addCleanup(connection.close)
        connection.connect()
        connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        connection.request("POST", session["path"] + "/query", json.dumps({"sql": sql}),
                           {**self.headers(session), "Content-Type": "application/json", "Accept": accept})
        self.streaming = connection
        return connection.getresponse()

    def state(self, session):
        return self.gateway.request("GET", session["path"], headers=self.headers(session)).json["state"]

    def test_results_as_streams(self):
        session = self.open()
        self.run_in(session, "begin")
        self.run_in(session, "create temp table mine as select generate_series(1, 30000) as n")
        lines = self.stream_in(session, "select n from mine order by n").read().splitlines()
        self.assertEqual([json.loads(line)["n"] for line in lines[:-1]], list(range(1, 30001)))
        self.assertEqual(json.loads(lines[-1])["end"]["count"], 30000)
        self.assertEqual(self.stream_in(session, "select 1 as n", "text/csv").read(), b"n\r\n1\r\n")
        self.assertEqual(self.state(session), "in_transaction")
        self.assertEqual(self.stream_in(session, "select 1", "text/html").status, 406)

    def test_an_error_in_the_middle_of_a_stream_fails_the_transaction(self):
        session = self.open()
        self.run_in(session, "begin")
        response = self.stream_in(session, "select repeat('x', 80), 1 / (50000 - n) from generate_series(1, 100000) n")
        with self.assertRaises(http.client.IncompleteRead) as raised:
            response.read()
        problem = json.loads(raised.exception.partial.splitlines()[-1])["error"]
        self.assertEqual((problem["sqlstate"], problem["status"], problem["db_id"]), ("22012", 400, session["path"].split("/")[2]))
        self.assertEqual(problem["request_id"], response.getheader("X-Request-Id"))
        self.assertEqual(self.run_in(session, "select 1").json["sqlstate"], "25P02")
        self.assertEqual(self.run_in(session, "rollback").status, 200)

    def test_a_stream_that_waits_for_its_reader_keeps_the_session_busy(self):
        session = self.open()
        response = self.stream_in(session, "select repeat('x', 100) from generate_series(1, 5000000)")
        wait_until(lambda: self.backends("wait_event = 'ClientWrite'") == 1, "the server waits", 30)
        self.assertEqual(self.run_in(session, "select 1").json["code"], "session_busy")
        self.assertEqual(self.state(session), "running")
        response.close()
        self.streaming.close()
        wait_until(lambda: self.backends("state = 'active'") == 0, "it is cancelled", 30)
        self.assertEqual(wait_until(lambda: self.run_in(session, "select 1", format="scalar").json.get("value"), "it goes on", 30), 1)

    def test_the_end_of_a_session_breaks_its_stream_off(self):
        def by_owner(session):
            self.close(session)

        def by_operator(session):
            self.gateway.request("DELETE", session["path"], headers=bearer("olga"))

        for end in (by_owner, by_operator, None):
            session = self.open(**({} if end else {"max_duration_ms": 3000}))
            response = self.stream_in(session, "select repeat('x', 100) from generate_series(1, 5000000)")
            wait_until(lambda: self.backends("wait_event = 'ClientWrite'") == 1, "the server waits", 30)
            if end:
                end(session)
            wait_until(lambda: self.figures()["open"] == 0, "it is over", 30)
            with self.assertRaises(http.client.IncompleteRead) as raised:
                response.read()
            error = json.loads(raised.exception.partial.splitlines()[-1])["error"]
            self.assertEqual((error["code"], error["status"]), ("cancelled", 503))
            self.assertTrue(error["db_id"] and error["request_id"], error)
            self.assertIn("its session was ended", error["detail"])

    def test_idempotency_keys_are_refused(self):
        session = self.open()
        answer = self.gateway.post(session["path"] + "/query", {"sql": "select 1"},
                                   {**self.headers(session), "Idempotency-Key": "k"})
        self.assertEqual(answer.status, 422)

    def test_prometheus_knows_them(self):
        self.open()
        page = self.gateway.request("GET", "/metrics?format=prometheus", headers=bearer("olga")).text
        self.assertIn('sluice_sessions{database="bank",state="idle"} 1', page)
        self.assertIn('sluice_sessions_ended_total{database="bank",reason="killed"}', page)
