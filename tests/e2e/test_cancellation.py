"""Whatever ends a call early ends it on the server too: every way to end it, and every kind of call."""

import concurrent.futures
import json
import random
import socket
import time

from gateway import GatewayTest, wait_until

SLEEP = "select pg_sleep(60)"


class Cancellation(GatewayTest):
    @classmethod
    def prepare(cls):
        for name in ("one", "two"):
            cls.postgres.create_database(name)
            cls.postgres.run("create table written(n int); alter table written owner to app", name)

    @classmethod
    def configuration(cls):
        return {"databases": {name: cls.target(name) for name in ("one", "two")}}

    @classmethod
    def target(cls, name):
        return {**cls.postgres.target(name), "pool": {"max_size": 2, "max_waiters": 10000, "acquire_timeout_ms": 60000}}

    def setUp(self):
        for name in ("one", "two"):
            if self.gateway.get("/databases/" + name).status == 404:
                self.gateway.post("/databases/connect", {**self.target(name), "db_id": name})

    def sleeping(self):
        return int(self.postgres.run("select count(*) from pg_stat_activity where wait_event = 'PgSleep'"))

    def assert_nothing_runs(self):
        """Nor is a transaction open, and nothing was written."""
        busy = "select count(*) from pg_stat_activity where application_name = 'sluice' and state <> 'idle'"
        wait_until(lambda: self.postgres.run(busy) == "0", "nothing runs on the server", 30)
        wait_until(lambda: self.gateway.get("/admin/queries").json["count"] == 0, "nothing runs in the gateway", 30)
        for name in ("one", "two"):
            self.assertEqual(self.postgres.run("select count(*) from written", name), "0")

    # ---- kinds of calls: (path, body, statements that sleep at the server) --------------------------------

    def kinds(self, **options):
        writes = [{"sql": "insert into written values (1)"}, {"sql": SLEEP}, {"sql": "insert into written values (2)"}]
        yield "query", "/query/one", {"sql": "insert into written select 1 from (" + SLEEP + ") s", **options}, 1
        yield "read", "/query/one", {"sql": SLEEP, "read_only": True, **options}, 1
        yield "transaction", "/transaction/one", {"statements": writes, **options}, 1
        yield "dry run", "/transaction/one", {"statements": writes, "dry_run": True, **options}, 1
        yield "explain", "/query/one/explain", {"sql": SLEEP, "analyze": True, **options}, 1
        yield "fan-out", "/query", {"sql": SLEEP, "all": True, **options}, 2
        session = self.gateway.post("/databases/one/sessions", {}).json
        path = f"/databases/one/sessions/{session['session_id']}"
        self.session = path, {"Sluice-Session-Secret": session["secret"]}
        self.gateway.post(path + "/query", {"sql": "begin"}, self.session[1])
        self.gateway.post(path + "/query", {"sql": "insert into written values (1)"}, self.session[1])
        yield "session", path + "/query", {"sql": SLEEP, **options}, 1

    def start(self, path, body):
        """A connection whose request is under way."""
        headers = {"Content-Type": "application/json", **(self.session[1] if "/sessions/" in path else {})}
        connection = self.gateway.connection()
        connection.request("POST", path, body=json.dumps(body), headers=headers)
        return connection

    def assert_code(self, connection, code):
        """Of the problem, or of every leg."""
        answer = json.loads(connection.getresponse().read())
        problems = [failure["error"] for failure in answer["failures"]] if "failures" in answer else [answer]
        self.assertEqual({problem["code"] for problem in problems}, {code}, answer)

    def end_session(self):
        self.gateway.request("DELETE", self.session[0], headers=self.session[1])

    def each_kind(self, end, until_it_runs=True, **options):
        for kind, path, body, legs in self.kinds(**options):
            with self.subTest(kind):
                connection = self.start(path, body)
                if until_it_runs:
                    wait_until(lambda: self.sleeping() == legs, "it runs", 30)
                end(connection)
                wait_until(lambda: self.sleeping() == 0, "it was cancelled", 30)
                connection.close()
                if kind == "session":
                    self.end_session()
                self.assert_nothing_runs()

    # ---- ways to end them ---------------------------------------------------------------------------------

    def test_a_client_that_leaves(self):
        self.each_kind(lambda connection: connection.close(), timeout_ms=90000)

    def test_a_client_that_leaves_with_a_reset(self):
        def reset(connection):
            connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            connection.close()
        self.each_kind(reset, timeout_ms=90000)

    def test_the_deadline(self):
        def end(connection):
            self.assert_code(connection, "query_timeout")
        self.each_kind(end, until_it_runs=False, timeout_ms=1500)

    def test_an_operator(self):
        def end(connection):
            for query in self.gateway.get("/admin/queries").json["queries"]:
                self.assertEqual(self.gateway.request("DELETE", "/admin/queries/" + query["id"]).status, 200)
            self.assert_code(connection, "cancelled")
        self.each_kind(end, timeout_ms=90000)

    def test_the_removal_of_the_database(self):
        def end(connection):
            for name in ("one", "two"):
                self.assertEqual(self.gateway.request("DELETE", f"/databases/{name}?force=true").status, 200)
            self.assert_code(connection, "draining")
            self.setUp()
        self.each_kind(end, timeout_ms=90000)

    def test_what_waits_is_dropped(self):
        holders = [self.start("/query/one", {"sql": SLEEP}) for _ in range(2)]
        wait_until(lambda: self.sleeping() == 2, "both connections are taken")
        insert = {"sql": "insert into written values (3)"}
        waiting = [self.start(path, body) for path, body in (
            ("/query/one", insert), ("/transaction/one", {"statements": [insert]}),
            ("/query", {**insert, "db_ids": ["one"], "write": True}), ("/databases/one/sessions", {}))]
        wait_until(lambda: self.gateway.metrics("one")["waiting"] == 4, "they wait")
        waiting.pop().close()
        wait_until(lambda: self.gateway.metrics("one")["waiting"] == 3, "it is forgotten")
        for connection in waiting:
            connection.close()
        wait_until(lambda: self.gateway.metrics("one")["waiting"] == 0, "they are forgotten")
        for connection in holders:
            connection.close()
        self.assert_nothing_runs()

    def test_storms_of_clients_that_leave_hit_nobody_else(self):
        """Thousands of cancels, each at about the end of its statement; the others run undisturbed."""
        until = time.monotonic() + 10
        left = [0]

        def leave(seed):
            chance = random.Random(seed)
            while time.monotonic() < until:
                connection = self.start("/query/one", {"sql": "select pg_sleep(0.002)"})
                time.sleep(chance.uniform(0, 0.006))
                connection.close()
                left[0] += 1

        def stay(_):
            answers = []
            connection = self.gateway.connection(timeout=300)
            while time.monotonic() < until:
                answer = self.gateway.request("POST", "/query/one", {"sql": "select pg_sleep(0.001)"}, connection=connection)
                if answer.status != 200:
                    answers.append(answer)
            connection.close()
            return answers

        with concurrent.futures.ThreadPoolExecutor(8) as threads:
            leaving = [threads.submit(leave, seed) for seed in range(5)]
            staying = [threads.submit(stay, None) for _ in range(3)]
            for future in leaving:
                future.result()
            wrong = [answer for future in staying for answer in future.result()]
        # A slow machine may refuse some of them before they begin; none may be hit.
        self.assertEqual([answer for answer in wrong if answer.json["outcome"] != "not_started"], [])
        self.assertGreater(left[0], 100)
        self.assert_nothing_runs()
