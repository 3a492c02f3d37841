"""One statement over many databases."""

import json

from gateway import Gateway, GatewayTest, wait_until
from private_postgres import PrivatePostgres

NDJSON = "application/x-ndjson"


def lines_of(answer):
    return [json.loads(line) for line in answer.text.splitlines()]


class FanOutTest(GatewayTest):
    @classmethod
    def prepare(cls):
        for name in ("eu", "us"):
            cls.postgres.create_database(name)
            cls.postgres.run("create table notes(n int); grant all on notes to app", name)

    @classmethod
    def configuration(cls):
        target = cls.postgres.target
        return {"databases": {"eu": {**target("eu"), "labels": {"region": "eu", "kind": "shop"}},
                              "us": {**target("us"), "labels": {"region": "us", "kind": "shop"}},
                              "gone": {**target("gone"), "labels": {"kind": "ruin"}}}}

    def fan_out(self, sql="select current_database()::text as name", **options):
        return self.gateway.post("/query", {"sql": sql, **options})

    def ids(self, answer, kind):
        return sorted(leg["db_id"] for leg in answer.json[kind])


class FanOut(FanOutTest):
    def test_all_legs_succeed(self):
        answer = self.fan_out(db_ids=["us", "eu"])
        self.assertEqual((answer.status, answer.json["failures"]), (200, []))
        self.assertEqual([(leg["db_id"], leg["rows"],
                           leg["count"]) for leg in answer.json["successes"]], [("us",
                               [{"name": "us"}], 1), ("eu", [{"name": "eu"}], 1)])
        self.assertEqual(self.ids(self.fan_out(selector={"kind": "shop"}), "successes"), ["eu",
            "us"])
        self.assertEqual(self.ids(self.fan_out(selector={"kind": "shop", "region": "us"}),
                                  "successes"), ["us"])

    def test_some_fail_and_the_others_are_given(self):
        answer = self.fan_out(all=True)
        self.assertEqual((answer.status, self.ids(answer, "successes"), self.ids(answer,
            "failures")), (207, ["eu", "us"], ["gone"]))
        self.assertEqual(answer.json["failures"][0]["error"]["sqlstate"], "3D000")
        answer = self.fan_out(db_ids=["eu", "nowhere"])
        self.assertEqual((answer.status, answer.json["failures"][0]["db_id"],
                          answer.json["failures"][0]["error"]["code"]), (207, "nowhere",
                              "unknown_database"))

    def test_too_few_successes_are_a_failure_with_the_same_body(self):
        for options in ({"db_ids": ["gone", "nowhere"]}, {"all": True, "min_successes": 3}):
            answer = self.fan_out(**options)
            self.assertEqual(answer.status, 503, answer)
            self.assertIn("successes", answer.json)
            self.assertTrue(answer.json["failures"])
        self.assertEqual(self.fan_out(all=True, min_successes=2).status, 207)

    def test_a_mistake_in_the_statement_is_told_by_each_leg(self):
        answer = self.fan_out("select nonsense", db_ids=["eu", "us"])
        self.assertEqual((answer.status, answer.headers.get("retry-after")), (503, None), answer)
        errors = [leg["error"] for leg in answer.json["failures"]]
        self.assertEqual([(error["sqlstate"], error["retryable"]) for error in errors], [("42703", False)] * 2)

    def test_a_selector_that_matches_nothing_is_an_empty_success(self):
        answer = self.fan_out(selector={"region": "mars"})
        self.assertEqual((answer.status, answer.json["successes"], answer.json["failures"]), (200,
            [], []))

    def test_exactly_one_kind_of_target(self):
        for targets in ({}, {"all": True, "db_ids": ["eu"]}, {"db_ids": ["eu"],
            "selector": {"a": "b"}}, {"all": False}):
            with self.subTest(targets):
                self.assert_problem(self.fan_out(**targets), 422, "invalid_request")

    def test_merged_rows_carry_their_database(self):
        answer = self.fan_out("select 1 as n", db_ids=["eu", "us"], merge=True)
        self.assertEqual(answer.status, 200, answer)
        self.assertEqual(sorted(answer.json["rows"], key=lambda row: row["db_id"]), [{"db_id": "eu",
            "n": 1}, {"db_id": "us", "n": 1}])

    def test_a_scalar_is_a_value_as_it_is_with_one_database(self):
        answer = self.fan_out(db_ids=["eu", "us"], format="scalar")
        self.assertEqual([(leg["db_id"], leg["value"]) for leg in answer.json["successes"]],
                         [("eu", "eu"), ("us", "us")], answer)
        self.assertNotIn("rows", answer.json["successes"][0])

    def test_legs_are_read_only_unless_said_otherwise(self):
        write = "insert into notes values (1)"
        answer = self.fan_out(write, db_ids=["eu", "us"])
        self.assertEqual((answer.status,
                          {leg["error"]["sqlstate"] for leg in answer.json["failures"]}), (503,
                              {"25006"}))
        self.assertEqual(self.fan_out(write, db_ids=["eu", "us"], write=True).status, 200)
        self.assertEqual([self.postgres.run("select count(*) from notes", name) for name in ("eu",
            "us")], ["1", "1"])

    def test_the_deadline_gives_what_is_there(self):
        slow = "select current_database()::text as name, pg_sleep(case current_database() when 'us' then 10 else 0 end)::text as slept"
        answer = self.fan_out(slow, db_ids=["eu", "us"], deadline_ms=500)
        self.assertEqual((answer.status, self.ids(answer, "successes"), self.ids(answer,
            "failures")), (207, ["eu"], ["us"]))
        self.assertLess(answer.seconds, 2)
        self.assertIn("raise deadline_ms", answer.json["failures"][0]["error"]["detail"])

    def test_legs_run_at_the_same_time(self):
        answer = self.fan_out("select pg_sleep(0.5)::text", db_ids=["eu", "us"])
        self.assertEqual(answer.status, 200)
        self.assertLess(answer.seconds, 0.9)

    def test_an_open_breaker_fails_its_leg_at_once(self):
        self.gateway.post("/admin/databases/us/breaker", {"state": "forced_open", "reason": "test"})
        try:
            answer = self.fan_out("select 1", db_ids=["eu", "us"])
            self.assertEqual((answer.status, answer.json["failures"][0]["error"]["code"]), (207,
                "breaker_open"))
        finally:
            self.gateway.post("/admin/databases/us/breaker", {"state": "auto"})

    def test_merged_rows_have_one_list_of_columns(self):
        self.postgres.run("create view things as select 1 as a, 'x'::text as b", "eu")
        self.postgres.run("create view things as select 'y'::text as c, 2.5 as a", "us")
        for name in ("eu", "us"):
            self.postgres.run("grant select on things to app", name)
        answer = self.fan_out("select * from things", db_ids=["eu", "us"], merge=True).json
        self.assertEqual([(column["name"], column["type"]) for column in answer["columns"]],
                         [("db_id", "text"), ("a", "numeric"), ("b", "text"), ("c", "text")])
        rows = {row["db_id"]: row for row in answer["rows"]}
        self.assertEqual((rows["eu"]["a"], rows["eu"]["b"], rows["eu"]["c"]), (1, "x", None))
        self.assertEqual((float(rows["us"]["a"]), rows["us"]["b"], rows["us"]["c"]), (2.5, None, "y"))


class Legs(FanOutTest):
    """As NDJSON: each leg when it has ended."""

    def legs(self, sql="select current_database()::text as name", **options):
        return self.gateway.post("/query", {"sql": sql, **options}, {"Accept": NDJSON})

    def test_each_leg_is_a_line_and_the_end_says_how_it_went(self):
        answer = self.legs(db_ids=["eu", "us", "nowhere"])
        self.assertEqual((answer.status, answer.headers["content-type"]), (200, NDJSON))
        *legs, last = lines_of(answer)
        found = {leg["db_id"]: leg for leg in legs}
        self.assertEqual(found["eu"]["rows"], [{"name": "eu"}])
        self.assertEqual(found["us"]["count"], 1)
        self.assertEqual(found["nowhere"]["error"]["code"], "unknown_database")
        self.assertEqual({name: last["end"][name] for name in ("status", "successes", "failures")},
                         {"status": 207, "successes": 2, "failures": 1})

    def test_a_leg_is_given_before_the_slowest_has_ended(self):
        slow = ("select current_database()::text as name,"
                " pg_sleep(case current_database() when 'us' then 3 else 0 end)::text as slept")
        connection = self.gateway.connection()
        self.addCleanup(connection.close)
        body = json.dumps({"sql": slow, "db_ids": ["us", "eu"]})
        connection.request("POST", "/query", body, {"Content-Type": "application/json", "Accept": NDJSON})
        response = connection.getresponse()
        self.assertEqual(json.loads(response.readline())["db_id"], "eu")
        running = self.gateway.get("/admin/queries").json["queries"]
        self.assertEqual([query["db_id"] for query in running], ["us"])
        self.assertEqual(json.loads(response.readline())["db_id"], "us")
        self.assertEqual(json.loads(response.readline())["end"]["status"], 200)

    def test_merged_legs_are_rows(self):
        *rows, last = lines_of(self.legs(db_ids=["eu", "us", "gone"], merge=True))
        failed = [row["failure"] for row in rows if "db_id" not in row]
        self.assertEqual([(leg["db_id"], leg["error"]["sqlstate"]) for leg in failed], [("gone", "3D000")])
        self.assertEqual(sorted((row["db_id"], row["name"]) for row in rows if "name" in row),
                         [("eu", "eu"), ("us", "us")])
        self.assertEqual(last["end"]["status"], 207)

    def test_the_end_of_merged_legs_names_those_that_were_cut(self):
        sql = ("select n from generate_series(1, case current_database() when 'us' then 2 else 5 end) n")
        *rows, last = lines_of(self.legs(sql, db_ids=["eu", "us"], merge=True, max_rows=2))
        self.assertEqual(len(rows), 4)
        cut = [(leg["db_id"], leg["count"], leg["truncated"]) for leg in last["end"]["truncated"]]
        self.assertEqual(cut, [("eu", 2, True)])

    def test_a_row_with_a_column_error_is_told_from_a_failure(self):
        sql = "select '{\"x\": 1}'::jsonb as error, 1 as failure"
        *rows, _ = lines_of(self.legs(sql, db_ids=["eu", "gone"], merge=True))
        self.assertEqual([row for row in rows if "db_id" in row], [{"db_id": "eu", "error": {"x": 1}, "failure": 1}])
        self.assertEqual([row["failure"]["db_id"] for row in rows if "db_id" not in row], ["gone"])

    def test_nothing_but_failures(self):
        *_, last = lines_of(self.legs(db_ids=["gone", "nowhere"]))
        self.assertEqual((last["end"]["status"], last["end"]["failures"]), (503, 2))
        self.assertEqual(self.legs(selector={"region": "mars"}).text.count("\n"), 1)
        self.assert_problem(self.legs(), 422, "invalid_request")
        answer = self.gateway.post("/query", {"sql": "select 1", "all": True}, {"Accept": "text/csv"})
        self.assert_problem(answer, 406, "not_acceptable")

    def test_a_client_that_leaves_cancels_all_legs(self):
        connection = self.gateway.connection()
        body = json.dumps({"sql": "select pg_sleep(60)", "db_ids": ["us", "eu"], "timeout_ms": 60_000})
        connection.request("POST", "/query", body, {"Content-Type": "application/json", "Accept": NDJSON})

        def running():
            return self.postgres.run("select count(*) from pg_stat_activity where state = 'active'"
                                     " and query like '%pg_sleep(60)%' and pid <> pg_backend_pid()")
        wait_until(lambda: running() == "2", "both legs run")
        connection.close()
        wait_until(lambda: running() == "0", "both are cancelled")


class AHundred(GatewayTest):
    @classmethod
    def setUpClass(cls):
        cls.postgres = PrivatePostgres(["max_connections = 200"])
        cls.addClassCleanup(cls.postgres.close)
        one = {**cls.postgres.target(), "pool": {"max_size": 1}}
        cls.gateway = Gateway({"databases": {f"d{number:02}": one for number in range(100)}})
        cls.addClassCleanup(cls.gateway.close)

    def test_it_takes_as_long_as_the_slowest(self):
        for accept in (NDJSON, "application/json"):
            # One after the other they would take 100 s.
            answer = self.gateway.post("/query", {"sql": "select pg_sleep(1)::text", "all": True,
                                                  "timeout_ms": 60_000}, {"Accept": accept})
            self.assertEqual(answer.status, 200, answer)
            self.assertLess(answer.seconds, 30)
        self.assertEqual(len(answer.json["successes"]), 100)

    def test_only_so_many_at_once(self):
        answer = self.gateway.post("/query", {"sql": "select pg_sleep(0.05)::text", "all": True,
                                              "concurrency": 10}, {"Accept": NDJSON})
        *legs, last = lines_of(answer)
        self.assertEqual((len(legs), last["end"]["successes"]), (100, 100))
        self.assertGreater(answer.seconds, 0.5)
