"""A real Prometheus scrapes a running gateway: the dashboards' expressions give data, and an alert fires when a database
is gone."""

import json
import os
import pathlib
import re
import sys
import unittest

from gateway import SOURCES, GatewayTest, wait_until
from prometheus import Prometheus

sys.path.insert(0, os.path.join(SOURCES, "tests/deploy"))
from expressions import expressions_of, filled_in  # noqa: E402

KEY = "0123456789abcdef-prometheus"
DEPLOY = pathlib.Path(SOURCES) / "deploy"
# Nothing of the kind has happened in this test, or only a moment ago.
MAY_BE_EMPTY = ("sluice_circuit_breaker_failure_ratio{", "sluice_circuit_breaker_slow_ratio{")


class Scraped(GatewayTest):
    config = {"security": {"api_keys": [{"name": "prometheus", "key": KEY, "role": "query"}]}}

    @classmethod
    def configuration(cls):
        return {"databases": {"main": {**cls.postgres.target(), "breaker": {"consecutive_connect_failures": 1}}},
                **cls.config}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        rules = (DEPLOY / "prometheus/sluice.rules.yml").read_text(encoding="utf-8")
        rules = re.sub(r"\bfor: \d+m", "for: 1s", rules).replace("interval: 30s", "interval: 1s")
        cls.prometheus = Prometheus(f"127.0.0.1:{cls.gateway.port}", KEY, rules)
        cls.addClassCleanup(cls.prometheus.close)

    def ask(self, sql):
        return self.gateway.post("/query/main", {"sql": sql}, headers={"Authorization": f"Bearer {KEY}"})

    def test_1_the_target_is_up_and_the_dashboards_have_data(self):
        self.ask("select 1")
        wait_until(lambda: [target["health"] for target in self.prometheus.targets()] == ["up"], "the target is up")
        expressions = {filled_in(expression) for name in ("overview", "database")
                       for expression in expressions_of(json.loads(
                           (DEPLOY / f"grafana/dashboards/{name}.json").read_text(encoding="utf-8")))}
        self.assertGreater(len(expressions), 30)

        def empty():
            self.ask("select 1")
            self.ask("select nothing")
            return {expression for expression in expressions if not self.prometheus.query(expression)
                    and not any(name in expression for name in MAY_BE_EMPTY)}

        wait_until(lambda: not empty(), "every panel has data", patience=30)
        [(_, ratio)] = self.prometheus.query('sum(rate(sluice_queries_total{database="main"}[10s])) > bool 0')
        self.assertEqual(ratio, 1)

    def test_2_a_database_that_is_gone_raises_the_alert(self):
        self.assertNotIn(("SluiceCircuitOpen", "main"), self.prometheus.alerts())
        self.postgres.stop()

        def fires():
            self.ask("select 1")
            return self.prometheus.alerts().get(("SluiceCircuitOpen", "main")) == "firing"

        wait_until(fires, "SluiceCircuitOpen fires", patience=60)


if __name__ == "__main__":
    unittest.main()
