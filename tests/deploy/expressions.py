"""The metrics that PromQL expressions name."""

import re

# Words that stand where a metric could.
WORDS = {"by", "without", "on", "ignoring", "group_left", "group_right", "and", "or", "unless", "bool", "offset"}


def metrics_of(expression):
    """Names of metrics; not of functions, labels, or what stands in quotes."""
    text = re.sub(r'"(?:[^"\\]|\\.)*"', '""', expression)
    text = re.sub(r"\{[^}]*\}|\[[^\]]*\]", "", text)
    text = re.sub(r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)", "", text)
    names = re.findall(r"[a-zA-Z_:][\w:]*(?!\s*\(|[\w:])", text)
    return {name for name in names if name not in WORDS}


def panels_of(dashboard):
    return [panel for panel in dashboard["panels"] if panel["type"] != "row"]


def expressions_of(dashboard):
    return [target["expr"] for panel in panels_of(dashboard) for target in panel["targets"]]


def filled_in(expression):
    """With values for Grafana's variables."""
    for name, value in (("$__rate_interval", "10s"), ("$__interval", "10s"), ("$job", ".*"), ("$database", ".*")):
        expression = expression.replace(name, value)
    assert "$" not in expression, expression
    return expression
