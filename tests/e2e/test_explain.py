"""POST /query/<db_id>/explain: how PostgreSQL would run a statement, or how it did."""

import unittest

from gateway import GatewayTest


class Explain(GatewayTest):
    @classmethod
    def prepare(cls):
        cls.postgres.run("create table things (id integer primary key, name text); grant all on things to app;"
                          " insert into things select n, 'thing ' || n from generate_series(1, 100) n")

    def explain(self, sql, **more):
        return self.gateway.post("/query/main/explain", {"sql": sql, **more})

    def plan(self, sql, **more):
        answer = self.explain(sql, **more)
        self.assertEqual(answer.status, 200, answer)
        return answer.json

    def count(self):
        return self.gateway.scalar("select count(*) from things")

    def test_a_plan_is_json(self):
        explained = self.plan("select * from things where id = $1", params=[7])
        self.assertEqual((explained["db_id"], explained["analyzed"]), ("main", False))
        plan = explained["plan"][0]["Plan"]
        self.assertEqual(plan["Relation Name"], "things")
        self.assertNotIn("Actual Rows", plan)

    def test_analyze_runs_it(self):
        explained = self.plan("select * from things where id <= $1", params=[7], analyze=True, buffers=True, verbose=True)
        plan = explained["plan"][0]["Plan"]
        self.assertIs(explained["analyzed"], True)
        self.assertEqual(plan["Actual Rows"], 7)
        self.assertIn("Shared Hit Blocks", plan)
        self.assertIn("Output", plan)

    def test_a_plan_can_be_text(self):
        plan = self.plan("select count(*) from things", format="text")["plan"]
        self.assertRegex(plan, r"^Aggregate .*\n  ->  Seq Scan on things")

    def test_a_write_is_rolled_back(self):
        before = self.count()
        explained = self.plan("delete from things where id <= 10", analyze=True)
        self.assertEqual(explained["plan"][0]["Plan"]["Operation"], "Delete")
        self.assertEqual(self.count(), before)
        explained = self.plan("with gone as (delete from things returning id) select count(*) from gone", analyze=True)
        self.assertEqual(explained["plan"][0]["Plan"]["Actual Rows"], 1)
        self.assertEqual(self.count(), before)

    def test_without_analyze_nothing_runs(self):
        before = self.count()
        self.plan("delete from things")
        self.plan("delete from things", read_only=True)
        self.assertEqual(self.count(), before)

    def test_the_one_statement_has_no_number(self):
        problem = self.explain("select 1 / 0", analyze=True)
        self.assert_problem(problem, 400, "sql_error", sqlstate="22012", detail="division by zero")

    def test_read_only_holds_for_analyze(self):
        self.assert_problem(self.explain("delete from things", analyze=True, read_only=True), 403, "sql_error")

    def test_the_connection_is_as_before(self):
        self.plan("update things set name = 'x'", analyze=True)
        self.assertEqual(self.explain("select nonsense", analyze=True).status, 400)
        self.assertEqual(self.gateway.scalar("select pg_current_xact_id_if_assigned() is null"), True)

    def test_errors_point_into_the_statement(self):
        for analyze in (False, True):
            problem = self.assert_problem(self.explain("select nonsense", analyze=analyze), 400, "sql_error")
            self.assertEqual((problem["sqlstate"], problem["position"]), ("42703", 8))

    def test_only_one_statement_and_only_what_can_be_explained(self):
        before = self.count()
        for sql in ("select 1; delete from things", "commit", "explain select 1", "analyze delete from things",
                    "copy things from stdin"):
            for analyze in (False, True):
                with self.subTest(sql, analyze=analyze):
                    self.assertIn(self.explain(sql, analyze=analyze).status, (400, 422))
        self.assertEqual(self.count(), before)

    def test_its_time_is_limited(self):
        answer = self.explain("select pg_sleep(20)", analyze=True, timeout_ms=300)
        self.assert_problem(answer, 504, "query_timeout")
        self.assertLess(answer.seconds, 15)

    def test_a_querys_body_may_be_sent_as_it_is(self):
        self.plan("select 1", max_rows=1, numbers="string", bytes="hex", params=[], timeout_ms=1000)

    def test_mistakes(self):
        answer = self.explain("select 1", analyse=True, format="xml", buffers=1)
        errors = self.assert_problem(answer, 422, "invalid_request")["errors"]
        self.assertEqual(sorted(error["field"] for error in errors), ["analyse", "buffers", "format"])
        self.assert_problem(self.gateway.post("/query/nothing/explain", {"sql": "select 1"}), 404, "unknown_database")


if __name__ == "__main__":
    unittest.main()
