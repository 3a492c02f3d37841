"""Large results, read by a few clients at once, each as fast as it can: rows per second and the time to the first
of them. A request stands for 1,000 rows, so that whoever answers a thousand at a time can be compared."""

import collections
import concurrent.futures
import json
import os
import statistics
import subprocess
import time

from load import Load, LoadError, children_cpu
from pgbench import NativeClient

ROWS = 200_000
SQL = ("SELECT id,name,price,qty,created_at FROM items CROSS JOIN generate_series(1, %d)" % (ROWS // 10_000))


def _read(command, environment):
    """Reads one result to its end; the seconds until its first byte, as the program says, and all of them."""
    start = time.monotonic()
    done = subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True, start_new_session=True)
    if done.returncode != 0:
        raise LoadError(f"{command[0]} failed: {done.stderr[-300:]}")
    return float(done.stdout or "nan"), time.monotonic() - start


def _drive(command, readers, seconds, environment=None):
    before, start = children_cpu(), time.monotonic()

    def one(_):
        firsts = []
        while not firsts or time.monotonic() < start + seconds:
            firsts.append(_read(command, environment or {})[0])
        return firsts

    with concurrent.futures.ThreadPoolExecutor(readers) as pool:
        firsts = sorted(first * 1e3 for some in pool.map(one, range(readers)) for first in some)
    elapsed = time.monotonic() - start
    known = None if firsts[0] != firsts[0] else firsts
    return Load(len(firsts) * ROWS // 1000, elapsed, statistics.median(firsts) if known else None,
                firsts[int(len(firsts) * 0.99)] if known else None, collections.Counter(), children_cpu() - before)


def read_over_http(server, workload, seconds):
    """With curl, which leaves the rows unread."""
    encoding = ["-H", "Accept-Encoding: gzip"] if workload.gzip else []
    command = ["curl", "-sS", "--fail", "-o", "/dev/null", "-w", "%{time_starttransfer}", *encoding, "-H", f"Accept: {workload.accept}",
               "-H", "Content-Type: application/json", "-H", f"Authorization: Bearer {server.key}", "-d", json.dumps({"sql": SQL}),
               f"{server.url}/query/db1"]
    return _drive(command, workload.connections, seconds)


class Copy(NativeClient):
    """psql's COPY to CSV: native, without HTTP."""

    def __init__(self, setup):
        self.label = "psql COPY, CSV"
        self._target = setup.databases.target("db1")
        self._program = os.path.join(setup.databases.programs, "psql")

    def drive(self, workload, seconds, seed):
        command = [self._program, "-Xq", "-h", self._target["host"], "-p", str(self._target["port"]), "-U", self._target["user"],
                   "-o", "/dev/null", "-c", f"copy ({SQL}) to stdout csv header", self._target["database"]]
        return _drive(command, workload.connections, seconds, {"PGPASSWORD": self._target["password"]})
