"""Interleaved rounds: each round runs everybody once, in rotated order, so that a machine whose speed drifts
is equally unfair to all."""

import collections
import contextlib
import dataclasses
import time

from contestants import NotStarted
from load import LoadError
from processes import CORES, calibration_ms, cpu_seconds, machine_cpu_seconds


@dataclasses.dataclass(frozen=True)
class Plan:
    rounds: int
    seconds: int
    warm_up: int
    retries: int
    disturbance: float  # repeat when other processes take more than this share of the cores


@dataclasses.dataclass
class Sample:
    """One measurement. CPU is in µs per request, and None where there is no server besides PostgreSQL.
    `errors` counts by kind, while warming up too. `foreign` is the share of the cores that went to processes which
    have no part in it."""

    rate: float
    p50_ms: float
    p99_ms: float
    cpu_us: float
    postgres_cpu_us: float
    memory_mb: float
    errors: collections.Counter
    foreign: float
    calibration_ms: float


def drive(entry, seconds, seed):
    """Longer while nobody was answered at all: a slow machine is slow, not wrong."""
    load = entry.contestant.drive(entry.workload, seconds, seed)
    if load.requests > 0:
        return load
    if load.errors or seconds > 60:
        raise LoadError(f"{entry.label}: no request was answered in {seconds} s; {_in_words(load.errors)}")
    return drive(entry, 2 * seconds, seed)


def sample(entry, plan, databases, seed):
    """`databases` are PostgreSQL's, whose CPU is not foreign."""
    server, workload = entry.contestant, entry.workload

    def used_so_far():
        return server.cpu_seconds(), sum(map(cpu_seconds, databases.pids)), machine_cpu_seconds()

    errors = server.warm_up(workload, plan.warm_up, seed)
    speed = calibration_ms()
    start = time.monotonic()
    before = used_so_far()
    load = drive(entry, plan.seconds, seed + 1)
    after = used_so_far()
    elapsed = time.monotonic() - start
    used, postgres_used, all_used = ((late or 0) - (early or 0) for early, late in zip(before, after))
    errors += load.errors
    foreign = all_used - used - postgres_used - load.client_cpu
    per_request = 1e6 / load.requests
    return Sample(
        rate=load.requests / load.seconds, p50_ms=load.p50_ms, p99_ms=load.p99_ms,
        cpu_us=used * per_request if after[0] is not None else None, postgres_cpu_us=postgres_used * per_request,
        memory_mb=server.memory_mb(), errors=errors,
        foreign=max(0.0, foreign / (CORES * elapsed)), calibration_ms=speed)


def least_disturbed(entry, plan, databases, seed):
    """Measures again while others disturb too much, a few times; errors count whenever they happen."""
    best, errors = None, collections.Counter()
    for attempt in range(1 + plan.retries):
        one = sample(entry, plan, databases, seed + 10 * attempt)
        errors += one.errors
        if best is None or one.foreign < best.foreign:
            best = one
        if best.foreign <= plan.disturbance or attempt == plan.retries:
            break
        print(f"    others took {one.foreign:.0%} of the cores; again", flush=True)
        time.sleep(1 + 2 * attempt)
    return dataclasses.replace(best, errors=errors)


def _in_words(errors):
    return "errors: " + ", ".join(f"{kind} {count}" for kind, count in errors.items()) if errors else "no error"


def _p99(one):
    """Not everybody tells."""
    return f"p99 {one.p99_ms:.2f} ms  " if one.p99_ms is not None else ""


def measure(section, plan, databases):
    """{label: [Sample, …]} of the section's entries, whose contestants run already."""
    samples = {entry.label: [] for entry in section.entries}
    for number in range(plan.rounds):
        shift = number * max(1, len(section.entries) // 2 - 1) % len(section.entries)
        for entry in section.entries[shift:] + section.entries[:shift]:
            one = least_disturbed(entry, plan, databases, 1000 * number)
            samples[entry.label].append(one)
            print(f"  {number + 1}/{plan.rounds} {entry.label:<36} {one.rate:>9,.0f}/s  {_p99(one)}"
                  f"{_in_words(one.errors)}, "
                  f"others took {one.foreign:.0%}", flush=True)
    return samples


@contextlib.contextmanager
def running(contestants):
    """Starts all, stops all. Yields those that run and answer rightly, and what is wrong with the others:
    [(contestant, words)]."""
    good, bad = [], []
    with contextlib.ExitStack() as stack:
        for contestant in contestants:
            stack.callback(contestant.close)
            contestant.launch()
        for contestant in contestants:
            try:
                contestant.wait_until_ready()
                wrong = contestant.mistakes()
            except NotStarted as error:
                if contestant.kind != "peer":
                    raise
                print(f"  left out: {error}", flush=True)
                continue
            (bad if wrong else good).append((contestant, wrong))
        yield [contestant for contestant, _ in good], bad

