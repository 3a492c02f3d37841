"""pgbench as a contestant: no HTTP, no JSON, the yardstick."""

import collections
import glob
import os
import re
import subprocess

from load import Load, LoadError, children_cpu
from processes import CORES


class NativeClient:
    """Asks PostgreSQL itself: there is no server of its own to start, to try or to watch."""

    kind = "pgbench"

    def launch(self):
        pass

    wait_until_ready = close = launch

    def mistakes(self):
        return []

    def warm_up(self, workload, seconds, seed):
        return collections.Counter()

    def cpu_seconds(self):
        """None: PostgreSQL is all the server there is."""
        return None

    memory_mb = cpu_seconds


class Pgbench(NativeClient):
    """Native clients straight on PostgreSQL, with the same statement, prepared."""

    statements = {
        "point": "\\set id random(1, 10000)\nSELECT id,name,price,qty FROM items WHERE id=:id;\n",
        "rows": "\\set id random(0, 9000)\n"
                "SELECT id,name,price,qty,created_at FROM items WHERE id>:id ORDER BY id LIMIT 1000;\n",
    }

    def __init__(self, clients, setup):
        self.label = f"pgbench -c {clients}"
        self._clients = clients
        self._directory = setup.directory
        self._target = setup.databases.target("db1")
        self._program = os.path.join(setup.databases.programs, "pgbench")

    def drive(self, workload, seconds, seed):
        script = os.path.join(self._directory, "pgbench.sql")
        with open(script, "w", encoding="utf-8") as file:
            file.write(self.statements[workload.script])
        before = children_cpu()
        output = self._run(script, seconds, seed)
        requests = int(_find(r"actually processed: (\d+)", output))
        failed = int(_find(r"failed transactions: (\d+)", output))
        if requests > 0:
            seconds = requests / float(_find(r"^tps = ([\d.]+)", output))  # connecting is not counted
        return Load(requests, seconds, *self._percentiles(), collections.Counter({"failed": failed} if failed else {}),
                    children_cpu() - before)

    def _run(self, script, seconds, seed):
        """Every twentieth transaction is logged, for the percentiles."""
        done = subprocess.run(
            [self._program, "-n", "-M", "prepared", "-c", str(self._clients), "-j", str(min(CORES, self._clients)),
             "-T", str(seconds), "-f", script, f"--random-seed={seed}", "--log", "--sampling-rate=0.05",
             "--log-prefix", os.path.join(self._directory, "pgbench_log"), "-h", self._target["host"],
             "-p", str(self._target["port"]), "-U", self._target["user"], self._target["database"]],
            env=dict(os.environ, PGPASSWORD=self._target["password"]), capture_output=True, text=True,
            start_new_session=True)
        if done.returncode != 0:
            raise LoadError("pgbench failed: " + done.stderr[-500:])
        return done.stdout

    def _percentiles(self):
        latencies = []
        for name in glob.glob(os.path.join(self._directory, "pgbench_log.*")):
            with open(name, encoding="ascii") as file:
                latencies += [int(line.split()[2]) / 1e3 for line in file]
            os.remove(name)
        latencies.sort()
        return [latencies[int(len(latencies) * share)] if latencies else None for share in (0.5, 0.99)]


def _find(pattern, text):
    found = re.search(pattern, text, re.M)
    if not found:
        raise LoadError(f"pgbench said nothing like '{pattern}': {text[-500:]}")
    return found.group(1)
