"""Alerts, runbooks and dashboards: Prometheus' own tool reads and tests the rules; nothing names a metric that is not
there. tests/e2e/test_prometheus.py lets a real Prometheus evaluate them."""

import importlib.util
import json
import pathlib
import re
import subprocess
import tempfile
import unittest

import yaml

from expressions import expressions_of, metrics_of, panels_of

ROOT = pathlib.Path(__file__).resolve().parents[2]
RULES = ROOT / "deploy/prometheus/sluice.rules.yml"
DASHBOARDS = sorted((ROOT / "deploy/grafana/dashboards").glob("*.json"))


def groups():
    return yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]


def rules(kind):
    return [rule for group in groups() for rule in group["rules"] if kind in rule]


def exposed():
    """Names of samples. tests/e2e/test_metrics.py holds the page to a running gateway."""
    page = (ROOT / "docs/metrics.md").read_text(encoding="utf-8")
    names = set()
    for name, kind in re.findall(r"(?m)^\| `(\w+)` \| (\w+) \|", page):
        names |= {name + end for end in ("_bucket", "_sum", "_count")} if kind == "histogram" else {name}
    return names | {"up"} | {rule["record"] for rule in rules("record")}


def promtool(*arguments):
    done = subprocess.run(["promtool", *map(str, arguments)], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


class Alerts(unittest.TestCase):
    def test_they_are_well_formed_and_do_what_their_tests_say(self):
        for arguments in (("check", "rules", RULES), ("test", "rules", RULES.with_suffix(".test.yml")),
                          ("check", "config", "--syntax-only", ROOT / "deploy/prometheus/prometheus.yml")):
            status, said = promtool(*arguments)
            self.assertEqual(status, 0, said)

    def test_a_rule_that_is_changed_fails_its_test(self):
        for old, new in (('{state="open"}) == 1', '{state="closed"}) == 1'), ("[15m])) > 3", "[15m])) > 5"),
                         ("for: 1m", "for: 20m"), ("> 14.4 * 0.001 and", "> 144 * 0.001 and")):
            with self.subTest(new), tempfile.TemporaryDirectory() as folder:
                text = RULES.read_text(encoding="utf-8")
                self.assertIn(old, text)
                (pathlib.Path(folder) / RULES.name).write_text(text.replace(old, new), encoding="utf-8")
                test = pathlib.Path(folder) / "test.yml"
                test.write_text(RULES.with_suffix(".test.yml").read_text(encoding="utf-8"), encoding="utf-8")
                self.assertNotEqual(promtool("test", "rules", test)[0], 0)

    def test_every_alert_is_tested(self):
        tested = RULES.with_suffix(".test.yml").read_text(encoding="utf-8")
        for rule in rules("alert"):
            self.assertIn(rule["alert"], tested)

    def test_they_name_only_what_is_exposed(self):
        for rule in rules("expr"):
            self.assertLessEqual(metrics_of(rule["expr"]), exposed(), rule["expr"])

    def test_every_alert_says_what_it_is_and_has_a_runbook(self):
        page = (ROOT / "docs/runbooks.md").read_text(encoding="utf-8")
        sections = {title.lower() for title in re.findall(r"(?m)^## (\w+)$", page)}
        linked = set()
        for rule in rules("alert"):
            notes = rule["annotations"]
            self.assertEqual(set(notes), {"summary", "description", "runbook_url"}, rule["alert"])
            self.assertIn(rule["labels"]["severity"], ("critical", "warning", "info"))
            linked.add(notes["runbook_url"].removeprefix("docs/runbooks.md#"))
        self.assertEqual(linked, sections)


class Dashboards(unittest.TestCase):
    def test_they_are_what_the_script_writes(self):
        with tempfile.TemporaryDirectory() as folder:
            spec = importlib.util.spec_from_file_location("dashboards", ROOT / "scripts/write-dashboards.py")
            script = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(script)
            script.FOLDER = pathlib.Path(folder)
            script.main()
            for file in DASHBOARDS:
                self.assertEqual(file.read_text(encoding="utf-8"),
                                 (pathlib.Path(folder) / file.name).read_text(encoding="utf-8"),
                                 "run scripts/write-dashboards.py")

    def test_they_name_only_what_is_exposed(self):
        self.assertEqual([file.stem for file in DASHBOARDS], ["database", "overview"])
        for file in DASHBOARDS:
            for expression in expressions_of(json.loads(file.read_text(encoding="utf-8"))):
                names = metrics_of(expression)
                self.assertTrue(names, expression)
                self.assertLessEqual(names, exposed(), expression)

    def test_no_panel_covers_another_and_none_is_empty(self):
        for file in DASHBOARDS:
            taken, ids = set(), set()
            dashboard = json.loads(file.read_text(encoding="utf-8"))
            for panel in dashboard["panels"]:
                place = panel["gridPos"]
                cells = {(x, y) for x in range(place["x"], place["x"] + place["w"])
                         for y in range(place["y"], place["y"] + place["h"])}
                self.assertFalse(cells & taken, panel["title"])
                self.assertLessEqual(place["x"] + place["w"], 24)
                taken |= cells
                ids.add(panel["id"])
            self.assertEqual(len(ids), len(dashboard["panels"]))
            self.assertTrue(all(panel["targets"] and panel["title"] for panel in panels_of(dashboard)))

    def test_grafana_is_told_where_they_are(self):
        folder = ROOT / "deploy/grafana/provisioning"
        source = yaml.safe_load((folder / "datasources/prometheus.yml").read_text(encoding="utf-8"))
        provider = yaml.safe_load((folder / "dashboards/sluice.yml").read_text(encoding="utf-8"))
        self.assertEqual(source["datasources"][0]["type"], "prometheus")
        self.assertEqual(provider["providers"][0]["options"]["path"], "/etc/grafana/dashboards")


class Expressions(unittest.TestCase):
    def test_names_are_found_where_they_stand(self):
        for text, names in (('sum by (a) (rate(x_total{l="y_total"}[5m])) / z > 3', {"x_total", "z"}),
                            ("up == 0 and on (job) b:c:rate5m", {"up", "b:c:rate5m"}),
                            ("histogram_quantile(0.9, sum by (le) (rate(h_bucket[1m])))", {"h_bucket"})):
            self.assertEqual(metrics_of(text), names)


if __name__ == "__main__":
    unittest.main()
