"""The pool: how it grows, what it refuses, how it shrinks, how large it should be."""

from client import outcome_of, run_load
from gateway import together, wait_until  # tests/e2e
from items import item
from load import expect_all_answered, expect_within


@item("scaling", "The pool grows from its minimum to its maximum, and no further")
def scaling(world, report):
    report.did("min_size 2, max_size 10: kept 1, 2, 4, 8, 10 connections busy, then sent 15 requests")
    rows = []
    with world.database("scaling", pool={"min_size": 2, "max_size": 10}) as db:
        for busy in (1, 2, 4, 8, 10):
            with db.held(busy):
                open_now = wait_until(lambda: at_least(db.metrics(), 2), "min_size is open")
                rows.append((f"{busy} busy", open_now, db.witness.look().total))
            db.settled()
        with db.watch() as watch:
            statuses = [a.status for a in together(15, lambda _: db.query("SELECT pg_sleep(0.1)"))]
        rows.append(("15 at once", watch.open, watch.counted))
    report.table(["load", "our connections", "PostgreSQL's"], rows)
    report.expect(rows[0][1:] == (2, 2), "with one busy, the 2 of min_size are open", rows[0])
    report.expect([row[1] for row in rows[:-1]] == [2, 2, 4, 8, 10], "it opens what is needed", rows)
    report.expect(all(ours == theirs for _, ours, theirs in rows[:-1]), "PostgreSQL counts the same", rows)
    report.expect(statuses == [200] * 15, "15 at once are all answered 200", statuses)
    expect_within(report, watch, 10)


def at_least(figures, count):
    return figures["pool_size"] if figures["pool_size"] >= count else None


@item("eleventh", "The 11th acquire is refused when 10 connections are busy")
def eleventh(world, report):
    report.did("max_size 10, acquire_timeout_ms 2000: kept all 10 busy and sent an 11th request")
    with world.database("eleventh", pool={"max_size": 10, "acquire_timeout_ms": 2000}) as db:
        with db.held(10) as answers:
            refused = db.query("SELECT 1")
            counted = db.witness.look().total
        figures = db.settled()
        next_one = db.query("SELECT 1")
    problem = refused.json
    report.saw(("answer", outcome_of(refused)), ("after", refused.seconds * 1000, "ms"),
               ("Retry-After", refused.headers.get("retry-after", "none"), "s"))
    report.saw(("it says", problem.get("detail")))
    report.expect(outcome_of(refused) == "503 acquire_timeout", "503, acquire_timeout", refused)
    report.expect(refused.seconds >= 2, "not before the acquire timeout", refused.seconds)
    report.expect(problem.get("outcome") == "not_started" and problem.get("retryable") is True
                  and "retry-after" in refused.headers,
                  "nothing was started, retrying is safe, Retry-After says when", refused)
    report.expect(counted == 10, "PostgreSQL sees 10 connections, no 11th", counted)
    report.expect(figures["timeouts"] == 1, "the metrics count one timeout", figures["timeouts"])
    report.expect([a.status for a in answers] == [200] * 10, "the 10 end well", answers)
    report.expect(next_one.status == 200, "and the next request is answered", next_one)


@item("idle", "Idle connections are closed, down to min_size")
def idle(world, report):
    report.did("min_size 1, idle_timeout_ms 1000: had 8 connections busy, then left them alone")
    pool = {"min_size": 1, "max_size": 10, "idle_timeout_ms": 1000}
    with world.database("idle", pool=pool) as db:
        with db.held(8):
            pass
        busy = db.witness.look().total
        wait_until(lambda: db.witness.look().total <= 1, "PostgreSQL sees idle connections go")
        figures = db.metrics()
        answer = db.query("SELECT 1")
        left = db.witness.look().total
        closed = closed_for(world, "idle", "idle")
    report.saw(("connections after work", busy), ("after a second idle", left),
               ("closed because idle", closed))
    report.expect(busy == 8, "8 connections were open", busy)
    report.expect((left, figures["pool_size"]) == (1, 1), "1 is left, by both counts", (left, figures))
    report.expect(closed == 7, "7 were closed for being idle, and the metrics say so", closed)
    report.expect(answer.status == 200, "the one that is left works", answer)


def closed_for(world, db_id, reason):
    """From the Prometheus text, which counts closed connections by reason."""
    for line in world.get("/metrics?format=prometheus").text.splitlines():
        if line.startswith("sluice_pool_connections_closed_total{") and \
                f'database="{db_id}"' in line and f'reason="{reason}"' in line:
            return int(float(line.split()[-1]))
    return 0


SIZES = ((2, 10), (5, 20), (10, 50))
SIZE_CLIENTS = 50
SIZE_SECONDS = 1.0
GOOD_ENOUGH = 0.9


@item("sizes", "Pool sizes 2/10, 5/20 and 10/50 compared")
def sizes(world, report):
    report.did(f"{SIZE_CLIENTS} clients ran a statement of 5 ms for {SIZE_SECONDS:g} s against each size")
    measured = {}
    for low, high in SIZES:
        with world.database(f"size-{high}", pool={"min_size": low, "max_size": high}) as db:
            measured[low, high] = measure_size(report, db, (low, high))
            allowed = int(db.witness.ask("show max_connections"))
    report.table(["min/max", "requests/s", "p50 ms", "p95 ms", "connections in use", "of the server's, %"],
                 [(f"{low}/{high}", round(load.per_second), load.percentile(50), load.percentile(95),
                   used, 100.0 * high / allowed)
                  for (low, high), (load, used) in measured.items()])
    recommend(report, measured)


def measure_size(report, db, size):
    low, high = size
    with db.watch() as watch:
        load = run_load(SIZE_CLIENTS, SIZE_SECONDS, lambda _: sleeper(db))
    expect_all_answered(report, load)
    expect_within(report, watch, high)
    left = db.settled()["pool_size"]
    report.expect(left >= low, f"at least {low} stay open", left)
    return load, watch.used


def sleeper(db):
    client = db.new_client()
    return lambda: db.query("SELECT pg_sleep(0.005)", client=client)


def recommend(report, measured):
    """The smallest that is nearly as fast as the fastest. A figure, not a verdict: machines differ."""
    best = max(load.per_second for load, _ in measured.values())
    low, high = next(size for size, (load, _) in measured.items()
                     if load.per_second >= GOOD_ENOUGH * best)
    report.saw(("recommended here", f"{low}/{high}, the smallest within 10 % of the most requests/s"))
