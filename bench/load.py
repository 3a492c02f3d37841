"""Drives one server with wrk."""

import collections
import dataclasses
import os
import re
import resource
import subprocess

LUA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "lua")


@dataclasses.dataclass
class Load:
    """What a client saw. `errors` counts them by kind; `client_cpu` is its own CPU time in seconds."""

    requests: int
    seconds: float
    p50_ms: float
    p99_ms: float
    errors: collections.Counter
    client_cpu: float


class LoadError(RuntimeError):
    pass


def children_cpu():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def wrk(url, workload, seconds, **environment):
    """One thread: it shares the cores with what it measures, and is not the bottleneck. The long timeout
    makes a slow machine slow, not wrong."""
    before = children_cpu()
    done = subprocess.run(
        ["wrk", "-t1", f"-c{workload.connections}", f"-d{seconds}s", "--timeout", "30s",
         "-s", os.path.join(LUA, workload.script + ".lua"), url],
        env={**os.environ, "LUA_DIRECTORY": LUA, "FIRST": str(workload.first), "DATABASES": str(workload.databases),
             "THINK_MS": str(workload.think_ms), **environment},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True)
    values = _line("RESULT", done.stdout)
    if done.returncode != 0 or not values:
        raise LoadError("wrk failed: " + done.stdout[-500:])
    return Load(values["requests"], values["duration_us"] / 1e6, values["p50_us"] / 1e3, values["p99_us"] / 1e3,
                _line("ERRORS", done.stdout), children_cpu() - before)


def _line(name, output):
    """{key: number} of the line of that name, without zeros."""
    found = re.search(rf"^{name} (.*)$", output, re.M)
    pairs = re.findall(r"(\w+)=(\d+)", found.group(1) if found else "")
    return collections.Counter({key: int(value) for key, value in pairs if int(value) > 0})
