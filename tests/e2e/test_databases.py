"""Databases that come and go while the gateway runs."""

from gateway import GatewayTest, together


class Databases(GatewayTest):
    @classmethod
    def prepare(cls):
        cls.postgres.create_database("extra")
        cls.postgres.create_database("limits")

    def connect(self, database="extra", **changes):
        return self.gateway.post("/databases/connect", {**self.postgres.target(database),
                                                        **changes})

    def test_connect_query_disconnect(self):
        made = self.connect(db_id="extra", labels={"tier": "gold"})
        self.assertEqual((made.status, made.json["db_id"], made.json["status"],
                          made.json["created"]), (201, "extra", "connected", True))
        self.assertRegex(made.json["server_version"], r"^\d+\.\d+")
        self.assertGreater(made.json["latency_ms"], 0)
        self.assertEqual(self.gateway.scalar("select current_database()::text", db="extra"),
                         "extra")
        again = self.connect(db_id="extra", labels={"tier": "gold"})
        self.assertEqual((again.status, again.json["created"]), (200, False))
        self.assert_problem(self.connect("limits", db_id="extra"), 409, "db_id_taken")
        self.assert_problem(self.connect(db_id="extra", password="wrong"), 422,
                            "connection_rejected")
        self.assertEqual(self.gateway.query("select 1", db="extra").status, 200)
        self.assertIn("extra", [database["db_id"] for database in self.gateway.get("/databases").json["databases"]])
        self.assertEqual(self.gateway.request("DELETE", "/databases/extra").status, 200)
        self.assert_problem(self.gateway.query("select 1", db="extra"), 404, "unknown_database")

    def test_the_same_target_gets_the_same_id_and_is_connected_once(self):
        answers = together(10, lambda _: self.connect("limits"))
        self.assertEqual(len({answer.json["db_id"] for answer in answers}), 1)
        self.assertEqual([answer.json["created"] for answer in answers].count(True), 1)
        self.assertRegex(answers[0].json["db_id"], r"^limits-[0-9a-f]{8}$")
        self.gateway.request("DELETE", "/databases/" + answers[0].json["db_id"])

    def test_connecting_again_leaves_alone_what_it_does_not_name(self):
        """Get-or-create: a client that knows only the address takes no label and no limit away."""
        first = self.connect(db_id="kept", labels={"tier": "gold"}, ssl="disable",
                             pool={"max_size": 4, "shards": 2, "acquire_timeout_ms": 700})
        self.assertEqual(first.status, 201, first)
        try:
            again = self.connect()
            self.assertEqual((again.status, again.json["db_id"], again.json["updated"]),
                             (200, "kept", []), again)
            changed = self.connect(db_id="kept", pool={"min_size": 4})
            self.assertEqual((changed.status, changed.json["updated"]), (200, ["pool.min_size"]), changed)
            shown = self.gateway.get("/databases/kept").json
            pool = shown["settings"]["pool"]
            self.assertEqual(
                (shown["labels"], pool["max_size"], pool["min_size"], pool["acquire_timeout_ms"]),
                ({"tier": "gold"}, 4, 4, 700))
        finally:
            self.gateway.request("DELETE", "/databases/kept")

    def test_what_a_change_cannot_change_is_told(self):
        answer = self.gateway.request("PATCH", "/databases/main", {"host": "127.0.0.2", "password": "new"})
        errors = self.assert_problem(answer, 422, "invalid_request")["errors"]
        self.assertEqual([error["field"] for error in errors], ["host", "password"])
        self.assertIn("POST /databases/connect", errors[0]["message"])

    def test_flags_are_true_or_false(self):
        for method, path in (("DELETE", "/databases/main?force=maybe"), ("GET", "/health?probe=1"),
                             ("GET", "/metrics/main?server=yes")):
            with self.subTest(path):
                self.assert_problem(self.gateway.request(method, path), 422, "invalid_request")
        self.assert_problem(self.gateway.get("/metrics?format=xml"), 422, "invalid_request")
        self.assertEqual(self.gateway.get("/health?probe=false").status, 200)
        self.assertEqual(self.gateway.get("/databases/main").status, 200)

    def test_urls_and_other_clients_names_are_understood(self):
        url = f"postgresql://app:{self.postgres.password}@127.0.0.1:{self.postgres.port}/extra?sslmode=disable"
        made = self.gateway.post("/databases/connect", {"url": url, "db_id": "by-url",
                                                        "pool_max_size": 3})
        self.assertEqual(made.status, 201, made)
        self.assertEqual(self.gateway.metrics("by-url")["max_size"], 3)
        self.gateway.request("DELETE", "/databases/by-url")
        self.assert_problem(self.gateway.post("/databases/connect", {"url": url + "&options=-cwork_mem%3D1"}), 422, "invalid_request")

    def test_bad_ids_and_fields_are_named(self):
        for body, field in (({"db_id": "Not Good"}, "db_id"), ({"db_id": "connect"}, "db_id"),
                            ({"prot": 1}, "prot"), ({"pool": {"max_sise": 1}},
                                                    "pool.max_sise"), ({"pool": {"max_size": 0}},
                                                        "pool.max_size"),
                            ({"port": 70000}, "port")):
            with self.subTest(body):
                problem = self.assert_problem(self.connect(**body), 422, "invalid_request")
                self.assertIn(field, [error["field"] for error in problem["errors"]])

    def test_limits_change_while_it_runs(self):
        patched = self.gateway.request("PATCH", "/databases/main", {"pool": {"max_size": 2},
            "labels": {"a": "b"}})
        self.assertEqual(patched.status, 200, patched)
        together(8, lambda _: self.gateway.query("select pg_sleep(0.05)"))
        self.assertLessEqual(self.postgres.backends(), 2)
        self.assertEqual(self.gateway.metrics()["max_size"], 2)
        shown = self.gateway.get("/databases/main").text
        self.assertNotIn(self.postgres.password, shown)

    def test_health_tells_people_and_machines(self):
        self.assertEqual(self.gateway.get("/livez").status, 200)
        ping = self.gateway.get("/health/ping")
        self.assertEqual((ping.status, ping.json["status"], ping.json["message"]), (200, "ok",
            "pong"))
        self.assertEqual(self.gateway.get("/readyz").status, 200)
        health = self.gateway.get("/health?probe=true")
        self.assertEqual((health.status, health.json["status"]), (200, "healthy"), health)
        self.assertEqual(health.json["pools"]["healthy"], health.json["pools"]["total"])
