"""Gateways of the items' own: several shards, and the end under load."""

import http.client
import json
import signal
import threading
import time
from collections import Counter

from client import outcome_of, run_load
from gateway import wait_until  # tests/e2e
from items import item
from load import expect_all_answered, expect_within, limit_of, point_reader

SHARD_CLIENTS = 120
SHARD_SECONDS = 1.5


@item("shards", "One very hot database: 1 shard against 2, with 120 clients")
def shards(world, report):
    report.did(f"a gateway with 2 workers; {SHARD_CLIENTS} clients read rows for {SHARD_SECONDS:g} s, with"
               " pool.shards 1 and then 2")
    rows = []
    databases = {f"shards-{count}": {"pool": {"shards": count}} for count in (1, 2)}
    with world.own_gateway(databases, server={"workers": 2}) as (_, hot):
        for db in hot:
            limit = limit_of(db.metrics())
            with db.watch() as watch:
                load = run_load(SHARD_CLIENTS, SHARD_SECONDS, lambda n: point_reader(db, n))
            rows.append((db.db_id, load.requests, load.success, round(load.per_second),
                         load.percentile(50), load.percentile(95), load.percentile(99), watch.used))
            expect_all_answered(report, load)
            expect_within(report, watch, limit)
            end = db.settled()
            report.expect(end["queries_executed"] == load.requests, "the metrics count every one of them",
                          (end["queries_executed"], load.requests))
    report.table(["shards", "requests", "success %", "requests/s", "p50 ms", "p95 ms", "p99 ms", "in use"],
                 [(name[-1], *row) for name, *row in rows])


LEAVERS = 16
BODY = json.dumps({"sql": "SELECT $1::int AS n", "params": [7]})


class Leaver:
    """A client that keeps asking until the gateway goes. A request is lost when all of it was sent before
    the gateway was told to end, and no answer came; cut, when half of one came."""

    def __init__(self, gateway, told):
        self._connection = gateway.connection()
        self._told = told
        self.outcomes = Counter()

    def run(self):
        while self._ask():
            pass
        self._connection.close()

    def _ask(self):
        sent_before = False
        try:
            self._connection.request("POST", "/query/leaving", BODY, {"Content-Type": "application/json"})
            sent_before = not self._told.is_set()
            response = self._connection.getresponse()
            answer = json.loads(response.read())
        except (http.client.IncompleteRead, ValueError):
            return self._count("cut")
        except (OSError, http.client.HTTPException):
            return self._count("lost" if sent_before else "turned away")
        good = response.status == 200 and answer["rows"] == [{"n": 7}]
        when = "before" if sent_before else "after"
        self._count(f"answered {when}" if good else f"{response.status} {when}")
        return good

    def _count(self, outcome):
        self.outcomes[outcome] += 1
        return False


@item("shutdown", "Graceful shutdown under load")
def shutdown(world, report):
    report.did(f"sent SIGTERM while {LEAVERS} clients kept asking and 3 statements of 1 s were running")
    told, slow = threading.Event(), []
    with world.own_gateway({"leaving": {"pool": {"max_size": 10}}}) as (gateway, (db,)):
        leavers = [Leaver(gateway, told) for _ in range(LEAVERS)]
        tasks = [leaver.run for leaver in leavers]
        tasks += [lambda: slow.append(outcome_of(db.query("SELECT pg_sleep(1)")))] * 3
        threads = [threading.Thread(target=task) for task in tasks]
        for thread in threads:
            thread.start()
        answered = lambda: sum(leaver.outcomes["answered before"] for leaver in leavers)
        wait_until(lambda: answered() > 500 and db.metrics()["used_connections"] >= 3, "there is load")
        told.set()
        end = terminate(gateway)
        for thread in threads:
            thread.join()
        left = wait_until(lambda: db.witness.look().total == 0, "its connections are closed")
    tell_end(report, sum((leaver.outcomes for leaver in leavers), Counter()), end)
    report.expect(slow == ["200"] * 3, "the statements that were running are answered", slow)
    report.expect(left, "PostgreSQL has no connection of it left")


def terminate(gateway):
    """Its exit status, and how long it took."""
    start = time.monotonic()
    gateway.process.send_signal(signal.SIGTERM)
    return gateway.process.wait(timeout=40), time.monotonic() - start


def tell_end(report, outcomes, end):
    status, took = end
    names = ("answered before", "answered after", "turned away", "lost", "cut")
    report.saw(*((name, outcomes[name]) for name in names))
    report.saw(("exit status", status), ("ended after", took, "s"))
    report.expect(outcomes["lost"] == outcomes["cut"] == 0, "no answer is lost and none is cut", outcomes)
    report.expect(set(outcomes) <= set(names), "every answer is right", outcomes)
    report.expect(status == 0, "it exits with 0", status)
