"""What was measured on: numbers mean little without it."""

import platform
import re
import subprocess

from databases import ROOT
from processes import CORES


def _output(*command):
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def _processor():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        found = re.search(r"^model name\s*:\s*(.*)$", file.read(), re.M)
    return found.group(1) if found else platform.machine()


def _memory_gb():
    with open("/proc/meminfo", encoding="ascii") as file:
        return round(int(re.search(r"MemTotal:\s+(\d+)", file.read()).group(1)) / 1024**2)


def _distribution():
    return platform.freedesktop_os_release().get("PRETTY_NAME", "Linux")


def facts(arguments):
    return {"command": " ".join(["bench/run", *arguments]), "date": _output("date", "-u", "+%Y-%m-%d"),
            "commit": _output("git", "describe", "--always", "--dirty"), "processor": _processor(), "cores": CORES,
            "memory_gb": _memory_gb(), "system": f"{_distribution()}, Linux {platform.release()}",
            "postgres": _output("psql", "--version"), "compiler": _output("c++", "-dumpfullversion")}


def noise(results):
    """(slowest ÷ fastest calibration, largest share of foreign CPU, median spread of the rows)."""
    samples = [one for _, _, by_label in results for some in by_label.values() for one in some]
    loops = [one.calibration_ms for one in samples]
    spreads = sorted((row.highest - row.lowest) / row.rate for _, found, _ in results for row in found)
    return max(loops) / min(loops), max(one.foreign for one in samples), spreads[len(spreads) // 2]


def as_markdown(known, results):
    drift, foreign, spread = noise(results)
    return "\n".join([
        f"* `{known['command']}` on {known['date']}, commit {known['commit']}",
        f"* {known['cores']} cores ({known['processor']}), {known['memory_gb']} GB; {known['system']}; "
        f"{known['postgres']}; GCC {known['compiler']}",
        f"* Noise: a fixed loop took up to {drift:.2f} × its best time; other processes took up to {foreign:.0%} of the "
        f"cores; the median row's fastest and slowest round are {spread:.0%} apart",
    ])
