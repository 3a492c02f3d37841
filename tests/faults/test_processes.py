"""Server processes that are killed, frozen or restarted while callers write."""

import os
import signal

from faults import FaultTest, WRITE, Writers, together, wait_until


class Processes(FaultTest):
    def backends(self, where="true"):
        rows = self.postgres.run(f"select pid from pg_stat_activity where application_name = 'sluice' and {where}")
        return [int(row) for row in rows.splitlines()]

    def test_a_backend_that_is_killed_loses_nothing_that_was_acknowledged(self):
        with Writers(self.gateway) as writers:
            for _ in range(3):
                writers.wait_for(30)
                os.kill(self.backends()[0], signal.SIGKILL)  # the postmaster ends all the others, and recovers
                wait_until(lambda: self.postgres.answers(), "the server is back", 60)
            writers.wait_for(30)
        self.assert_account(writers.answers)
        self.recovers()

    def test_a_postmaster_that_is_killed(self):
        with Writers(self.gateway) as writers:
            writers.wait_for(30)
            try:
                self.postgres.crash()
                refused = wait_until(lambda: self.refusal(), "calls are refused at once", 30)
            finally:
                self.postgres.start()
            self.assertRegex(refused["detail"], "cannot connect to app@127.0.0.1:.*; next trial in|the trial is under way")
            writers.wait_for(30)
        self.assert_account(writers.answers)
        self.recovers()

    def refusal(self):
        answer = self.gateway.query("select 1", timeout_ms=2000)
        return answer.json if answer.status == 503 and answer.json["code"] == "breaker_open" else None

    def test_immediate_restarts(self):
        with Writers(self.gateway) as writers:
            for _ in range(2):
                writers.wait_for(30)
                self.postgres.stop()
                self.postgres.start()
            writers.wait_for(30)
        self.assert_account(writers.answers)
        self.recovers()

    def test_a_storm_of_terminations(self):
        with Writers(self.gateway, count=8, timeout_ms=5000) as writers:
            for _ in range(12):
                writers.wait_for(5)
                self.postgres.terminate_backends()
            writers.wait_for(30)
        self.assert_account(writers.answers)
        self.recovers()

    def test_a_frozen_backend_costs_its_own_call_only(self):
        # All four connections are there, and one of them runs something.
        together(4, lambda _: self.gateway.query("select pg_sleep(0.2)"))
        frozen = []

        def freeze(_):
            wait_until(lambda: self.backends("query ~ 'pg_sleep.60'"), "it runs", 30)
            frozen.extend(self.backends("query ~ 'pg_sleep.60'"))
            os.kill(frozen[0], signal.SIGSTOP)
        calls = [lambda: self.gateway.query("select pg_sleep(60)", timeout_ms=4000), lambda: freeze(0)]
        try:
            lost = together(2, lambda number: calls[number]())[0]
            self.assert_problem(lost, 504, "query_timeout", outcome="unknown")
            self.assert_in_time(lost, 4000)
            for number in range(20):
                self.assertEqual(self.gateway.query(WRITE, [f"beside {number}"]).status, 200)
            self.assertEqual(self.gateway.metrics()["breaker"]["state"], "closed")
            self.is_quiet()
        finally:
            os.kill(frozen[0], signal.SIGCONT)
        self.recovers()
        wait_until(lambda: len(self.backends()) <= 4, "no more connections than allowed", 30)

    def test_a_write_on_a_frozen_backend_is_unknown_and_happens_at_most_once(self):
        together(4, lambda _: self.gateway.query("select pg_sleep(0.2)"))
        answers, all_frozen = {}, self.backends()
        for pid in all_frozen:
            os.kill(pid, signal.SIGSTOP)
        try:
            def write(number):
                answers[f"frozen {number}"] = self.gateway.query(WRITE, [f"frozen {number}"], timeout_ms=1500)
            together(4, write)
        finally:
            for pid in all_frozen:
                os.kill(pid, signal.SIGCONT)
        self.recovers()
        wait_until(lambda: not set(all_frozen) & set(self.backends("state = 'active'")), "they are done or gone", 30)
        self.assert_account(answers)
        for answer in answers.values():
            self.assert_in_time(answer, 1500)

    def test_a_frozen_postmaster_stops_new_connections_only(self):
        """It also holds cancel requests for ever: the calls end by their time all the same."""
        together(4, lambda _: self.gateway.query("select pg_sleep(0.2)"))
        os.kill(self.postgres.pid, signal.SIGSTOP)
        try:
            for number in range(10):
                self.assertEqual(self.gateway.query(WRITE, [f"headless {number}"]).status, 200)
            late = together(8, lambda _: self.gateway.query("select pg_sleep(30)", timeout_ms=1000))
            for answer in late:  # four had a connection, the others waited for one
                self.assertIn((answer.status, answer.json["code"]), ((504, "query_timeout"), (503, "acquire_timeout")), answer)
                self.assert_in_time(answer, 1000)
            self.is_quiet()
        finally:
            os.kill(self.postgres.pid, signal.SIGCONT)
        self.recovers()
        wait_until(lambda: len(self.backends()) <= 4, "no more connections than allowed", 30)

    def test_a_frozen_server_loses_nothing(self):
        with Writers(self.gateway) as writers:
            writers.wait_for(30)
            self.postgres.freeze()
            try:
                wait_until(lambda: self.refusal(), "the breaker opens", 30)
            finally:
                self.postgres.thaw()
            writers.wait_for(30)
        for answer in writers.answers.values():
            self.assert_in_time(answer, 1000)
        self.assert_account(writers.answers)
        self.recovers()
