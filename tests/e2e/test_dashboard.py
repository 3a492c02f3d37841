"""The dashboard is one page that needs nobody else, and what it reads is there."""

import re

from gateway import GatewayTest


class Dashboard(GatewayTest):
    def test_the_page_is_served_with_a_strict_policy(self):
        for path, kind in (("/admin", "text/html"), ("/admin/dashboard.css", "text/css"),
                           ("/admin/dashboard.js", "text/javascript")):
            answer = self.gateway.get(path)
            self.assertEqual((answer.status, answer.headers["content-type"].split(";")[0]), (200,
                kind))
            self.assertIn("default-src 'none'", answer.headers["content-security-policy"])
            self.assertNotIn("unsafe", answer.headers["content-security-policy"])
            self.assertEqual(answer.headers["x-content-type-options"], "nosniff")
            self.assertNotRegex(answer.text, r"https?://(?!www\.w3\.org)[a-z]",
                                "nothing comes from elsewhere")
        page = self.gateway.get("/admin").text
        for file in re.findall(r'(?:src|href)="(/admin/[^"]+)"', page):
            self.assertEqual(self.gateway.get(file).status, 200, file)
        self.assertNotIn("innerHTML", self.gateway.get("/admin/dashboard.js").text)

    def test_what_the_page_reads_is_there(self):
        self.gateway.query("select 1")
        [pool] = self.gateway.get("/metrics?format=json").json["pools"]
        for field in ("db_id", "pool_size", "free_connections", "used_connections", "max_size",
                      "overflow_connections", "waiting", "utilization",
                      "queries_executed", "error_rate", "queries_per_second", "last_used"):
            self.assertIn(field, pool)
        self.assertLessEqual({"p50", "p95", "p99"}, set(pool["query_ms"]))
        self.assertLessEqual({"state", "since", "explanation"}, set(pool["breaker"]))
        self.assertIn("refused", pool)
        [database] = self.gateway.get("/databases").json["databases"]
        self.assertIn("target", {**database, **pool})
        self.assertIn("labels", {**database, **pool})
