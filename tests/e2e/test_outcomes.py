"""What a failed call says of its effects is true: a table of side effects is the witness. And what a
breaker says of itself is the same everywhere."""

import concurrent.futures
import json
import random
import threading
import time

from gateway import Gateway, GatewayTest, together, wait_until
from private_postgres import PrivatePostgres, free_port

WRITE = "insert into effects values ($1)"
SLOW_WRITE = "with written as (insert into effects values ($1) returning token) select pg_sleep({}), token from written"


class Witness(GatewayTest):
    """`attempt` sends one write and keeps its answer; `settle` holds every answer to the table."""

    @classmethod
    def prepare(cls):
        cls.postgres.run("create table effects (token text); grant all on effects to app")

    def setUp(self):
        self.answers = {}
        self.numbers = iter(range(1_000_000))

    def attempt(self, sql=WRITE, gateway=None, **options):
        token = f"{self.id()} {next(self.numbers)}"
        answer = (gateway or self.gateway).query(sql, [token], **options)
        self.answers[token] = answer
        return answer

    def in_background(self, *arguments, **options):
        threads = concurrent.futures.ThreadPoolExecutor(1)
        self.addCleanup(threads.shutdown)
        return threads.submit(self.attempt, *arguments, **options)

    def occupied(self, seconds=1.5, gateway=None):
        """The only connection is busy for a while."""
        gateway = gateway or self.gateway
        threads = concurrent.futures.ThreadPoolExecutor(1)
        self.addCleanup(threads.shutdown)
        running = threads.submit(gateway.query, f"select pg_sleep({seconds})::text as slept")
        wait_until(lambda: gateway.metrics()["used_connections"] == 1, "it is busy")
        return running

    def runs(self, count=1):
        wait_until(lambda: int(self.postgres.run("select count(*) from pg_stat_activity where state = 'active' and query like 'with written%'")) == count, "it runs")

    def settle(self):
        wait_until(lambda: self.postgres.run("select count(*) from pg_stat_activity where application_name = 'sluice' and state <> 'idle'") == "0",
                   "nothing runs any more", 30)
        counts = dict(line.rsplit("|", 1) for line in self.postgres.run("select token, count(*) from effects group by 1").splitlines())
        for token, answer in self.answers.items():
            written = int(counts.get(token, 0))
            if answer.status == 200:
                self.assertEqual(written, 1, (token, answer))
            elif answer.json["outcome"] == "unknown":
                self.assertLessEqual(written, 1, (token, answer))
            else:
                self.assertEqual(written, 0, (token, answer))


class Outcomes(Witness):
    pool = {"max_size": 1, "max_waiters": 1, "acquire_timeout_ms": 700, "connect_timeout_ms": 1000}

    def tearDown(self):
        self.gateway.post("/admin/databases/main/breaker", {"state": "auto"})
        self.gateway.post("/admin/databases/main/resume", "")
        wait_until(lambda: self.gateway.query("select 1").status == 200, "it is well again", 60)

    def test_no_connection_in_time_and_no_place_in_the_queue(self):
        running = self.occupied()
        waiting = self.in_background()
        wait_until(lambda: self.gateway.metrics()["waiting"] == 1, "one waits")
        self.assert_problem(self.attempt(), 503, "queue_full", outcome="not_started")
        self.assert_problem(waiting.result(), 503, "acquire_timeout", outcome="not_started")
        answer = self.attempt(timeout_ms=100)
        self.assert_problem(answer, 503, answer.json["code"], outcome="not_started")
        self.assertEqual(running.result().status, 200)
        self.assertEqual(self.attempt().status, 200)
        self.settle()

    def test_the_time_of_a_failed_call_is_told(self):
        running = self.occupied()
        answer = self.attempt()
        self.assert_problem(answer, 503, "acquire_timeout")
        stages = dict(part.split(";dur=") for part in answer.headers["server-timing"].split(", "))
        self.assertGreaterEqual(float(stages["queue"]), 690)
        self.assertEqual(running.result().status, 200)
        late = self.attempt(SLOW_WRITE.format(5), timeout_ms=500)
        stages = dict(part.split(";dur=") for part in late.headers["server-timing"].split(", "))
        self.assertGreaterEqual(float(stages["db"]), 400)
        self.settle()

    def test_the_deadline_while_it_runs(self):
        answer = self.attempt(SLOW_WRITE.format(10), timeout_ms=500)
        self.assert_problem(answer, 504, "query_timeout", outcome="rolled_back", sqlstate="57014")
        self.settle()

    def test_a_server_that_is_gone_before(self):
        self.assertEqual(self.attempt().status, 200)
        self.postgres.stop()
        try:
            for _ in range(5):
                answer = self.attempt(timeout_ms=2000)
                self.assert_problem(answer, 503, answer.json["code"], outcome="not_started")
        finally:
            self.postgres.start()
        self.tearDown()
        self.settle()

    def test_a_session_that_ends_while_it_runs(self):
        call = self.in_background(SLOW_WRITE.format(10))
        self.runs()
        self.postgres.terminate_backends()
        problem = self.assert_problem(call.result(), 503, "database_unavailable")
        self.assertNotEqual(problem["outcome"], "not_started")
        self.assertEqual(problem["retryable"], problem["outcome"] == "rolled_back")
        self.settle()

    def test_a_server_that_does_not_even_answer_a_cancel(self):
        call = self.in_background(SLOW_WRITE.format(3), timeout_ms=1000)
        self.runs()
        self.postgres.freeze()
        try:
            self.assert_problem(call.result(), 504, "query_timeout", outcome="unknown", retryable=False)
        finally:
            self.postgres.thaw()
        self.settle()

    def test_what_operators_do(self):
        post = lambda verb, body="": self.gateway.post(f"/admin/databases/main/{verb}", body)
        self.assertEqual(post("breaker", {"state": "forced_open", "reason": "test"}).status, 200)
        self.assert_problem(self.attempt(), 503, "breaker_open", outcome="not_started")
        self.assertEqual(post("breaker", {"state": "auto"}).status, 200)
        self.assertEqual(post("pause").status, 200)
        self.assert_problem(self.attempt(), 503, "paused", outcome="not_started")
        self.assertEqual(post("resume").status, 200)
        self.assertEqual(post("drain").status, 200)
        self.assert_problem(self.attempt(), 503, "draining", outcome="not_started")
        self.assertEqual(post("resume").status, 200)

        call = self.in_background(SLOW_WRITE.format(10))
        self.runs()
        live = self.gateway.get("/admin/queries").json["queries"]
        self.assertEqual(self.gateway.request("DELETE", f"/admin/queries/{live[0]['id']}").status, 200)
        self.assert_problem(call.result(), 503, "cancelled", outcome="unknown")
        self.settle()

    def test_a_drain_without_patience(self):
        gateway = Gateway({**self.configuration(), "server": {"drain_timeout_ms": 300}}, [self.postgres.password])
        try:
            call = self.in_background(SLOW_WRITE.format(10), gateway=gateway)
            self.runs()
            waiting = self.in_background(gateway=gateway)
            wait_until(lambda: gateway.metrics()["waiting"] == 1, "one waits")
        finally:
            gateway.close()
        self.assert_problem(call.result(), 503, "draining", outcome="unknown", retryable=False)
        answer = waiting.result()
        self.assert_problem(answer, 503, answer.json["code"], outcome="not_started")
        self.settle()


class Storm(Witness):
    pool = {"max_size": 4, "acquire_timeout_ms": 300, "max_waiters": 8}

    def test_under_kills_and_short_deadlines_nothing_is_done_twice_and_every_word_is_true(self):
        over = threading.Event()

        def kill():
            while not over.wait(0.15):
                self.postgres.terminate_backends()

        def client(number):
            draw = random.Random(number)
            for _ in range(40):
                seconds = draw.choice([0, 0, 0.01, 0.1, 0.3])
                sql = SLOW_WRITE.format(seconds) if seconds else WRITE
                self.attempt(sql, timeout_ms=draw.choice([50, 200, 2000]))

        killer = threading.Thread(target=kill)
        killer.start()
        try:
            together(16, client)
        finally:
            over.set()
            killer.join()
        self.settle()
        codes = {answer.json["code"] for answer in self.answers.values() if answer.status != 200}
        self.assertIn(200, {answer.status for answer in self.answers.values()})
        self.assertIn("database_unavailable", codes)


class OneExplanation(GatewayTest):
    """The first open time is an hour, so that "next trial in 59.9 min" stays the same for a while."""

    pool = {"connect_timeout_ms": 1000}

    @classmethod
    def configuration(cls):
        hour = {"open_ms": 3_600_000, "max_open_ms": 3_600_000}
        dead = {**cls.postgres.target(port=free_port()), "breaker": hour}
        wrong = {**cls.postgres.target(password="wrong"), "breaker": hour}
        return {"databases": {"main": cls.postgres.target(), "dead": dead, "wrong": wrong}}

    def logged(self, db):
        lines = [json.loads(line) for line in self.gateway.log().splitlines() if line.startswith("{")]
        changes = [line for line in lines if line.get("db_id") == db and "explanation" in line]
        return changes[-1] if changes else None

    def texts(self, db):
        """The same sentence from four places."""
        problem = self.gateway.query("select 1", db=db).json
        self.assertEqual(problem["code"], "breaker_open")
        line = wait_until(lambda: self.logged(db), "the log tells it")
        self.assertEqual(line["level"], "warn")
        return [problem["detail"], line["explanation"],
                self.gateway.get(f"/admin/databases/{db}/why").json["explanation"],
                self.gateway.metrics(db)["breaker"]["explanation"]]

    def assert_one_text(self, db):
        wait_until(lambda: self.gateway.query("select 1", db=db).json["code"] == "breaker_open", "it opens")
        # The tenth of a minute may end just in between.
        texts, patience = self.texts(db), time.monotonic() + 15
        while len(set(texts)) > 1 and time.monotonic() < patience:
            texts = self.texts(db)
        self.assertEqual(len(set(texts)), 1, texts)
        return texts[0]

    def test_of_a_server_that_is_not_there(self):
        text = self.assert_one_text("dead")
        self.assertIn("5 connects failed in a row", text)
        self.assertIn("next trial in", text)

    def test_of_a_password_that_is_wrong(self):
        text = self.assert_one_text("wrong")
        self.assertIn("28P01", text)
        refused = self.gateway.query("select 1", db="wrong")
        self.assert_problem(refused, 503, "breaker_open", sqlstate="28P01", outcome="not_started")

    def test_of_an_operators_word(self):
        self.gateway.post("/admin/databases/main/breaker", {"state": "forced_open", "reason": "the disk is full"})
        text = self.assert_one_text("main")
        self.assertIn("the disk is full", text)
        self.gateway.post("/admin/databases/main/breaker", {"state": "auto"})

    def test_connects_that_fail_are_told_long_before_the_breaker_opens(self):
        other = PrivatePostgres()
        try:
            connected = self.gateway.post("/databases/connect", {
                **other.target(), "db_id": "lost",
                "breaker": {"consecutive_connect_failures": 10_000, "minimum_calls": 10_000}})
            self.assertEqual(connected.status, 201)
            self.assertEqual(self.gateway.query("select 1", db="lost").status, 200)
        finally:
            other.close()
        wait_until(lambda: self.gateway.metrics("lost")["pool_size"] == 0, "the loss is noticed")
        self.assert_problem(self.gateway.query("select 1", db="lost"), 503, "database_unavailable", outcome="not_started")
        why = self.gateway.get("/admin/databases/lost/why").json
        self.assertEqual(why["breaker"]["state"], "closed")
        self.assertGreaterEqual(why["breaker"]["connect_failures"], 1)
        self.assertIn("failed in a row", why["explanation"])
        self.assertIn("refused", why["explanation"])
        health = self.gateway.get("/health").json
        self.assertNotEqual(health["status"], "healthy", health)
