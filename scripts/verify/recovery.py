"""The circuit breaker over a whole outage: PostgreSQL is killed, stays away, comes back."""

import contextlib
import http.client
import threading
import time
from collections import Counter, namedtuple

from client import outcome_of, percent
from faults import connect_private, disconnect
from gateway import wait_until  # tests/e2e
from items import item

Call = namedtuple("Call", "start outcome milliseconds")
SETTINGS = {"breaker": {"open_ms": 200, "max_open_ms": 1000, "half_open_successes": 20},
            "pool": {"connect_timeout_ms": 1000}}


class Outage:
    """Clients that never pause for long, and every state of the breaker that they live through."""

    def __init__(self, world, db_id, neighbour):
        self._world = world
        self._over = threading.Event()
        self._db_id = db_id
        self.calls = {db_id: [], neighbour: []}
        self.states = []  # (time, breaker)
        self.marks = {}

    def mark(self, what):
        self.marks[what] = time.monotonic()

    @property
    def state(self):
        return self.states[-1][1]["state"] if self.states else None

    @contextlib.contextmanager
    def clients(self, count):
        """`count` clients of the database, one of its neighbour, and one that looks at the breaker."""
        neighbour = next(db_id for db_id in self.calls if db_id != self._db_id)
        tasks = [(self._call, self._db_id)] * count + [(self._call, neighbour), (self._look, None)]
        threads = [threading.Thread(target=task, args=(what,)) for task, what in tasks]
        for thread in threads:
            thread.start()
        try:
            yield self
        finally:
            self._over.set()
            for thread in threads:
                thread.join()

    def _call(self, db_id):
        with self._world.client() as client:
            while not self._over.wait(0.02):
                start = time.monotonic()
                try:
                    outcome = outcome_of(client.post(f"/query/{db_id}", {"sql": "SELECT 1"}))
                except (OSError, http.client.HTTPException) as error:
                    outcome = f"no answer ({type(error).__name__})"
                milliseconds = (time.monotonic() - start) * 1000
                self.calls[db_id].append(Call(start, outcome, milliseconds))

    def _look(self, _):
        with self._world.client() as client:
            while not self._over.wait(0.01):
                breaker = client.get(f"/metrics/{self._db_id}").json["breaker"]
                if breaker["state"] != self.state:
                    self.states.append((time.monotonic(), breaker))

    def between(self, begin, end):
        """Calls that began between two marks."""
        return [call for call in self.calls[self._db_id]
                if self.marks[begin] <= call.start < self.marks[end]]

    def answered_before(self, end):
        """Outcomes of the calls that had one before a mark."""
        return Counter(call.outcome for call in self.calls[self._db_id]
                       if call.start + call.milliseconds / 1000 < self.marks[end])


@item("breaker", "The breaker opens, rejects, probes and closes")
def breaker(world, report):
    report.did("4 clients kept asking while PostgreSQL was killed, stayed away for 1.5 s, and came back;"
               " a fifth kept asking a neighbour (open_ms 200, max_open_ms 1000, half_open_successes 20)")
    connect_private(world, "patient", **SETTINGS)
    outage = Outage(world, "patient", "shop_us")
    try:
        with outage.clients(4):
            live_through(world, outage)
        figures = world.get("/metrics/patient").json
    finally:
        disconnect(world, "patient")
    tell(report, outage)
    judge(report, outage, figures)


def live_through(world, outage):
    postgres = world.private_postgres
    outage.mark("begin")
    time.sleep(0.7)
    outage.mark("killed")
    postgres.stop()
    wait_until(lambda: outage.state == "open", "the breaker opens")
    outage.mark("open")
    time.sleep(1.5)
    outage.mark("started")
    postgres.start()
    outage.mark("ready")
    wait_until(lambda: outage.state == "closed", "the breaker closes again")
    outage.mark("closed")
    time.sleep(0.5)
    outage.mark("end")


PHASES = (("up", "begin", "killed"), ("killed, not yet noticed", "killed", "open"),
          ("down, breaker open", "open", "started"), ("PostgreSQL starts", "started", "ready"),
          ("back, breaker on trial", "ready", "closed"), ("up again", "closed", "end"))


def tell(report, outage):
    rows = []
    for name, begin, end in PHASES:
        outcomes = Counter(call.outcome for call in outage.between(begin, end))
        calls, answered = sum(outcomes.values()), outcomes["200"]
        rejected = outcomes["503 breaker_open"]
        rows.append((name, outage.marks[end] - outage.marks[begin], calls, answered, rejected,
                     calls - answered - rejected, percent(answered, calls)))
    report.table(["phase", "s", "calls", "answered", "rejected", "failed", "success %"], rows)
    report.saw(("states", " → ".join(breaker["state"] for _, breaker in outage.states)))
    report.saw(("it says", next((breaker["explanation"] for _, breaker in outage.states
                                 if breaker["state"] == "open"), "nothing")))
    tell_times(report, outage)


def tell_times(report, outage):
    marks, calls = outage.marks, outage.calls["patient"]
    rejected = sorted(c.milliseconds for c in calls if c.outcome == "503 breaker_open")
    first = next((c.start for c in calls if c.outcome == "200" and c.start > marks["started"]), None)
    answered = sum(call.outcome == "200" for call in calls)
    report.saw(("opened after", marks["open"] - marks["killed"], "s"),
               ("a rejection takes", rejected[len(rejected) // 2] if rejected else 0.0, "ms"),
               ("first answer", max(0.0, (first or marks["end"]) - marks["ready"]), "s"),
               ("and closed", marks["closed"] - marks["ready"], "s after PostgreSQL was ready"),
               ("success over all", percent(answered, len(calls)), "%"))


def judge(report, outage, figures):
    states = [breaker["state"] for _, breaker in outage.states]
    outcomes = lambda begin, end: Counter(call.outcome for call in outage.between(begin, end))
    report.expect(states[0] == states[-1] == "closed" and "open" in states,
                  "it opens, and closes in the end", states)
    report.expect("half_open" in states, "a probe that succeeds puts it on trial first", states)
    report.expect(set(outage.answered_before("killed")) == {"200"}, "before, everything is answered",
                  outage.answered_before("killed"))
    report.expect(set(outcomes("open", "started")) == {"503 breaker_open"},
                  "while it is open no call reaches the database: all are rejected",
                  outcomes("open", "started"))
    everything = Counter(call.outcome for call in outage.calls["patient"])
    allowed = {"200", "503 database_unavailable", "503 breaker_open"}
    report.expect(set(everything) <= allowed, "every failure says why", everything)
    rejected = figures["refused"].get("breaker_open", 0)
    report.expect(rejected == everything["503 breaker_open"], "the metrics count the same rejections",
                  (rejected, everything))
    report.expect(set(outcomes("closed", "end")) == {"200"}, "afterwards, everything is answered again",
                  outcomes("closed", "end"))
    neighbour = Counter(call.outcome for call in outage.calls["shop_us"])
    report.expect(set(neighbour) == {"200"}, "the neighbour never notices", neighbour)
