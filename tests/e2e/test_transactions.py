"""Several statements as one: POST /transaction/<db_id>."""

import threading

from gateway import GatewayTest, wait_until


class Transactions(GatewayTest):
    @classmethod
    def prepare(cls):
        cls.postgres.create_database("bank")
        cls.postgres.run("""
            create table accounts(name text primary key, balance int not null check (balance >= 0));
            create table moves(id serial primary key, what text, account text
                               references accounts deferrable initially deferred);
            grant all on accounts, moves, moves_id_seq to app; grant create on schema public to app""", "bank")

    @classmethod
    def configuration(cls):
        return {"databases": {"bank": {**cls.postgres.target("bank"), "pool": {"max_size": 2}}}}

    def setUp(self):
        self.postgres.run("truncate accounts, moves; insert into accounts values ('a', 100), ('b', 0)", "bank")

    def transact(self, *statements, **options):
        listed = [{"sql": one} if isinstance(one, str) else {"sql": one[0], "params": list(one[1:])}
                  for one in statements]
        return self.gateway.post("/transaction/bank", {"statements": listed, **options})

    def balances(self):
        answer = self.gateway.post("/query/bank", {"sql": "select name, balance from accounts order by 1",
                                                   "format": "arrays"})
        return dict(answer.json["rows"])

    def test_all_of_it_happens_and_every_result_is_given(self):
        answer = self.transact(("update accounts set balance = balance - $1 where name = $2", 30, "a"),
                               ("update accounts set balance = balance + $1 where name = $2 returning balance",
                                30, "b"),
                               "select sum(balance) as sum from accounts")
        self.assertEqual(answer.status, 200, answer)
        first, second, third = answer.json["results"]
        self.assertEqual((first["command"], first["affected"], first["rows"]), ("UPDATE", 1, []))
        self.assertEqual(second["rows"], [{"balance": 30}])
        self.assertEqual((third["rows"], third["columns"][0]["name"]), ([{"sum": 100}], "sum"))
        self.assertEqual((answer.json["db_id"], answer.json["committed"]), ("bank", True))
        self.assertGreater(answer.json["elapsed_ms"], 0)
        self.assertIn("db;dur=", answer.headers["server-timing"])
        self.assertEqual(self.balances(), {"a": 70, "b": 30})

    def test_a_statement_may_use_what_an_earlier_one_made(self):
        answer = self.transact("create table drafts(n int)", ("insert into drafts values ($1), ($2)", 1, 2),
                               "select n from drafts order by n", "drop table drafts", format="arrays")
        self.assertEqual(answer.status, 200, answer)
        self.assertEqual(answer.json["results"][2]["rows"], [[1], [2]])

    def test_one_mistake_undoes_everything_and_is_named(self):
        answer = self.transact(("update accounts set balance = balance + $1 where name = 'b'", 30),
                               ("update accounts set balance = balance - $1 where name = 'a'", 101))
        self.assertEqual((answer.status, answer.json["code"]), (409, "sql_error"), answer)
        self.assertEqual((answer.json["failing_index"], answer.json["outcome"]), (1, "rolled_back"))
        self.assertEqual(answer.json["constraint"], "accounts_balance_check")
        self.assertEqual(self.balances(), {"a": 100, "b": 0})
        answer = self.transact("selec 1", "select 1")
        self.assertEqual((answer.status, answer.json["failing_index"]), (400, 0))

    def test_what_fails_at_the_commit_has_no_index(self):
        answer = self.transact("insert into moves(what, account) values ('x', 'nobody')", "select 1")
        self.assertEqual((answer.status, answer.json["sqlstate"], answer.json["outcome"]),
                         (409, "23503", "rolled_back"), answer)
        self.assertNotIn("failing_index", answer.json)

    def test_a_dry_run_changes_nothing_and_checks_even_what_is_deferred(self):
        answer = self.transact("update accounts set balance = 1 returning name, balance", dry_run=True)
        self.assertEqual((answer.status, answer.json["committed"]), (200, False), answer)
        self.assertEqual(len(answer.json["results"][0]["rows"]), 2)
        self.assertEqual(self.balances(), {"a": 100, "b": 0})
        answer = self.transact("insert into moves(what, account) values ('x', 'nobody')", dry_run=True)
        self.assertEqual((answer.status, answer.json["sqlstate"]), (409, "23503"), answer)

    def test_isolation_and_read_only_are_the_servers(self):
        ask = "select current_setting('transaction_isolation') as i, current_setting('transaction_read_only') as r, " \
              "current_setting('transaction_deferrable') as d"
        answer = self.transact(ask, isolation="serializable", read_only=True, deferrable=True)
        self.assertEqual(answer.json["results"][0]["rows"], [{"i": "serializable", "r": "on", "d": "on"}])
        answer = self.transact(ask)
        self.assertEqual(answer.json["results"][0]["rows"], [{"i": "read committed", "r": "off", "d": "off"}])
        answer = self.transact("set local transaction_read_only = off", "delete from accounts", read_only=True)
        self.assertIn(answer.status, (400, 403, 422), answer)
        self.assertEqual(self.balances(), {"a": 100, "b": 0})

    def test_mistakes_in_the_request_are_told_together_and_nothing_runs(self):
        answer = self.gateway.post("/transaction/bank", {
            "statements": [{"sql": "delete from accounts"}, {"sq": "select 1"}, 7], "isolation": "chaos",
            "deferrable": True})
        self.assertEqual(answer.status, 422, answer)
        fields = {mistake["field"] for mistake in answer.json["errors"]}
        self.assertEqual(fields, {"statements[1].sql", "statements[1].sq", "statements[2]", "isolation", "deferrable"})
        self.assertEqual(self.gateway.post("/transaction/bank", {"statements": []}).status, 422)
        self.assertEqual(self.gateway.post("/transaction/bank", {}).status, 422)
        self.assertEqual(self.gateway.post("/transaction/nowhere", {"statements": [{"sql": "select 1"}]}).status, 404)
        self.assertEqual(self.balances(), {"a": 100, "b": 0})

    def test_transaction_control_inside_is_refused_and_undoes_it(self):
        answer = self.transact("delete from accounts", "commit")
        self.assertEqual((answer.status, answer.json["failing_index"]), (422, 1), answer)
        self.assertEqual(self.balances(), {"a": 100, "b": 0})

    def test_a_transaction_that_takes_too_long_is_undone(self):
        answer = self.transact("delete from accounts", "select pg_sleep(30)", timeout_ms=300)
        self.assertEqual((answer.status, answer.json["code"], answer.json["failing_index"]),
                         (504, "query_timeout", 1), answer)
        self.assertEqual(answer.json["outcome"], "rolled_back")
        self.assertEqual(self.balances(), {"a": 100, "b": 0})

    def test_an_operator_sees_it_and_cancels_it(self):
        answers = []
        thread = threading.Thread(target=lambda: answers.append(
            self.transact("delete from accounts", "select pg_sleep(30)")))
        thread.start()
        running = wait_until(lambda: [call for call in self.gateway.get("/admin/queries").json["queries"]
                                      if "pg_sleep" in call["sql"]], "it runs")
        self.gateway.request("DELETE", "/admin/queries/" + running[0]["id"])
        thread.join(30)
        self.assertEqual((answers[0].status, answers[0].json["code"]), (503, "cancelled"), answers)
        self.assertEqual(self.balances(), {"a": 100, "b": 0})

    def test_the_results_together_are_bounded(self):
        big = "select repeat('x', 1000000) from generate_series(1, 20)"
        self.assertEqual(self.transact(big).status, 200)
        answer = self.transact("delete from accounts", big, big)
        self.assertEqual((answer.status, answer.json["code"], answer.json["failing_index"]),
                         (422, "result_too_large", 2), str(answer)[:500])
        self.assertEqual(self.balances(), {"a": 100, "b": 0})
