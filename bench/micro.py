"""Runs the micro-benchmarks, and counts their instructions: those hardly depend on what else the machine does."""

import dataclasses
import json
import os
import re
import subprocess
import tempfile


@dataclasses.dataclass
class Micro:
    """Medians of the repetitions; `spread` is their standard deviation ÷ mean."""

    name: str
    nanoseconds: float
    spread: float
    instructions: float = None


def _repeated(binary, repetitions):
    done = subprocess.run(
        [binary, "--benchmark_format=json", f"--benchmark_repetitions={repetitions}",
         "--benchmark_report_aggregates_only=true", "--benchmark_enable_random_interleaving=true",
         "--benchmark_min_time=0.1"], stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout)["benchmarks"]


def _names(binary):
    """In the order of the source; interleaving mixes them."""
    return subprocess.run([binary, "--benchmark_list_tests"], stdout=subprocess.PIPE, text=True,
                          check=True).stdout.split()


def _collected(binary, name, iterations):
    """Instructions of the whole program."""
    with tempfile.NamedTemporaryFile() as profile:
        done = subprocess.run(
            ["valgrind", "--tool=callgrind", f"--callgrind-out-file={profile.name}", binary,
             f"--benchmark_filter=^{re.escape(name)}(/iterations:[0-9]+)?$"],
            env=dict(os.environ, SLUICE_MICRO_ITERATIONS=str(iterations)),
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=True)
    return int(re.search(r"Collected : (\d+)", done.stderr).group(1))


def _instructions(binary, name):
    """Per iteration: what a longer run needs more than a shorter one."""
    short, long = 200, 1200
    return (_collected(binary, name, long) - _collected(binary, name, short)) / (long - short)


def measure(binary, repetitions, instructions):
    by_name = {}
    for one in _repeated(binary, repetitions):
        if one.get("error_occurred"):
            raise SystemExit(f"{one['run_name']}: {one['error_message']}")
        by_name.setdefault(one["run_name"], {})[one["aggregate_name"]] = one["cpu_time"]
    found = [Micro(name, by_name[name]["median"], by_name[name]["cv"]) for name in _names(binary)]
    for one in found if instructions else []:
        one.instructions = _instructions(binary, one.name)
    return found


def table(found):
    lines = [["", "ns", "spread", "instructions"]]
    for one in found:
        counted = "–" if one.instructions is None else f"{one.instructions:,.0f}"
        lines.append([one.name, f"{one.nanoseconds:,.1f}", f"{one.spread:.0%}", counted])
    return lines
