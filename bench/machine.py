"""What was measured, on what: numbers mean little without it."""

import platform
import re
import shlex
import subprocess

from databases import ROOT
from processes import CORES


def _output(*command):
    try:
        done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
        return (done.stdout or done.stderr).strip().split("\n")[0]
    except OSError:
        return "unknown"


def _found_in(file_name, pattern, otherwise):
    with open(file_name, encoding="utf-8") as file:
        found = re.search(pattern, file.read(), re.M)
    return found.group(1) if found else otherwise


def describe():
    """One line: cores, memory, versions."""
    processor = _found_in("/proc/cpuinfo", r"^model name\s*:\s*(.*)$", platform.machine())
    memory = round(int(_found_in("/proc/meminfo", r"MemTotal:\s+(\d+)", "0")) / 1024**2)
    system = platform.freedesktop_os_release().get("PRETTY_NAME", "Linux")
    return (f"{CORES} cores ({processor}), {memory} GB, {system}, Linux {platform.release().split('-')[0]}; "
            f"{_output('psql', '--version')}; GCC {_output('c++', '-dumpfullversion')}; "
            f"{_output('wrk', '-v').split(' [')[0]}")


def _without_files(arguments):
    """What was asked for, not where things lie on this machine."""
    kept = iter(arguments)
    for argument in kept:
        name = argument.split("=")[0]
        if name not in ("--binary", "--peers", "--json", "--markdown"):
            yield argument
            continue
        if "=" not in argument:
            next(kept, None)
        if name == "--peers":
            yield from (name, "DIRECTORY")


def provenance(arguments, binary):
    """One line: the command, the day and the commit."""
    commit = "a binary of its own" if binary else "commit " + _output("git", "describe", "--always", "--dirty")
    command = shlex.join(["bench/run", *_without_files(arguments)])
    return f"`{command}`, {_output('date', '-u', '+%Y-%m-%d')}, {commit}"
