"""A Prometheus of a test's own, from Debian's package."""

import json
import os
import shutil
import subprocess
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

from private_postgres import free_port


class Prometheus:
    """Scrapes `target` every second with the key; the rules are evaluated as often, `for` shortened to 1 s."""

    def __init__(self, target, key, rules):
        self.directory = tempfile.mkdtemp(prefix="sluice-prometheus-", dir="/tmp")
        self.port = free_port()
        self._write("rules.yml", rules)
        self._write("key", key)
        self._write("prometheus.yml", json.dumps({
            "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
            "rule_files": ["rules.yml"],
            "scrape_configs": [{"job_name": "sluice", "authorization": {"credentials_file": "key"},
                                "static_configs": [{"targets": [target]}]}]}))
        self._log = open(os.path.join(self.directory, "log"), "wb")
        self.process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "prometheus", "--config.file=prometheus.yml",
             "--storage.tsdb.path=data", f"--web.listen-address=127.0.0.1:{self.port}"],
            cwd=self.directory, stdout=self._log, stderr=self._log)
        self._wait_until_ready()

    def _write(self, name, text):
        with open(os.path.join(self.directory, name), "w", encoding="utf-8") as file:
            file.write(text)

    def _get(self, path, **parameters):
        url = f"http://127.0.0.1:{self.port}{path}?{urllib.parse.urlencode(parameters)}"
        with urllib.request.urlopen(url, timeout=10) as response:
            return response.read().decode("utf-8")

    def _wait_until_ready(self):
        deadline = time.monotonic() + 30
        while True:
            try:
                return self._get("/-/ready")
            except OSError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise
                time.sleep(0.1)

    def query(self, expression):
        """[(labels, value)] of an instant query; a bad expression raises urllib.error.HTTPError."""
        answer = json.loads(self._get("/api/v1/query", query=expression))
        return [(each["metric"], float(each["value"][1])) for each in answer["data"]["result"]]

    def targets(self):
        return json.loads(self._get("/api/v1/targets"))["data"]["activeTargets"]

    def alerts(self):
        """{(name, database): state}"""
        alerts = json.loads(self._get("/api/v1/alerts"))["data"]["alerts"]
        return {(each["labels"]["alertname"], each["labels"].get("database")): each["state"] for each in alerts}

    def close(self):
        self.process.terminate()
        self.process.wait(timeout=30)
        self._log.close()
        shutil.rmtree(self.directory, ignore_errors=True)
