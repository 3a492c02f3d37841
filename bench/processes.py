"""Processes as the kernel sees them: their CPU time, their memory, and how busy the machine is besides."""

import os
import re
import time

TICKS = os.sysconf("SC_CLK_TCK")
CORES = len(os.sched_getaffinity(0))


def _stat(pid):
    """The fields of /proc/PID/stat after the program's name, or None if it is gone."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            text = file.read()
        return text[text.rindex(")") + 2:].split()
    except OSError:
        return None


def tree(root):
    """`root` and its descendants that live now."""
    children = {}
    for name in os.listdir("/proc"):
        if name.isdigit() and (fields := _stat(name)):
            children.setdefault(int(fields[1]), []).append(int(name))
    found, ahead = [], [root]
    while ahead:
        found.append(ahead.pop())
        ahead += children.get(found[-1], [])
    return found


def cpu_seconds(root):
    """Of `root`, its living descendants and the children they have waited for."""
    fields = [found for found in map(_stat, tree(root)) if found]
    return sum(int(value) for found in fields for value in found[11:15]) / TICKS


def memory_mb(root):
    """Resident, summed over `root` and its descendants."""
    kilobytes = 0
    for pid in tree(root):
        try:
            with open(f"/proc/{pid}/status", encoding="utf-8", errors="replace") as file:
                kilobytes += sum(map(int, re.findall(r"^VmRSS:\s+(\d+)", file.read(), re.M)))
        except OSError:
            pass
    return kilobytes / 1024


def machine_cpu_seconds():
    """Of everybody; not idling, not waiting for disks, and not what a hypervisor took away."""
    with open("/proc/stat", encoding="ascii") as file:
        user, nice, system, _, _, irq, soft_irq = map(int, file.readline().split()[1:8])
    return (user + nice + system + irq + soft_irq) / TICKS


def calibration_ms():
    """CPU time of a fixed loop: how fast this machine is at the moment."""
    best = float("inf")
    for _ in range(3):
        start, total = time.process_time(), 0
        for number in range(200000):
            total += number & 7
        best = min(best, (time.process_time() - start) * 1e3)
    return best
