"""One statement over many databases."""

from gateway import GatewayTest


class FanOut(GatewayTest):
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
