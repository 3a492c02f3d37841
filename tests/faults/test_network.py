"""Networks that are slow, silent, rude or lie, between the gateway and one of its databases."""

import time

from faults import FaultTest, WRITE, Writers, together, wait_until
from proxy import TO_CLIENT, TO_SERVER, Corrupt, Delay, Swallow, Trickle

ROWS = "select number, repeat('x', 100) as text from generate_series(1, $1) number"


class Network(FaultTest):
    def test_a_slow_network_makes_calls_slow_and_nothing_else(self):
        for way in (TO_SERVER, TO_CLIENT):
            self.proxy.trouble(way, Delay(0.2))
            answers = together(8, lambda number: self.gateway.query(WRITE, [f"{way} {number}"], timeout_ms=20000))
            self.assertEqual({answer.status for answer in answers}, {200}, answers)
            self.proxy.heal()

    def test_packets_of_one_byte_are_put_together(self):
        whole = self.gateway.query(ROWS, [200], format="arrays").json["rows"]
        self.proxy.trouble(TO_SERVER, Trickle())
        self.proxy.trouble(TO_CLIENT, Trickle())
        for _ in range(2):  # a connection that is there, and a new one
            answer = self.gateway.query(ROWS, [200], format="arrays", timeout_ms=30000)
            self.assertEqual(answer.status, 200, answer)
            self.assertEqual(answer.json["rows"], whole)
            self.proxy.end_all()

    def test_ten_bytes_a_second_end_by_the_deadline(self):
        self.proxy.trouble(TO_CLIENT, Trickle(10))
        answers = together(6, lambda number: self.gateway.query(WRITE, [f"trickle {number}"], timeout_ms=1000))
        self.proxy.heal()
        for answer in answers:
            self.assert_in_time(answer, 1000)
        self.assert_account({f"trickle {number}": answer for number, answer in enumerate(answers)})
        self.recovers()

    def test_a_connect_of_ten_bytes_a_second_ends_by_the_connect_timeout(self):
        self.proxy.trouble(TO_CLIENT, Trickle(10))
        self.proxy.end_all()
        answer = self.gateway.query("select 1", timeout_ms=20000)
        self.assertEqual(self.assert_trouble(answer)["outcome"], "not_started")
        self.assertIn(answer.json["code"], ("connect_timeout", "breaker_open"), answer)
        self.assert_in_time(answer, self.pool["connect_timeout_ms"])
        self.proxy.heal()
        self.recovers()

    def test_black_holes_lose_nothing(self):
        for way in (TO_SERVER, TO_CLIENT):
            with Writers(self.gateway) as writers:
                writers.wait_for(30)
                self.proxy.trouble(way, Swallow())
                wait_until(lambda: self.gateway.query("select 1", timeout_ms=300).json["code"] == "breaker_open",
                           "the breaker opens", 30)
                self.proxy.heal()
                writers.wait_for(30)
            for answer in writers.answers.values():
                self.assert_in_time(answer, 1000)
            self.assert_account(writers.answers)
            self.recovers()
            self.is_quiet()

    def test_resets_and_ends_under_load_lose_nothing(self):
        with Writers(self.gateway, count=8, timeout_ms=5000) as writers:
            for number in range(20):
                writers.wait_for(5)
                self.proxy.end_all(reset=number % 2 == 0)
        self.assert_account(writers.answers)
        self.recovers()

    def test_refused_connections_open_the_breaker_and_are_named(self):
        self.proxy.refuse()
        self.proxy.end_all()
        refused = wait_until(self.refusal, "the breaker opens", 30)
        self.assertIn("Connection refused", refused.json["detail"])
        problem = self.assert_problem(refused, 503, "breaker_open", outcome="not_started", retryable=True)
        self.assertGreater(problem["retry_after_ms"], 0)
        self.proxy.heal()
        self.recovers()

    def refusal(self):
        answer = self.gateway.query("select 1", timeout_ms=2000)
        return answer if answer.json.get("code") == "breaker_open" else None

    def test_flipped_bits_end_in_errors_and_never_in_silence(self):
        """Values may be wrong then, as PostgreSQL's protocol has no checksums; but nothing hangs or dies."""
        for seed in range(12):
            self.proxy.trouble(TO_CLIENT if seed % 2 else TO_SERVER, Corrupt(seed, every=200))
            answers = together(4, lambda _: self.gateway.query(ROWS, [30], timeout_ms=1500))
            self.proxy.heal()
            for answer in answers:
                self.assert_in_time(answer, 1500)
                if answer.status >= 500:
                    self.assertIn(answer.json["code"], ("database_unavailable", "breaker_open", "connect_timeout",
                                                        "query_timeout", "acquire_timeout", "sql_error"), answer)
            self.proxy.end_all()
        self.recovers()
        self.is_quiet()
        wait_until(lambda: self.postgres.backends() <= self.pool["max_size"], "no more connections than allowed", 30)

    def test_a_flapping_network_loses_nothing(self):
        with Writers(self.gateway) as writers:
            for _ in range(6):
                self.proxy.refuse()
                self.proxy.end_all(reset=True)
                time.sleep(0.2)
                self.proxy.heal()
                writers.wait_for(3)
        self.assert_account(writers.answers)
        self.recovers()
