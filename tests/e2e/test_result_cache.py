"""ETag and If-None-Match, and results that are kept for those who want no new ones (cache_ttl_ms)."""

import concurrent.futures
import json
import threading

from gateway import GatewayTest, wait_until

READER, WRITER, ADMIN = ("key-of-the-reader-0123456789abcdef", "key-of-the-writer-0123456789abcdef",
                         "key-of-the-admin-0123456789abcdef")
LONG = 600_000


class ETags(GatewayTest):
    def ask(self, sql="select 1 as one", tag=None, **options):
        return self.gateway.post("/query/main", {"sql": sql, "read_only": True, **options}, {"If-None-Match": tag} if tag else None)

    def test_the_same_result_has_the_same_tag_and_need_not_be_sent_again(self):
        first, second = self.ask(etag=True), self.ask(etag=True)
        tag = first.headers["etag"]
        self.assertRegex(tag, '^W/"[0-9a-f]{32}"$')
        self.assertEqual(second.headers["etag"], tag)
        for header in (tag, "*", f'"other", {tag}', tag.removeprefix("W/")):
            again = self.ask(tag=header)
            self.assertEqual((again.status, again.text, again.headers["etag"]), (304, "", tag), again)
            self.assertIn("db;dur=", again.headers["server-timing"])
            self.assertNotIn("content-length", again.headers)

    def test_compressed_it_has_another_tag_and_either_is_known(self):
        def ask(tag=None, gzip=True):
            headers = {**({"Accept-Encoding": "gzip"} if gzip else {}), **({"If-None-Match": tag} if tag else {})}
            body = json.dumps({"sql": "select repeat('x', 2000) as a", "read_only": True, "etag": True})
            connection = self.gateway.connection()
            self.addCleanup(connection.close)
            connection.request("POST", "/query/main", body, {"Content-Type": "application/json", **headers})
            response = connection.getresponse()
            response.read()
            self.assertIn("Accept-Encoding", response.headers.get_all("Vary")[-1])
            return response.status, response.headers["ETag"], response.headers["Content-Encoding"]

        _, plain, _ = ask(gzip=False)
        packed = plain[:-1] + '-gzip"'
        self.assertEqual(ask(), (200, packed, "gzip"))
        for known in (plain, packed):
            self.assertEqual(ask(known), (304, packed, None))
            self.assertEqual(ask(known, gzip=False), (304, plain, None))

    def test_another_result_has_another_tag(self):
        tags = {self.ask(etag=True).headers["etag"], self.ask("select 2 as one", etag=True).headers["etag"],
                self.ask("select 1 as two", etag=True).headers["etag"], self.ask(etag=True, format="arrays").headers["etag"],
                self.ask("select 1::int8 as one", etag=True).headers["etag"]}
        self.assertEqual(len(tags), 5)
        changed = self.ask("select 2 as one", tag=self.ask(etag=True).headers["etag"])
        self.assertEqual((changed.status, changed.json["rows"]), (200, [{"one": 2}]))
        self.assertIn("etag", changed.headers)

    def test_nobody_gets_one_unasked_and_errors_have_none(self):
        self.assertNotIn("etag", self.ask().headers)
        wrong = self.ask("select x", tag="*")
        self.assertEqual(wrong.status, 400)
        self.assertNotIn("etag", wrong.headers)

    def test_writes_are_refused(self):
        for body, headers in (({"etag": True}, {}), ({}, {"If-None-Match": "*"}), ({"cache_ttl_ms": 5}, {}),
                              ({"read_only": True, "etag": True}, {"Idempotency-Key": "k"}),
                              ({"read_only": True, "cache_ttl_ms": 5}, {"Idempotency-Key": "k"})):
            answer = self.gateway.post("/query/main", {"sql": "select 1", **body}, headers)
            self.assert_problem(answer, 422, "invalid_request")
            self.assertRegex(answer.json["detail"], "read_only|is for writes")
        for path in ("/transaction/main", "/query", "/query/main/explain"):
            answer = self.gateway.post(path, {"sql": "select 1", "statements": [], "cache_ttl_ms": 5})
            self.assertEqual(answer.status, 422, answer)
            self.assertIn("cache_ttl_ms", answer.text)


class Kept(GatewayTest):
    config = {"security": {"api_keys": [{"name": "reader", "key": READER, "role": "query"},
                                        {"name": "writer", "key": WRITER, "role": "query"},
                                        {"name": "admin", "key": ADMIN, "role": "admin"}]},
              "server": {"workers": 2}}

    @classmethod
    def prepare(cls):
        cls.postgres.run("create table counted(n int); grant all on counted to app", "app")

    def ask(self, sql="select random()::text as r", key=READER, connection=None, **options):
        body = {"sql": sql, "read_only": True, "cache_ttl_ms": LONG, **options}
        return self.gateway.request("POST", "/query/main", body, {"Authorization": f"Bearer {key}"}, connection)

    def drawn(self, *arguments, **options):
        answer = self.ask(*arguments, **options)
        self.assertEqual(answer.status, 200, answer)
        return answer.json["rows"][0]["r"]

    def operate(self, method, path, body=None):
        answer = self.gateway.request(method, path, body, {"Authorization": f"Bearer {ADMIN}"})
        self.assertLess(answer.status, 300, answer)
        return answer

    def figure(self, result):
        text = self.gateway.get("/metrics?format=prometheus", Authorization=f"Bearer {READER}").text
        line = next(line for line in text.splitlines() if line.startswith('sluice_result_cache_requests_total{result="%s"}' % result))
        return int(float(line.split()[-1]))

    def test_it_is_answered_from_memory_and_says_so(self):
        hits = self.figure("hit")
        first, again = self.ask(), self.ask()
        self.assertEqual(first.json["rows"], again.json["rows"])
        self.assertEqual(first.headers["cache-status"], "sluice; fwd=miss")
        self.assertRegex(again.headers["cache-status"], r"^sluice; hit; ttl=\d+$")
        self.assertEqual((again.headers["age"], again.json["cached"]), ("0", True))
        self.assertGreaterEqual(again.json["age_ms"], 0)
        self.assertNotIn("cached", first.json)
        self.assertEqual(self.figure("hit"), hits + 1)

    def test_keys_of_one_role_share_and_roles_do_not(self):
        sql = "select random()::text as r, 'roles'"
        self.assertEqual(self.drawn(sql), self.drawn(sql, key=WRITER))
        self.assertNotEqual(self.drawn(sql), self.drawn(sql, key=ADMIN))

    def test_it_is_over_after_its_time(self):
        sql = "select random()::text as r, 'time'"
        first = self.drawn(sql, cache_ttl_ms=1)
        wait_until(lambda: self.drawn(sql, cache_ttl_ms=1) != first, "a new one is made")

    def test_a_tag_of_a_kept_result(self):
        sql = "select random()::text as r, 'tag'"
        tag = self.ask(sql, etag=True).headers["etag"]
        again = self.gateway.post("/query/main", {"sql": sql, "read_only": True, "cache_ttl_ms": LONG},
                                  {"Authorization": f"Bearer {READER}", "If-None-Match": tag})
        self.assertEqual((again.status, again.text, again.headers["etag"]), (304, "", tag), again)
        self.assertIn("hit", again.headers["cache-status"])

    def test_many_at_once_are_one_statement(self):
        sql = "select random()::text as r, pg_sleep(1)::text"
        before = self.gateway.get("/metrics/main", Authorization=f"Bearer {READER}").json["queries_executed"]
        with concurrent.futures.ThreadPoolExecutor(12) as pool:
            answers = list(pool.map(lambda _: self.ask(sql), range(12)))
        self.assertEqual({answer.status for answer in answers}, {200}, answers)
        self.assertEqual(len({answer.json["rows"][0]["r"] for answer in answers}), 1)
        after = self.gateway.get("/metrics/main", Authorization=f"Bearer {READER}").json["queries_executed"]
        self.assertEqual(after, before + 1)

    def running(self, word):
        calls = self.gateway.get("/admin/queries", Authorization=f"Bearer {ADMIN}").json["queries"]
        return [call for call in calls if word in call["sql"] and call["phase"] == "running"]

    def begin(self, sql):
        """Sends it on a connection of its own, and does not read."""
        connection = self.gateway.connection()
        connection.request("POST", "/query/main", json.dumps({"sql": sql, "read_only": True, "cache_ttl_ms": LONG}),
                           {"Authorization": f"Bearer {READER}", "Content-Type": "application/json"})
        return connection

    def test_who_follows_is_answered_though_the_first_one_leaves(self):
        shared = self.figure("shared")
        sql = "select random()::text as r, 1 as leaves, pg_sleep(3)::text"
        leader = self.begin(sql)
        wait_until(lambda: self.running("leaves"), "it runs", 30)
        results = []
        follower = threading.Thread(target=lambda: results.append(self.ask(sql)))
        follower.start()
        wait_until(lambda: self.figure("shared") == shared + 1, "somebody follows", 30)
        leader.close()
        follower.join(60)
        self.assertEqual(results[0].status, 200, results)
        self.assertEqual(results[0].headers["cache-status"], "sluice; fwd=miss; collapsed")

    def test_when_all_have_left_it_is_cancelled(self):
        shared = self.figure("shared")
        sql = "select 1 as abandoned, pg_sleep(600)"
        leader = self.begin(sql)
        wait_until(lambda: self.running("abandoned"), "it runs", 30)
        follower = self.begin(sql)
        wait_until(lambda: self.figure("shared") == shared + 1, "somebody follows", 30)
        leader.close()
        follower.close()
        wait_until(lambda: not self.running("abandoned"), "it is cancelled", 30)

    def test_it_is_forgotten_when_the_database_changes(self):
        sql = "select random()::text as r, 'changes'"
        for method, path, body in (("PATCH", "/databases/main", {"labels": {"a": "b"}}),
                                   ("POST", "/admin/databases/main/reconnect", {})):
            first = self.drawn(sql)
            self.assertEqual(self.drawn(sql), first)
            self.operate(method, path, body)
            self.assertNotEqual(self.drawn(sql), first, path)

    def test_errors_are_not_kept(self):
        sql = "select 1 / (select count(*)::int from counted) as one"
        self.assertEqual(self.ask(sql).status, 400)
        self.operate("POST", "/query/main", {"sql": "insert into counted values (1)"})
        self.assertEqual(self.ask(sql).status, 200)
