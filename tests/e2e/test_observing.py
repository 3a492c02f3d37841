"""What is told of requests: the log's lines and the metrics' series."""

import json
import unittest

from gateway import GatewayTest, wait_until


def request_lines(gateway):
    lines = (json.loads(line) for line in gateway.log().splitlines() if line.startswith("{"))
    return [line for line in lines if line["msg"] == "request"]


class Observing(GatewayTest):
    def test_a_request_is_logged_with_its_route_and_without_its_parameters(self):
        answer = self.gateway.query("select $1::text as secret", ["never to be logged"])
        lines = wait_until(
            lambda: [line for line in request_lines(self.gateway)
                     if line["request_id"] == answer.headers["x-request-id"]],
            "the request is in the log")
        self.assertEqual(
            (lines[0]["method"], lines[0]["route"], lines[0]["status"], lines[0]["db_id"]),
            ("POST", "/query/:db_id", 200, "main"))
        self.assertNotIn("never to be logged", self.gateway.log())

    def test_requests_are_counted_by_route(self):
        self.gateway.scalar("select 1")
        text = self.gateway.get("/metrics?format=prometheus").text
        counts = [line for line in text.splitlines()
                  if line.startswith("http_server_request_duration_seconds_count")
                  and 'http_route="/query/:db_id"' in line]
        self.assertTrue(counts, "no request to /query/:db_id was counted")
        self.assertGreaterEqual(float(counts[0].split()[-1]), 1)

    def test_the_figures_of_a_database_that_is_down_are_there_all_the_same(self):
        self.gateway.post("/admin/databases/main/breaker", {"state": "forced_open", "reason": "test"})
        try:
            answer = self.gateway.get("/metrics/main?server=true")
            self.assertEqual(answer.status, 200, answer)
            self.assertEqual(answer.json["breaker"]["state"], "forced_open")
            self.assertEqual(answer.json["server"]["error"]["code"], "breaker_open")
        finally:
            self.gateway.post("/admin/databases/main/breaker", {"state": "auto"})

    def test_looking_at_the_server_opens_no_connection_unless_told_to(self):
        self.gateway.post("/databases/connect", {**self.postgres.target("postgres"), "db_id": "quiet",
                                                 "pool": {"idle_timeout_ms": 1000}})
        wait_until(lambda: self.gateway.get("/metrics/quiet").json["pool_size"] == 0, "nothing is open")
        before = self.gateway.get("/metrics/quiet").json["connections_created"]
        asked = self.gateway.get("/metrics/quiet?server=true").json
        self.assertEqual(asked["server"]["error"]["code"], "idle")
        self.assertIn("?server=connect", asked["server"]["error"]["detail"])
        self.assertEqual(self.gateway.get("/metrics/quiet").json["connections_created"], before)
        self.assertGreaterEqual(self.gateway.get("/metrics/quiet?server=connect").json["server"]["connections"], 1)
        self.assertIn("connections", self.gateway.get("/metrics/quiet?server=true").json["server"])

    def test_who_overrides_a_breaker_is_named_with_the_reason(self):
        answer = self.gateway.post("/admin/databases/main/breaker",
                                   {"state": "forced_open", "reason": "moving disks"})
        self.gateway.post("/admin/databases/main/breaker", {"state": "auto"})
        self.assertIn("(anonymous: moving disks)", answer.json["explanation"])

    def test_every_route_tells_where_the_time_went(self):
        for path in ("/metrics", "/metrics?format=prometheus", "/metrics/main", "/databases", "/health"):
            with self.subTest(path):
                self.assertIn("server-timing", self.gateway.get(path).headers)

    def test_the_servers_version_is_unknown_before_it_was_asked(self):
        self.gateway.post("/databases/connect", {**self.postgres.target("postgres"), "db_id": "new"})
        self.assertRegex(str(self.gateway.get("/databases/new").json["server_version"]), r"^(None|\d+\..*)$")


class Quiet(GatewayTest):
    config = {"log": {"access": False}}

    def test_requests_are_not_logged_when_that_is_switched_off(self):
        self.gateway.scalar("select 1")
        self.gateway.terminate()  # so that everything is written
        self.assertIn("stopped", self.gateway.log())
        self.assertEqual(request_lines(self.gateway), [])


if __name__ == "__main__":
    unittest.main()
