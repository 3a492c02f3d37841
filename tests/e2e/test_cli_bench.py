"""sluice bench: the load generator of the command line."""

import json
import signal
import subprocess
import unittest

from gateway import BINARY, wait_until
from test_cli import CommandTest as _CommandTest


class Bench(_CommandTest):
    def max_size(self):
        return self.gateway.metrics("main")["max_size"]

    def bench(self, *arguments, status=0):
        return self.sluice("bench", "main", *arguments, status=status)

    def test_it_sends_what_was_asked_and_reports(self):
        self.postgres.run("create sequence calls; alter sequence calls owner to app")
        done = self.bench("SELECT nextval($1::regclass)", "-p", "calls", "--write", "--users", "4", "--requests", "200")
        self.assertEqual(self.postgres.run("select last_value from calls"), "201")  # one to try it
        for words in ("200 requests in", "success 100.00%", "CORRECTED", "where the time went", "connections in use"):
            self.assertIn(words, done.stdout)
        self.assertEqual(done.stderr, "")  # progress is for terminals

    def test_many_users_need_no_settings_of_the_system(self):
        done = subprocess.run(["prlimit", "--nofile=64:4096", BINARY, "bench", "main", "SELECT 1", "-u", "100", "-n", "300",
                               "-o", "json"], capture_output=True, text=True, timeout=60,
                              env={"SLUICE_URL": f"http://127.0.0.1:{self.gateway.port}", "PATH": "/usr/bin:/bin"})
        self.assertEqual(json.loads(done.stdout)["failures"], {}, done)

    def test_json_for_programs(self):
        done = self.bench("SELECT 1", "-u", "2", "-n", "50", "-o", "json", "--fail-if", "errors<1%")
        result = json.loads(done.stdout)
        self.assertEqual((result["requests"], result["succeeded"], result["failed"]), (50, 50, 0))
        self.assertLessEqual(result["latency_ms"]["p50"], result["latency_ms"]["max"])
        self.assertGreater(result["stages_ms"]["db"], 0)
        self.assertEqual([(each["threshold"], each["met"]) for each in result["thresholds"]], [("errors<1%", True)])

    def test_a_broken_rule_is_status_99(self):
        done = self.bench("SELECT pg_sleep(0.005)", "-n", "10", "--fail-if", "p50<1ms", status=99)
        self.assertIn("threshold p50<1ms: missed", done.stdout)
        self.assertIn("is no threshold", self.bench("SELECT 1", "--fail-if", "p99=1", status=1).stderr)

    def test_a_rate_is_kept(self):
        done = self.bench("SELECT 1", "--rate", "100", "-d", "1s", "--warm-up", "0ms", "-o", "json")
        result = json.loads(done.stdout)
        self.assertEqual(result["requests"], 100)
        self.assertLess(result["requests_per_second"], 110)

    def test_what_does_not_work_is_not_measured(self):
        done = self.bench("SELECT nope", status=3)
        self.assertIn("nothing was measured", done.stderr)
        self.assertEqual(done.stdout, "")

    def test_a_sweep_finds_a_size_and_puts_the_old_one_back(self):
        before = self.max_size()
        done = self.bench("SELECT pg_sleep(0.01)", "-u", "8", "-d", "400ms", "--warm-up", "0ms",
                          "--sweep-pool", "1,4")
        self.assertRegex(done.stdout, r"(?m)^ +1 +\d+ .*\n +4 +\d+ ")
        self.assertIn("best: pool.max_size 4 for 8 users", done.stdout)
        self.assertEqual(self.max_size(), before)

    def test_a_sweep_that_is_interrupted_puts_the_old_size_back(self):
        before = self.max_size()
        process = subprocess.Popen([BINARY, "bench", "main", "SELECT pg_sleep(0.5)", "-u", "2", "-d", "20s",
                                    "--sweep-pool", "3"], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   env={"SLUICE_URL": f"http://127.0.0.1:{self.gateway.port}"})
        wait_until(lambda: self.max_size() == 3, "the sweep has changed the pool")
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=10)
        self.assertEqual(process.returncode, 130)
        self.assertEqual(self.max_size(), before)

    def test_the_limit_is_walked_to(self):
        self.gateway.request("PATCH", "/databases/main", {"pool": {"max_waiters": 3, "max_size": 2}})
        self.addCleanup(self.gateway.request, "PATCH", "/databases/main", {"pool": {"max_waiters": 0, "max_size": 10}})
        done = self.bench("SELECT pg_sleep(0.01)", "-d", "300ms", "--warm-up", "0ms", "--pool-limit")
        self.assertIn("limit: with 8 users some were refused", done.stdout)
        self.assertIn("queue_full", done.stdout)

    def test_the_walk_ends_where_nothing_succeeds(self):
        """Thousands of users would learn no more of a gateway or a database that is gone."""
        self.postgres.run("create sequence once; alter sequence once owner to app")
        done = self.bench("SELECT 1 / (nextval('once') < 2)::int", "--write", "-d", "300ms", "--warm-up", "0ms", "--pool-limit",
                          status=1)  # only the first, which tries it, succeeds
        self.assertIn("no request succeeded, 1 at once: ", done.stderr)
        self.assertIn("division by zero", done.stderr)


if __name__ == "__main__":
    unittest.main()
