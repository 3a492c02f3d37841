"""Requests that are sent again under one Idempotency-Key happen once."""

import concurrent.futures
import threading

from gateway import GatewayTest, wait_until

READER, WRITER = "key-of-the-reader-0123456789abcdef", "key-of-the-writer-0123456789abcdef"


class Once(GatewayTest):
    @classmethod
    def prepare(cls):
        for name in ("main", "other"):
            cls.postgres.create_database(name)
            cls.postgres.run("create table did(what text unique); grant all on did to app", name)

    @classmethod
    def configuration(cls):
        return {"databases": {"main": cls.postgres.target("main"), "other": cls.postgres.target("other")}}

    def do(self, key, what, sql="insert into did values ($1) returning what", db="main", **options):
        return self.gateway.post(f"/query/{db}", {"sql": sql, "params": [what], **options}, {"Idempotency-Key": key})

    def count(self, what, db="main"):
        return self.gateway.scalar("select count(*)::int from did where what like $1", [what], db=db)

    def test_a_repeat_gets_the_first_answer_and_does_nothing(self):
        first, again = self.do("a", "a"), self.do("a", "a")
        self.assertEqual((first.status, again.status), (200, 200), (first, again))
        self.assertEqual((first.json, first.headers.get("idempotency-replayed")), (again.json, None))
        self.assertEqual(again.headers["idempotency-replayed"], "true")
        self.assertNotEqual(first.headers["x-request-id"], again.headers["x-request-id"])
        self.assertEqual(self.count("a"), 1)

    def test_a_key_is_for_one_body_and_one_database(self):
        self.assertEqual(self.do("b", "b").status, 200)
        other = self.do("b", "b2")
        self.assertEqual((other.status, other.json["code"]), (422, "idempotency_key_reused"))
        self.assertEqual(self.do("b", "b2", db="other").status, 200)
        self.assertEqual((self.count("b%"), self.count("b%", "other")), (1, 1))

    def test_many_at_once_are_carried_out_once(self):
        sql = "insert into did select $1::text || pg_sleep(0.2)::text returning what"
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: self.do("c", "c", sql), range(8)))
        self.assertEqual({answer.status for answer in answers}, {200}, answers)
        self.assertEqual(len({answer.text for answer in answers}), 1)
        self.assertEqual(self.count("c%"), 1)

    def test_a_definite_failure_is_told_again_and_its_index_too(self):
        statements = {"statements": [{"sql": "insert into did values ('d')"}, {"sql": "select 1/0"}]}
        answers = [self.gateway.post("/transaction/main", statements, {"Idempotency-Key": "d"}) for _ in range(2)]
        self.assertEqual([answer.json["failing_index"] for answer in answers], [1, 1], answers)
        self.assertEqual([answer.headers.get("idempotency-replayed") for answer in answers], [None, "true"], answers)
        self.assertEqual(self.count("d"), 0)

    def test_what_did_not_begin_may_be_tried_again(self):
        self.gateway.post("/admin/databases/main/breaker", {"state": "forced_open"})
        refused = self.do("e", "e")
        self.gateway.post("/admin/databases/main/breaker", {"state": "auto"})
        self.assertEqual((refused.status, refused.json["outcome"]), (503, "not_started"), refused)
        self.assertEqual(self.do("e", "e").status, 200)
        self.assertEqual(self.count("e"), 1)

    def test_a_lost_answer_is_a_conflict_for_ever(self):
        results = []
        sql = "insert into did select $1::text || pg_sleep(30)::text"
        thread = threading.Thread(target=lambda: results.append(self.do("f", "f", sql)))
        thread.start()
        running = wait_until(lambda: [call for call in self.gateway.get("/admin/queries").json["queries"]
                                      if "pg_sleep" in call["sql"] and call["phase"] == "running"], "it runs")
        self.gateway.request("DELETE", "/admin/queries/" + running[0]["id"])
        thread.join(30)
        self.assertEqual((results[0].status, results[0].json["outcome"]), (503, "unknown"), results)
        again = self.do("f", "f", sql)
        self.assertEqual((again.status, again.json["code"], again.json["outcome"]), (409, "outcome_unknown", "unknown"))
        self.assertEqual(self.count("f%"), 0)

    def test_it_goes_on_when_its_client_leaves_and_answers_the_repeat(self):
        sql = "insert into did select $1::text || pg_sleep(0.7)::text returning what"
        connection = self.gateway.connection()
        connection.timeout = 0.3
        with self.assertRaises(TimeoutError):
            self.gateway.request("POST", "/query/main", {"sql": sql, "params": ["g"]}, {"Idempotency-Key": "g"},
                                 connection)
        connection.close()
        self.assertEqual(self.do("g", "g", sql).status, 200)
        self.assertEqual(self.count("g%"), 1)

    def test_an_id_that_was_given_to_another_database_has_its_own_answers(self):
        self.assertEqual(self.do("i", "i").status, 200)
        try:
            self.move("main", "other")
            moved = self.do("i", "i")
            self.assertEqual((moved.status, moved.headers.get("idempotency-replayed")), (200, None), moved)
            self.assertEqual(self.count("i", "other"), 1)
        finally:
            self.move("main", "main")
        self.assertEqual(self.do("i", "i").headers.get("idempotency-replayed"), "true", "the same database as before")
        self.assertEqual(self.count("i"), 1)

    def move(self, db_id, database):
        self.assertEqual(self.gateway.request("DELETE", f"/databases/{db_id}?force=true").status, 200)
        answer = self.gateway.post("/databases/connect", {**self.postgres.target(database), "db_id": db_id})
        self.assertEqual(answer.status, 201, answer)

    def test_bad_keys_and_fan_outs_are_refused(self):
        answer = self.do("x" * 256, "h")
        self.assertEqual((answer.status, self.count("h")), (422, 0), answer)
        answer = self.gateway.post("/query", {"sql": "select 1", "all": True}, {"Idempotency-Key": "h"})
        self.assertEqual(answer.status, 422, answer)
        self.assertIn("fan-out", answer.json["detail"])


class Owners(GatewayTest):
    @classmethod
    def configuration(cls):
        return {"databases": {"main": cls.postgres.target()},
                "security": {"api_keys": [{"name": "reader", "key": READER, "role": "query"},
                                          {"name": "writer", "key": WRITER, "role": "query"}]}}

    def test_nobody_meets_anothers_answer(self):
        for key in (READER, WRITER):
            answer = self.gateway.post("/query/main", {"sql": "select $1::text as who", "params": [key[:17]]},
                                       {"Idempotency-Key": "same", "Authorization": f"Bearer {key}"})
            self.assertEqual((answer.status, answer.json.get("rows")), (200, [{"who": key[:17]}]), answer)
