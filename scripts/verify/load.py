"""Many at once: stress, a hundred requests, clients, and what being concurrent gains."""

import secrets
import time

from client import Load, WrongAnswer, run_load
from gateway import together  # tests/e2e
from items import item

STRESS_SECONDS = 1.0
POINT = "SELECT id, name, email FROM users WHERE id = $1"
POINT_ANYWHERE = "SELECT $1::int AS id"  # where the tables are not the demo's


def point_reader(db, number):
    """A request that asks for one row again and again, over one connection, and looks that it is the
    right one."""
    client, wanted = db.new_client(), 1 + number % 1000
    sql = POINT if db.witness else POINT_ANYWHERE

    def read():
        answer = db.query(sql, [wanted], client)
        if answer.status == 200 and [row["id"] for row in answer.json["rows"]] != [wanted]:
            raise WrongAnswer(answer)
        return answer

    return read


def limit_of(figures):
    """The most connections a pool may have."""
    return figures["max_size"] + figures["pool_config"]["max_overflow"]


def expect_all_answered(report, load, what="every request is answered 200"):
    report.expect(load.requests and not load.failures, what, load)


def expect_within(report, watch, limit):
    report.expect(watch.most <= limit, f"never more than {limit} connections", watch.most)


def stress(workers):
    def run(world, report):
        report.did(f"{workers} workers, each over a connection of its own, read one row again and again"
                   f" for {STRESS_SECONDS:g} s")
        with world.database(f"stress-{workers}") as db:
            limit = limit_of(db.metrics())
            with db.watch() as watch:
                load = run_load(workers, STRESS_SECONDS, lambda n: point_reader(db, n))
        report.saw(*load.figures())
        report.saw(*watch.figures(limit))
        expect_all_answered(report, load, "every request is answered 200 with its own row")
        expect_within(report, watch, limit)
    item(f"stress-{workers}", f"Stress: {workers} workers", anywhere=True)(run)


for workers in (5, 15, 25, 50):
    stress(workers)


@item("hundred", "A hundred requests at once: before, during, after", anywhere=True)
def hundred(world, report):
    report.did("sent 100 requests at once, each a statement of 0.1 s, and read the pool's figures"
               " before, during and after")
    with world.database("hundred") as db:
        limit = limit_of(db.metrics())
        load = Load()
        states = [state(db, "before")]
        with db.watch() as watch:
            start = time.monotonic()
            together(100, lambda _: load.call(lambda: db.query("SELECT pg_sleep(0.1)")))
            load.seconds = time.monotonic() - start
        after = db.settled()
        states += [("during (most)", watch.open, watch.used, watch.waiting, watch.counted),
                   state(db, "after")]
    report.table(["state", "connections", "in use", "waiting", "PostgreSQL's"], states)
    report.saw(("all answered after", load.seconds, "s"), ("success", load.success, "%"))
    busy = min(100, limit)
    report.expect(load.outcomes["200"] == 100, "all 100 are answered 200", load)
    report.expect(load.quickest >= 100, "none before its time", load.quickest)
    report.expect(watch.used >= busy, f"during, all {busy} connections work", watch.used)
    report.expect(limit >= 100 or watch.waiting > 0, "and the others wait in the queue", watch.waiting)
    expect_within(report, watch, limit)
    lent, returned = after["connections_acquired"], after["connections_released"]
    report.expect(lent == returned, "after, every connection is given back", (lent, returned))


def state(db, name):
    now = db.metrics()
    counted = db.witness.look().total if db.witness else None
    return name, now["pool_size"], now["used_connections"], now["waiting"], counted


class Visitors:
    """Clients that each write a row into a table of theirs, change it and read it back."""

    def __init__(self, db):
        self._db = db
        self._table = "verify_" + secrets.token_hex(4)
        self.load = Load()

    def __enter__(self):
        self._db.rows(f"CREATE TABLE {self._table} (client int PRIMARY KEY, visits int NOT NULL)")
        return self

    def __exit__(self, *_):
        self._db.rows(f"DROP TABLE {self._table}")

    def come(self, count):
        start = time.monotonic()
        together(count, self._visit)
        self.load.seconds = time.monotonic() - start

    def _visit(self, number):
        where = f"{self._table} WHERE client = $1"
        with self._db.new_client() as client:
            for sql in (f"INSERT INTO {self._table} VALUES ($1, 1) RETURNING client",
                        f"SELECT client FROM {where}",
                        f"UPDATE {self._table} SET visits = 2 WHERE client = $1 RETURNING client",
                        f"SELECT client, count(*) FROM {where} GROUP BY client"):
                self.load.call(lambda: self._ask(client, sql, number))

    def _ask(self, client, sql, number):
        answer = self._db.query(sql, [number], client)
        if answer.status == 200 and [row["client"] for row in answer.json["rows"]] != [number]:
            raise WrongAnswer(answer)
        return answer

    def kept(self):
        """How many rows there are, and how many visits they tell of."""
        row = self._db.rows(f"SELECT count(*)::int AS rows, sum(visits)::int AS visits FROM {self._table}")[0]
        return row["rows"], row["visits"]


def clients(count):
    def run(world, report):
        report.did(f"{count} clients at once, each over a connection of its own: insert a row, read it back,"
                   " change it, count")
        with world.database(f"clients-{count}") as db, Visitors(db) as visitors:
            limit = limit_of(db.metrics())
            with db.watch() as watch:
                visitors.come(count)
            kept = visitors.kept()
        report.saw(*visitors.load.figures())
        report.saw(*watch.figures(limit))
        expect_all_answered(report, visitors.load, "every client is answered 200 with its own rows")
        expect_within(report, watch, limit)
        report.expect(kept == (count, 2 * count), "the table holds what all of them wrote", kept)
    item(f"clients-{count}", f"{count} clients at once", anywhere=True)(run)


for count in (5, 10, 20, 30, 50):
    clients(count)


@item("speed-up", "One after another against all at once", anywhere=True)
def speed_up(world, report):
    report.did("ran 20 statements of 0.05 s one after another, then 20 at once")
    with world.database("speed-up") as db:
        limit = limit_of(db.metrics())
        alone, alone_peak = timed(db, lambda ask: [ask() for _ in range(20)])
        at_once, at_once_peak = timed(db, lambda ask: together(20, lambda _: ask()))
    report.table(["way", "seconds", "connections in use"],
                 [("one after another", alone.seconds, alone_peak),
                  ("at once", at_once.seconds, at_once_peak)])
    report.saw(("at once is", f"{alone.seconds / at_once.seconds:.1f} times as fast"))
    report.expect(not alone.failures and not at_once.failures, "all 40 are answered 200",
                  (str(alone), str(at_once)))
    quickest = min(alone.quickest, at_once.quickest)
    report.expect(quickest >= 50, "none before its time", quickest)
    if world.demo:
        report.expect(alone_peak == 1, "one after another needs one connection", alone_peak)
        report.expect(1 < at_once_peak <= limit, f"at once uses more, but never more than {limit}",
                      at_once_peak)


def timed(db, run):
    """A Load, and the most connections that were in use."""
    load = Load()
    with db.watch() as watch:
        start = time.monotonic()
        run(lambda: load.call(lambda: db.query("SELECT pg_sleep(0.05)")))
        load.seconds = time.monotonic() - start
    return load, watch.used
