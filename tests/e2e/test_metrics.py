"""The metrics: what docs/metrics.md promises is there, well formed, and counts what happened."""

import signal
import subprocess
import unittest

from gateway import GatewayTest, wait_until
from metrics_page import documented, families, samples, value
from private_postgres import free_port

# OpenTelemetry's own name, which Prometheus' rules of style do not like.
KNOWN_LINT = {'db_client_connection_count non-histogram and non-summary metrics should not have "_count" suffix'}
KEY = "0123456789abcdef-operator"


class Metrics(GatewayTest):
    config = {"metrics": {"compat": ["pgbouncer"]},
              "security": {"api_keys": [{"name": "op", "key": KEY, "role": "admin"},
                                        {"name": "app", "key": KEY + "-app", "role": "query"}]}}

    @classmethod
    def configuration(cls):
        # One call decides, but never a machine that is slow for a moment.
        breaker = {"minimum_calls": 1, "failure_rate": 1.0, "slow_ms": 60000}
        main = {**cls.postgres.target(), "breaker": breaker}
        gone = {**main, "port": free_port(), "breaker": {**breaker, "consecutive_connect_failures": 1, "open_ms": 60000}}
        return {"databases": {"main": main, "gone": gone}, **cls.config}

    def ask(self, sql, db="main", **options):
        return self.gateway.post(f"/query/{db}", {"sql": sql, **options},
                                 headers={"Authorization": f"Bearer {KEY}"})

    def text(self, form="prometheus"):
        answer = self.gateway.get(f"/metrics?format={form}", Authorization=f"Bearer {KEY}")
        self.assertEqual(answer.status, 200, answer)
        return answer.text

    def provoke(self):
        """Until every family has a series."""
        self.assertEqual(self.ask("select 1").status, 200)
        self.assertEqual(self.ask("select nothing").status, 400)
        self.ask("select 1", db="gone")
        wait_until(lambda: value(self.text(), "sluice_database_up", database="gone") == 0, "it opens")

    def test_the_page_and_the_gateway_name_the_same(self):
        self.provoke()
        # Those of hosts are in test_hosts.
        mine = {name: kind for name, kind in documented().items() if not name.startswith("sluice_host_")}
        self.assertEqual(families(self.text()), mine)

    def test_a_database_has_as_many_series_as_the_page_says(self):
        self.gateway.post("/databases/connect", {**self.postgres.target(), "db_id": "new"},
                          headers={"Authorization": f"Bearer {KEY}"})

        def series():
            return [(name, labels) for name, labels, _ in samples(self.text())
                    if labels.get("database") == "new" and not name.startswith("pgbouncer_")]

        self.assertAlmostEqual(len(series()), 240, delta=10)
        self.assertEqual(self.ask("select nothing", db="new").status, 400)
        self.assertEqual(sum("error_type" in labels for _, labels in series()), 18)

    def test_promtool_finds_nothing_wrong(self):
        self.provoke()
        done = subprocess.run(["promtool", "check", "metrics"], input=self.text(), text=True,
                              capture_output=True, check=False)
        self.assertEqual(set(done.stderr.splitlines()), KNOWN_LINT)

    def test_openmetrics_ends_and_has_the_same_samples(self):
        text = self.text("openmetrics")
        self.assertTrue(text.endswith("\n# EOF\n"))
        self.assertEqual({name for name, _, _ in samples(text)},
                         {name for name, _, _ in samples(self.text())})

    def test_calls_are_counted_by_operation_error_and_rows(self):
        def count(**labels):
            return value(self.text(), "db_client_operation_duration_seconds_count", database="main",
                         **labels) or 0

        self.ask("create table if not exists things (n int)")
        before = count(db_operation_name="DELETE"), count(error_type="22012")
        self.ask("delete from things")
        self.ask("select 1/0")
        self.assertEqual((count(db_operation_name="DELETE"), count(error_type="22012")),
                         (before[0] + 1, before[1] + 1))
        rows = value(self.text(), "sluice_response_rows_total", database="main")
        bytes_before = value(self.text(), "sluice_response_bytes_total", database="main")
        self.ask("select generate_series(1, 300)")
        text = self.text()
        self.assertEqual(value(text, "sluice_response_rows_total", database="main"), rows + 300)
        self.assertGreater(value(text, "sluice_response_bytes_total", database="main"), bytes_before + 300)
        self.assertGreaterEqual(value(text, "db_client_response_returned_rows_bucket", database="main", le="500")
                                - value(text, "db_client_response_returned_rows_bucket", database="main",
                                        le="200"), 1)
        for stage in ("auth", "queue", "connect", "db", "encode"):
            self.assertGreater(value(text, "sluice_request_stage_seconds_count", stage=stage), 0)

    def test_what_was_cut_is_counted(self):
        self.ask("select generate_series(1, 30)", max_rows=3)
        self.assertGreaterEqual(value(self.text(), "sluice_truncated_responses_total", database="main"), 1)

    def test_who_is_not_let_in_is_counted_by_reason(self):
        def counts():
            text = self.text()
            return [value(text, "sluice_auth_failures_total", reason=reason)
                    for reason in ("missing", "wrong", "forbidden")]

        before = counts()
        self.gateway.get("/databases")
        self.gateway.get("/databases", Authorization="Bearer nonsense-nonsense")
        self.gateway.get("/admin/databases/main/why", Authorization=f"Bearer {KEY}-app")
        self.assertEqual(counts(), [number + 1 for number in before])

    def test_an_opened_breaker_says_why_and_until_when(self):
        self.provoke()
        text = self.text()
        self.assertEqual(value(text, "sluice_circuit_breaker_state", database="gone", state="open"), 1)
        self.assertEqual(value(text, "sluice_circuit_breaker_transitions_total", database="gone",
                               **{"from": "closed", "to": "open", "reason": "connect_failures"}), 1)
        self.assertGreater(value(text, "sluice_circuit_breaker_next_probe_timestamp_seconds", database="gone"),
                           value(text, "sluice_circuit_breaker_opened_timestamp_seconds", database="gone"))
        self.assertEqual(value(text, "sluice_circuit_breaker_transitions_total", database="main",
                               **{"from": "closed", "to": "open", "reason": "failure_rate"}), 0)
        self.assertGreaterEqual(value(text, "sluice_log_messages_total", level="warn"), 1)

    def test_a_reload_that_is_refused_shows_until_one_works(self):
        with open(self.gateway.config_file, encoding="utf-8") as file:
            good = file.read()

        def reload(text):
            with open(self.gateway.config_file, "w", encoding="utf-8") as file:
                file.write(text)
            self.gateway.process.send_signal(signal.SIGHUP)

        def successful():
            return value(self.text(), "sluice_config_last_reload_successful")

        self.assertEqual(successful(), 1)
        before = value(self.text(), "sluice_config_last_reload_success_timestamp_seconds")
        reload("pool: {max_sise: 1}")
        wait_until(lambda: successful() == 0, "the mistake shows")
        self.assertEqual(value(self.text(), "sluice_config_last_reload_success_timestamp_seconds"), before)
        reload(good)
        wait_until(lambda: successful() == 1, "it is gone")
        self.assertGreater(value(self.text(), "sluice_config_last_reload_success_timestamp_seconds"), before)


if __name__ == "__main__":
    unittest.main()
