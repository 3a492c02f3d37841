#!/usr/bin/env python3
"""Writes the Grafana dashboards in deploy/grafana/dashboards. A test compares them with what this writes."""

import json
import pathlib

FOLDER = pathlib.Path(__file__).resolve().parents[1] / "deploy/grafana/dashboards"
SOURCE = {"type": "prometheus", "uid": "${datasource}"}
STATES = {"half_open": 1, "open": 2, "forced_open": 3, "forced_closed": 4, "observe_only": 5}
COLOURS = {"closed": "green", "half_open": "yellow", "open": "red", "forced_open": "purple",
           "forced_closed": "blue", "observe_only": "light-blue"}
ALL = 'job=~"$job",database=~"$database"'


def target(expression, legend="", **more):
    return {"datasource": SOURCE, "expr": expression, "legendFormat": legend or "__auto", **more}


def panel(kind, title, targets, unit="short", **more):
    """`more`: description, options, or custom settings of the fields."""
    described = {"description": more.pop("description")} if "description" in more else {}
    options = more.pop("options", {})
    return {"type": kind, "title": title, "datasource": SOURCE, **described,
            "targets": [{**each, "refId": chr(ord("A") + number)} for number, each in enumerate(targets)],
            "fieldConfig": {"defaults": {"unit": unit, "min": 0, **more}, "overrides": []}, "options": options}


def lines(title, *targets, unit="short", stacked=False, **more):
    custom = {"fillOpacity": 30 if stacked else 8, "stacking": {"mode": "normal" if stacked else "none"}}
    legend = {"showLegend": True, "displayMode": "table", "placement": "bottom", "calcs": ["lastNotNull", "max"]}
    return panel("timeseries", title, targets, unit, custom=custom,
                 options={"legend": legend, "tooltip": {"mode": "multi", "sort": "desc"}}, **more)


def number(title, expression, unit="short", steps=((None, "green"),), **more):
    thresholds = {"mode": "absolute", "steps": [{"value": value, "color": colour} for value, colour in steps]}
    return panel("stat", title, [target(expression, instant=True)], unit, thresholds=thresholds,
                 options={"colorMode": "background", "graphMode": "none"}, **more)


def states(title):
    """A ribbon per database: the worst of its breakers."""
    parts = [f'(sluice_circuit_breaker_state{{{ALL},state="closed"}} * 0)']
    parts += [f'(sluice_circuit_breaker_state{{{ALL},state="{state}"}} * {code})' for state, code in STATES.items()]
    words = {str(code): {"text": state, "color": COLOURS[state]}
             for state, code in {"closed": 0, **STATES}.items()}
    return panel("state-timeline", title, [target("max by (database) (" + " or ".join(parts) + ")", "{{database}}")],
                 mappings=[{"type": "value", "options": words}],
                 options={"mergeValues": True, "showValue": "auto", "rowHeight": 0.8})


def quantiles(metric, labels):
    return [target(f"histogram_quantile({q}, sum by (le) (rate({metric}_bucket{{{labels}}}[$__rate_interval])))",
                   f"p{round(q * 100)}") for q in (0.5, 0.95, 0.99)]


def rate(metric, labels, by):
    legend = " ".join("{{" + label + "}}" for label in by.split(", "))
    return target(f"sum by ({by}) (rate({metric}{{{labels}}}[$__rate_interval]))", legend)


def overview():
    queries = 'job=~"$job",http_route=~"/query.*"'
    failed = f'sum(rate(http_server_request_duration_seconds_count{{{queries},http_response_status_code=~"5.."}}[5m]))'
    every = f"sum(rate(http_server_request_duration_seconds_count{{{queries}}}[5m]))"
    red_from = lambda value: ((None, "green"), (value, "red"))
    return [
        ("Now", 4, 4, [
            number("Gateways up", 'sum(up{job=~"$job"})'),
            number("Databases shut off", f"count(sluice_database_up{{{ALL}}} == 0) or vector(0)", steps=red_from(1)),
            number("Calls waiting", f"sum(db_client_connection_pending_requests{{{ALL}}})",
                   steps=((None, "green"), (20, "orange"))),
            number("Queries per second", every, "reqps"),
            number("Answered with 5xx", f"({failed} or vector(0)) / {every}", "percentunit", red_from(0.01)),
            number("99 % within", "histogram_quantile(0.99, sum by (le) (rate("
                   f"http_server_request_duration_seconds_bucket{{{queries}}}[5m])))", "s"),
        ]),
        ("Databases", 24, 7, [states("Circuit breakers")]),
        ("Load", 12, 8, [
            lines("Queries per second", rate("sluice_queries_total", ALL, "database"), unit="reqps"),
            lines("99th percentile of calls", target(
                "histogram_quantile(0.99, sum by (le, database) (rate(db_client_operation_duration_seconds_bucket"
                f"{{{ALL}}}[$__rate_interval])))", "{{database}}"), unit="s"),
            lines("Failed calls", rate("db_client_operation_duration_seconds_count", ALL + ',error_type!=""',
                                       "database, error_type"), unit="reqps"),
            lines("Refused before they reached the database",
                  rate("sluice_pool_rejected_total", ALL, "database, reason"), unit="reqps"),
        ]),
        ("Pools", 12, 8, [
            lines("Share of connections in use", target(
                f'sum by (database) (db_client_connection_count{{{ALL},db_client_connection_state="used"}})'
                f" / sum by (database) (db_client_connection_max{{{ALL}}})", "{{database}}"), unit="percentunit", max=1),
            lines("Calls waiting", target(f"sum by (database) (db_client_connection_pending_requests{{{ALL}}})",
                                          "{{database}}")),
        ]),
        ("HTTP and process", 8, 8, [
            lines("Requests by status", rate("http_server_request_duration_seconds_count", 'job=~"$job"',
                                             "http_response_status_code"), unit="reqps", stacked=True),
            lines("Where the time of a query goes", target(
                'sum by (stage) (rate(sluice_request_stage_seconds_sum{job=~"$job"}[$__rate_interval])) / '
                'sum by (stage) (rate(sluice_request_stage_seconds_count{job=~"$job"}[$__rate_interval]))', "{{stage}}"),
                unit="s", stacked=True),
            lines("Not let in", rate("sluice_auth_failures_total", 'job=~"$job"', "reason"), unit="reqps"),
            lines("CPU", rate("process_cpu_seconds_total", 'job=~"$job"', "instance"), unit="percentunit"),
            lines("Memory", target('process_resident_memory_bytes{job=~"$job"}', "{{instance}}"), unit="bytes"),
            lines("Log lines", rate("sluice_log_messages_total", 'job=~"$job",level=~"warn|error"', "level")),
        ]),
    ]


def one_database():
    operation = "db_client_operation_duration_seconds"
    return [
        ("Now", 4, 4, [
            number("State", f"max(sluice_database_up{{{ALL}}})", steps=((None, "red"), (1, "green")),
                   mappings=[{"type": "value", "options": {"0": {"text": "shut off"}, "1": {"text": "up"}}}]),
            number("Connections in use", f'sum(db_client_connection_count{{{ALL},db_client_connection_state="used"}})'),
            number("Connections at most", f"sum(db_client_connection_max{{{ALL}}})"),
            number("Calls waiting", f"sum(db_client_connection_pending_requests{{{ALL}}})"),
            number("Oldest wait", f"max(sluice_pool_oldest_wait_seconds{{{ALL}}})", "s"),
            number("Opened in a day", f"sum(increase(sluice_circuit_breaker_opened_total{{{ALL}}}[1d]))",
                   steps=((None, "green"), (1, "orange")), decimals=0),
        ]),
        ("Calls", 12, 8, [
            lines("Duration", *quantiles(operation, ALL), unit="s"),
            lines("By operation", rate(operation + "_count", ALL, "db_operation_name"), unit="reqps", stacked=True),
            lines("Failed, by error", rate(operation + "_count", ALL + ',error_type!=""', "error_type"), unit="reqps"),
            lines("Refused, by reason", rate("sluice_pool_rejected_total", ALL, "reason"), unit="reqps"),
            lines("Rows and bytes", rate("sluice_response_rows_total", ALL, "database"),
                  rate("sluice_response_bytes_total", ALL, "database")),
            lines("Rows per statement", *quantiles("db_client_response_returned_rows", ALL)),
        ]),
        ("Pool", 12, 8, [
            lines("Connections", target(f"sum by (db_client_connection_state) (db_client_connection_count{{{ALL}}})",
                                        "{{db_client_connection_state}}"), stacked=True),
            lines("Waiting", target(f"sum(db_client_connection_pending_requests{{{ALL}}})", "waiting"),
                  target(f"sum(sluice_pool_wait_limit{{{ALL}}})", "limit")),
            lines("Time to get a connection", *quantiles("db_client_connection_wait_time_seconds", ALL), unit="s"),
            lines("Time to open one", *quantiles("db_client_connection_create_time_seconds", ALL), unit="s"),
            lines("Closed, by reason", rate("sluice_pool_connections_closed_total", ALL, "reason")),
            lines("Opened and failed", rate("sluice_pool_connections_created_total", ALL, "database"),
                  rate("sluice_pool_connections_create_errors_total", ALL, "database")),
        ]),
        ("Circuit breaker", 12, 8, [
            states("State"),
            lines("Failures and slow connects against their limits",
                  target(f"max(sluice_circuit_breaker_failure_ratio{{{ALL}}})", "failed"),
                  target(f"max(sluice_circuit_breaker_failure_ratio_threshold{{{ALL}}})", "opens at"),
                  target(f"max(sluice_circuit_breaker_slow_ratio{{{ALL}}})", "slow"),
                  target(f"max(sluice_circuit_breaker_slow_ratio_threshold{{{ALL}}})", "opens at, slow"),
                  unit="percentunit", max=1),
            lines("Calls as it judged them", rate("sluice_circuit_breaker_calls_total", ALL, "outcome"), unit="reqps"),
            lines("Changes of state", target(
                f"sum by (from, to, reason) (increase(sluice_circuit_breaker_transitions_total{{{ALL}}}[$__interval]))",
                "{{from}} to {{to}}: {{reason}}")),
        ]),
    ]


def place(rows):
    """Every panel on a grid 24 wide."""
    placed, y = [], 0
    for title, width, height, panels in rows:
        placed.append({"type": "row", "title": title, "collapsed": False, "panels": [],
                       "gridPos": {"x": 0, "y": y, "w": 24, "h": 1}})
        per_line = 24 // width
        for index, each in enumerate(panels):
            placed.append({**each, "gridPos": {"x": index % per_line * width, "y": y + 1 + index // per_line * height,
                                               "w": width, "h": height}})
        y += 1 + -(-len(panels) // per_line) * height
    return [{**each, "id": index + 1} for index, each in enumerate(placed)]


def variable(name, metric, many):
    query = {"query": f"label_values({metric}, {name})", "refId": name}
    return {"name": name, "label": name.capitalize(), "type": "query", "datasource": SOURCE, "query": query,
            "refresh": 2, "sort": 1, "multi": many, "includeAll": many,
            "current": {"text": "All", "value": "$__all"} if many else {}}


def dashboard(uid, title, rows, many):
    source = {"name": "datasource", "label": "Data source", "type": "datasource", "query": "prometheus", "current": {}}
    return {"uid": uid, "title": title, "tags": ["sluice"], "schemaVersion": 39, "editable": True, "refresh": "15s",
            "time": {"from": "now-1h", "to": "now"}, "timezone": "browser", "graphTooltip": 1,
            "links": [{"type": "dashboards", "title": "Sluice", "tags": ["sluice"], "includeVars": True,
                       "keepTime": True, "asDropdown": False}],
            "templating": {"list": [source, variable("job", "sluice_build_info", True),
                                    variable("database", "sluice_database_up", many)]},
            "panels": place(rows)}


def main():
    for name, made in (("overview", dashboard("sluice-overview", "Sluice: overview", overview(), True)),
                       ("database", dashboard("sluice-database", "Sluice: one database", one_database(), False))):
        text = json.dumps(made, indent=1, ensure_ascii=False) + "\n"
        (FOLDER / f"{name}.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
