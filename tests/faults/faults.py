"""What the fault tests share: writers whose every row is a token that is written once, the account of what they were
told against what the table holds, and that all is well again in the end."""

import collections
import itertools
import os
import sys
import threading
import time
import traceback
import uuid

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "e2e"))

from gateway import GatewayTest, together, wait_until  # noqa: E402
from private_postgres import PrivatePostgres  # noqa: E402
from proxy import Proxy  # noqa: E402

__all__ = ["Crew", "FaultTest", "GatewayTest", "PrivatePostgres", "Proxy", "Writers", "together", "wait_until"]

# In one piece: who writes meanwhile finds no table, or his own.
TOKENS = ("begin; create table tokens(token text, at timestamptz default now()); "
          "alter table tokens owner to app; commit")
WRITE = "insert into tokens(token) values ($1) returning token"

# Whom a caller may hear of when a database is in trouble; whatever else comes is a bug.
TROUBLE = {"database_unavailable": 503, "breaker_open": 503, "acquire_timeout": 503, "queue_full": 503,
           "connect_timeout": 504, "query_timeout": 504, "connection_rejected": 422}

# A machine that is busy with other tests; nothing that is measured in seconds may fail for it.
SLACK = 10


class Crew:
    """Threads that each do one job again and again, until the end of a `with` block. One that fails ends, and fails that."""

    def __init__(self, jobs, pause=0):
        self._stopping, self._pause, self._failures = threading.Event(), pause, []
        self._threads = [threading.Thread(target=self._run, args=(job,), daemon=True) for job in jobs]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._stopping.set()
        for thread in self._threads:
            thread.join(timeout=120)
            assert not thread.is_alive(), "a call never ended"
        assert not self._failures, self._failures

    def _run(self, job):
        try:
            while not self._stopping.wait(self._pause):
                job()
        except Exception:
            self._failures.append(traceback.format_exc())


class Writers(Crew):
    """They write one token after the other, and remember every answer."""

    def __init__(self, gateway, count=4, timeout_ms=1000, db="main"):
        super().__init__([self._write] * count)
        self._gateway, self._db, self._timeout_ms = gateway, db, timeout_ms
        self._name, self._numbers = uuid.uuid4(), itertools.count()  # an id() may have been another object's
        self.begun, self.answers = [], {}  # tokens; token → Answer

    def _write(self):
        token = f"{self._name}-{next(self._numbers)}"
        self.begun.append(token)
        self.answers[token] = answer = self._gateway.query(WRITE, [token], db=self._db, timeout_ms=self._timeout_ms)
        if answer.status != 200:
            time.sleep(0.005)

    def succeeded(self):
        return sum(answer.status == 200 for answer in list(self.answers.values()))

    def wait_for(self, more, patience=30):
        """Until so many more calls have succeeded."""
        goal = self.succeeded() + more
        wait_until(lambda: self.succeeded() >= goal, f"{more} more calls succeed", patience)


class FaultTest(GatewayTest):
    """The gateway reaches `main` through a proxy of ours. Breakers try again soon, so that tests are short."""

    pool = {"max_size": 4, "connect_timeout_ms": 1000}
    breaker = {"open_ms": 200, "max_open_ms": 1000}

    @classmethod
    def prepare(cls):
        cls.proxy = Proxy(cls.postgres.port)
        cls.addClassCleanup(cls.proxy.close)
        cls.postgres.run(TOKENS)

    @classmethod
    def main(cls):
        return {**cls.postgres.target(port=cls.proxy.port), "pool": cls.pool, "breaker": cls.breaker}

    @classmethod
    def configuration(cls):
        return {"databases": {"main": cls.main()}, **cls.config}

    def setUp(self):
        self.addCleanup(self.proxy.heal)
        self.recovers()

    def recovers(self, db="main"):
        """Within one probe interval of the breaker: that, a connect, and some slack for a busy machine."""
        patience = (1.2 * self.breaker["max_open_ms"] + self.pool["connect_timeout_ms"]) / 1000 + SLACK
        wait_until(lambda: self.gateway.query("select 1", db=db, timeout_ms=2000).status == 200, f"{db} answers again",
                   patience)

        def closed():
            answered = self.gateway.query("select 1", db=db).status == 200
            return answered and self.gateway.metrics(db)["breaker"]["state"] == "closed"
        wait_until(closed, f"the breaker of {db} is closed", patience)

    def is_quiet(self, db="main"):
        """Nothing is lent or waited for when nobody asks."""
        def quiet():
            metrics = self.gateway.metrics(db)
            return metrics["used_connections"] == 0 and metrics["waiting"] == 0
        wait_until(quiet, f"{db} is quiet", 30)

    def assert_trouble(self, answer, db="main"):
        """A refusal or a loss: the right status for the code, words, and an outcome."""
        code = answer.json.get("code")
        self.assertIn(code, TROUBLE, answer)
        return self.assert_problem(answer, TROUBLE[code], code, db_id=db)

    def assert_in_time(self, answer, timeout_ms):
        self.assertLess(answer.seconds, timeout_ms / 1000 + SLACK, answer)

    def assert_account(self, answers, table="tokens", db="app"):
        """What callers were told is what the table holds; nothing was lost, nothing happened twice."""
        rows = self.postgres.run(f"select token from {table}", db).splitlines()
        written = collections.Counter(rows)
        for token, answer in answers.items():
            times = written[token]
            self.assertLessEqual(times, 1, f"executed {times} times: {answer}")
            if answer.status == 200:
                self.assertEqual(times, 1, f"acknowledged and lost: {answer}")
            elif self.outcome(answer) != "unknown":
                self.assertEqual(times, 0, f"said not to have happened, but did: {answer}")
        return written

    def outcome(self, answer):
        """Of a write: what may have happened must not be repeated."""
        problem = self.assert_trouble(answer)
        self.assertFalse(problem["outcome"] == "unknown" and problem["retryable"], problem)
        return problem["outcome"]
