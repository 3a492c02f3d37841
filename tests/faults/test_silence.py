"""Eight databases that never answer, beside one that is well and must not notice."""

import threading

from faults import FaultTest, TROUBLE, Writers, together, wait_until
from proxy import TO_CLIENT, Silence, Swallow

EIGHT = [f"silent{number}" for number in range(8)]
SLOW = 2  # seconds; a healthy call takes milliseconds, and this machine may be busy


class Silent(FaultTest):
    """Eight that were silent from the start, and eight that fall silent with connections open."""

    @classmethod
    def prepare(cls):
        super().prepare()
        cls.silences = {name: Silence() for name in EIGHT}
        for silence in cls.silences.values():
            cls.addClassCleanup(silence.close)

    @classmethod
    def configuration(cls):
        settings = {"pool": cls.pool, "breaker": cls.breaker}
        falling = {f"falling{number}": {**cls.postgres.target(port=cls.proxy.port), **settings} for number in range(8)}
        silent = {name: {**cls.postgres.target(port=silence.port), **settings} for name, silence in cls.silences.items()}
        return {"databases": {"main": {**cls.postgres.target(), **settings}, **silent, **falling}}

    def ask_while_others_write(self, names):
        """Asks each for a while, four callers at a time; main's answers and theirs."""
        stop = threading.Event()
        found = []

        def ask(number):
            while not stop.is_set():
                found.append(self.gateway.query("select 1", db=names[number % len(names)], timeout_ms=500))
                stop.wait(0.02)
        with Writers(self.gateway) as writers:
            callers = [threading.Thread(target=ask, args=(number,)) for number in range(4 * len(names))]
            for caller in callers:
                caller.start()
            try:
                writers.wait_for(100, 60)
                wait_until(lambda: all(self.is_refused(name) for name in names), "every breaker opens", 60)
                writers.wait_for(100, 60)
            finally:
                stop.set()
                for caller in callers:
                    caller.join()
        return writers.answers, found

    def is_refused(self, name):
        return self.gateway.metrics(name)["breaker"]["state"] in ("open", "half_open")

    def check(self, healthy, troubled):
        self.assertEqual({answer.status for answer in healthy.values()}, {200})
        self.assert_account(healthy)
        # One call may be unlucky on a busy machine; a gateway that waits for the silent ones is slow always.
        slow = sum(answer.seconds > SLOW for answer in healthy.values())
        self.assertLess(slow, len(healthy) / 50 + 1)
        for answer in troubled:
            if answer.status != 200:
                self.assertEqual(answer.status, TROUBLE[answer.json["code"]], answer)
                self.assert_in_time(answer, 500)
        self.is_quiet()

    def test_databases_that_never_answered(self):
        healthy, troubled = self.ask_while_others_write(EIGHT)
        self.check(healthy, troubled)
        for answer in troubled:
            self.assertEqual(answer.json.get("outcome"), "not_started", answer)
        why = self.gateway.get("/admin/databases/silent0/why").json
        self.assertIn("connect timeout", why["explanation"])

    def test_databases_that_fall_silent(self):
        names = [f"falling{number}" for number in range(8)]
        together(32, lambda number: self.gateway.query("select pg_sleep(0.1)", db=names[number % 8], timeout_ms=20000))
        self.proxy.trouble(TO_CLIENT, Swallow())
        try:
            healthy, troubled = self.ask_while_others_write(names)
        finally:
            self.proxy.heal()
        self.check(healthy, troubled)
        for name in names:
            self.recovers(name)

    def test_a_fan_out_is_as_slow_as_its_deadline_and_says_who_failed(self):
        answer = self.gateway.post("/query", {"sql": "select 1 as one", "db_ids": ["main", *EIGHT], "deadline_ms": 1500})
        self.assertEqual(answer.status, 207, answer)
        self.assertEqual([success["db_id"] for success in answer.json["successes"]], ["main"])
        self.assertEqual(sorted(failure["db_id"] for failure in answer.json["failures"]), EIGHT)
        self.assert_in_time(answer, 1500)
