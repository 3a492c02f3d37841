"""The error table of docs/http-api.md: each situation, its status and its code."""

from gateway import GatewayTest

RAISE = """create function raise_state(state text) returns int language plpgsql as
$$ begin raise exception 'raised %', state using errcode = state, hint = 'a hint', detail = 'a detail'; end $$"""


class Errors(GatewayTest):
    @classmethod
    def prepare(cls):
        cls.postgres.run(RAISE + """;
            create table parents(id int primary key, name text not null unique,
                                 age int check (age > 0));
            create table children(parent int references parents);
            insert into parents values (1, 'one', 1);
            grant all on parents, children to app;
            create table private(x int)""")
        cls.postgres.create_database("small")
        cls.postgres.create_database("narrow")
        cls.postgres.run("create role limited login password 'limited-pw' connection limit 0")

    @classmethod
    def configuration(cls):
        target = cls.postgres.target
        return {"databases": {"main": target(), "small": {**target("small"),
                                                          "query": {"max_result_bytes": 10000}},
                              "narrow": {**target("narrow"), "pool": {"max_size": 1,
                                  "max_waiters": 1}},
                              "limited": {**target(), "user": "limited", "password": "limited-pw"}},
                "server": {"max_body_bytes": 65536}}

    def sql(self, sql, params=None, **options):
        return self.gateway.query(sql, params, **options)

    def test_malformed_json_is_a_bad_request(self):
        for body in ("", "{", '{"sql": "select 1"', "[1, 2", '{"sql": "select 1"} x', "{'sql': 1}",
                     '{"sql": "\\ud800"}', b'{"sql": "\xff"}',
                     "[" * 60000):
            with self.subTest(body[:20]):
                self.assert_problem(self.gateway.post("/query/main", body), 400, "bad_request")

    def test_every_wrong_field_is_named(self):
        for body, field in (({"sql": "select 1", "parms": []}, "parms"), ({"sql": 5}, "sql"),
                            ({"params": []}, "sql"), ({"sql": "select 1", "timeout_ms": "fast"},
                                                      "timeout_ms"),
                            ({"sql": "select 1", "timeout_ms": 0},
                             "timeout_ms"), ({"sql": "select 1", "timeout_ms": 600001},
                                             "timeout_ms"),
                            ({"sql": "select 1", "max_rows": -1}, "max_rows"), ({"sql": "select 1",
                                "format": "xml"}, "format"), ({"sql": "select 1", "params": {}},
                                    "params")):
            with self.subTest(body):
                problem = self.assert_problem(self.gateway.post("/query/main", body), 422,
                                              "invalid_request", outcome="not_started")
                self.assertIn(field, [error["field"] for error in problem["errors"]])
        problem = self.assert_problem(self.gateway.post("/query/main", '{"sql": "a", "sql": "b"}'),
                                      422, "invalid_request")
        self.assertIn("sql", str(problem["errors"]))
        problem = self.gateway.post("/query/main", {"sql": "select 1", "parms": [],
                                                    "max_row": 1}).json
        self.assertEqual(len(problem["errors"]), 2)
        self.assertIn("params", str(problem["errors"]))
        self.assertIn("max_rows", str(problem["errors"]))

    def test_wrong_parameters_and_refused_statements_are_invalid_requests(self):
        for sql, params in (("select $1::int", []), ("select $1::int", [1, 2]), ("select 1", [1]),
                            ("select $1::text", ["a\0b"]), ("select 'a\0b'", []),
                            ("begin", []), ("commit", []), ("rollback", []), ("savepoint a",
                                []), ("listen x", []), ("copy parents to stdout", []),
                            ("copy parents from stdin", []), ("prepare p as select 1",
                                []), ("/* hidden */ begin", []), ("-- hidden\nstart transaction",
                                    []), ("", [])):
            with self.subTest(sql=sql, params=params):
                self.assert_problem(self.sql(sql, params), 422, "invalid_request",
                                    outcome="not_started")
        problem = self.assert_problem(self.sql("select 1 as a, 2 as a"), 422, "invalid_request")
        self.assertIn("arrays", str(problem["errors"]))

    def test_the_sqlstate_decides(self):
        for sql, status, state in (("select * from nowhere", 400, "42P01"), ("selec 1", 400,
            "42601"), ("select 1; select 2", 400, "42601"), ("select 1/0", 400, "22012"),
                                   ("select 'x'::int", 400,
                                    "22P02"), ("insert into parents values (1, 'x', 1)", 409,
                                               "23505"),
                                   ("insert into parents values (2, null, 1)", 409,
                                    "23502"), ("insert into parents values (2, 'x', -1)", 409,
                                               "23514"),
                                   ("insert into children values (99)", 409,
                                    "23503"), ("select * from private", 403, "42501")):
            with self.subTest(sql):
                self.assert_problem(self.sql(sql), status, "sql_error", sqlstate=state,
                                    retryable=False)
        for state, status, retryable in (("P0001", 400, False), ("0A000", 400, False), ("54001", 400,
            False), ("21000", 400, False), ("40001", 409, True), ("40P01", 409, True),
                                         ("55P03", 409, True), ("42501", 403, False), ("XX000", 500,
                                             False), ("58030", 500, False), ("F0000", 500, False),
                                         ("ZZ999", 400, False)):
            with self.subTest(state):
                self.assert_problem(self.sql("select raise_state($1)", [state]), status, "sql_error",
                                    sqlstate=state, retryable=retryable)
        self.assert_problem(self.sql("insert into parents values (9, 'nine', 9)", read_only=True),
                            403, "sql_error", sqlstate="25006")
        self.assertEqual(self.postgres.run("select count(*) from parents where id = 9"), "0")

    def test_the_servers_own_words_are_passed_on(self):
        problem = self.sql("insert into parents values (1, 'x', 1)").json
        for field, value in (("severity", "ERROR"), ("schema", "public"), ("table", "parents"),
                             ("constraint", "parents_pkey"), ("outcome", "rolled_back")):
            self.assertEqual(problem[field], value)
        self.assertIn("duplicate key", problem["message"])
        problem = self.sql("select nme from parents").json
        self.assertEqual((problem["position"], problem["sqlstate"]), (8, "42703"))
        self.assertIn("name", problem["hint"])
        problem = self.sql("select raise_state('P0001')").json
        self.assertEqual((problem["message"], problem["hint"], problem["detail_text"]),
                         ("raised P0001", "a hint", "a detail"))

    def test_unknown_things(self):
        problem = self.assert_problem(self.gateway.query("select 1", db="mian"), 404,
                                      "unknown_database")
        self.assertIn("mian", problem["detail"])
        for method, path in (("GET", "/metrics/mian"), ("GET", "/databases/mian"), ("DELETE",
            "/databases/mian"), ("GET", "/admin/databases/mian/why")):
            self.assert_problem(self.gateway.request(method, path), 404, "unknown_database")
        self.assert_problem(self.gateway.get("/nothing"), 404, "not_found")
        answer = self.gateway.request("PUT", "/query/main", {"sql": "select 1"})
        self.assertEqual((answer.status, answer.headers["allow"]), (405, answer.headers["allow"]))
        self.assertIn("POST", answer.headers["allow"])

    def test_what_http_itself_refuses(self):
        self.assertEqual(self.gateway.post("/query/main", "sql=select 1", {"Content-Type": "application/x-www-form-urlencoded"}).status, 415)
        self.assertEqual(self.gateway.post("/query/main", '{"sql": "%s"}' % ("x" * 70000)).status,
                         413)
        self.assertEqual(self.gateway.get("/livez", X_Long="x" * 20000).status, 431)
        for head in (b"GET /livez HTTP/1.1\r\n\r\n",
                     b"GET /livez HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", b"nonsense\r\n\r\n",
                     b"POST /query/main HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                     b"POST /query/main HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: gzip\r\n\r\n"):
            with self.subTest(head):
                answer = self.gateway.raw(head)
                self.assertTrue(answer.startswith(b"HTTP/1.1 400 "), answer[:200])
                self.assertEqual(answer.count(b"HTTP/1.1 "), 1)

    def test_a_result_over_the_byte_limit_is_refused(self):
        self.assertEqual(self.gateway.query("select repeat('x', 1000)", db="small").status, 200)
        large = "select repeat('x', 1000) from generate_series(1, 50)"
        self.assert_problem(self.gateway.query(large, db="small"), 422, "result_too_large")

    def test_a_statement_that_takes_too_long_is_cancelled(self):
        answer = self.sql("select pg_sleep(20)", timeout_ms=300)
        self.assert_problem(answer, 504, "query_timeout")
        self.assertLess(answer.seconds, 2)
        self.assertEqual(self.postgres.run("select count(*) from pg_stat_activity where query like 'select pg_sleep(20)' and state = 'active'"), "0")

    def test_a_forced_open_breaker_refuses_and_says_why(self):
        forced = self.gateway.post("/admin/databases/small/breaker", {"state": "forced_open",
            "reason": "moving disks"})
        self.assertEqual(forced.status, 200, forced)
        problem = self.assert_problem(self.gateway.query("select 1", db="small"), 503,
                                      "breaker_open", outcome="not_started")
        self.assertIn("moving disks", problem["detail"])
        self.assertIn("moving disks",
                      self.gateway.get("/admin/databases/small/why").json["explanation"])
        self.assertEqual(self.gateway.post("/admin/databases/small/breaker",
                                           {"state": "auto"}).status, 200)
        self.assertEqual(self.gateway.query("select 1", db="small").status, 200)

    def test_a_full_queue_refuses_at_once(self):
        import concurrent.futures
        from gateway import wait_until
        with concurrent.futures.ThreadPoolExecutor(2) as threads:
            calls = [threads.submit(self.gateway.query, "select pg_sleep(1)", db="narrow")]
            wait_until(lambda: self.gateway.metrics("narrow")["used_connections"] == 1,
                       "the connection is in use")
            calls.append(threads.submit(self.gateway.query, "select 1", db="narrow"))
            wait_until(lambda: self.gateway.metrics("narrow")["waiting"] == 1, "one waits")
            answer = self.gateway.query("select 2", db="narrow")
            self.assert_problem(answer, 503, "queue_full", outcome="not_started", retryable=True)
            self.assertLess(answer.seconds, 0.5)
            self.assertEqual([call.result().status for call in calls], [200, 200])

    def test_a_server_without_room_is_unavailable(self):
        self.assert_problem(self.gateway.query("select 1", db="limited"), 503,
                            "database_unavailable", outcome="not_started", sqlstate="53300")

    def test_the_callers_request_id_is_kept(self):
        answer = self.gateway.get("/nothing", X_Request_Id="my-id-7")
        self.assertEqual((answer.headers["x-request-id"], answer.json["request_id"]), ("my-id-7",
            "my-id-7"))
        timing = self.sql("select 1").headers["server-timing"]
        for part in ("auth", "queue", "connect", "db", "encode"):
            self.assertIn(part, timing)
