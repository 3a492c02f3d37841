"""A database that goes away and comes back, among others that stay."""

from collections import Counter

from client import run_loads
from items import item
from world import connected

SHOPS = ("shop_eu", "shop_us", "shop_asia", "shop_africa")


def connect_private(world, db_id, **settings):
    """Registers the PostgreSQL that may be stopped."""
    with world.client() as client:
        connected(client, {**world.private_postgres.target(), "db_id": db_id, **settings})


def disconnect(world, db_id):
    with world.client() as client:
        client.request("DELETE", f"/databases/{db_id}?force=true")


@item("one-down", "Several databases at once, one of them down")
def one_down(world, report):
    report.did("stopped the PostgreSQL of one of 5 databases; sent 20 fan-outs over all 5, and loaded each"
               " of them for 1 s")
    everywhere = {"sql": "SELECT count(*) AS tables FROM pg_class", "db_ids": [*SHOPS, "archive"]}
    connect_private(world, "archive")
    world.private_postgres.stop()
    try:
        with world.client() as client:
            answers = [client.post("/query", everywhere) for _ in range(20)]
        loads = load_each(world, everywhere["db_ids"])
        verdict = world.get("/health?probe=true").json
    finally:
        world.private_postgres.start()
        disconnect(world, "archive")
    show_fan_outs(report, answers)
    show_loads(report, loads)
    report.expect(verdict["status"] == "degraded", "the gateway's health is degraded", verdict["status"])


def load_each(world, db_ids):
    """One worker per database, all at the same time."""
    def make(number):
        client, path = world.client(), f"/query/{db_ids[number]}"
        return lambda: client.post(path, {"sql": "SELECT 1"})

    return dict(zip(db_ids, run_loads(len(db_ids), 1.0, make)))


def show_fan_outs(report, answers):
    legs = [(len(a.json["successes"]), len(a.json["failures"])) for a in answers]
    codes = Counter(leg["error"]["code"] for a in answers for leg in a.json["failures"])
    reasons = ", ".join(f"{count} × {code}" for code, count in codes.items())
    report.saw(("fan-outs", len(answers)), ("legs answered", sum(good for good, _ in legs)),
               ("legs failed", sum(bad for _, bad in legs)), ("reasons", reasons))
    report.expect({a.status for a in answers} == {207}, "every fan-out answers 207",
                  Counter(a.status for a in answers))
    report.expect(set(legs) == {(4, 1)}, "with 4 successes and 1 failure", legs)
    report.expect(set(codes) <= {"database_unavailable", "breaker_open"}, "whose reason is told", codes)


def show_loads(report, loads):
    rows = [(db_id, load.requests, load.success, load.percentile(95), reasons_of(load))
            for db_id, load in loads.items()]
    report.table(["database", "requests", "success %", "p95 ms", "failures"], rows)
    healthy = {db_id: str(loads[db_id]) for db_id in SHOPS if loads[db_id].failures}
    report.expect(not healthy, "the 4 others answer everything", healthy)
    down = loads["archive"]
    clear = {"503 database_unavailable", "503 breaker_open"}
    report.expect(down.outcomes and set(down.outcomes) <= clear,
                  "the one that is down answers 503 with a reason", down)


def reasons_of(load):
    return ", ".join(f"{count:,} × {what}" for what, count in load.failures.most_common()) or "none"
