#!/usr/bin/env python3
"""Writes deploy/kubernetes/monitoring/prometheusrule.yaml from deploy/prometheus/sluice.rules.yml. A test compares them."""

import pathlib
import textwrap

DEPLOY = pathlib.Path(__file__).resolve().parents[1] / "deploy"
HEAD = """# Written by scripts/write-prometheusrule.py from deploy/prometheus/sluice.rules.yml.
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: sluice
  labels: {app.kubernetes.io/name: sluice}
spec:
"""


def text():
    rules = (DEPLOY / "prometheus/sluice.rules.yml").read_text(encoding="utf-8")
    return HEAD + textwrap.indent(rules[rules.index("groups:"):], "  ")


if __name__ == "__main__":
    (DEPLOY / "kubernetes/monitoring/prometheusrule.yaml").write_text(text(), encoding="utf-8")
