"""examples/embed and examples/fanout, run against a real PostgreSQL."""

import os
import subprocess
import unittest

from private_postgres import PrivatePostgres, free_port

BINARIES = os.environ["SLUICE_BINARY_DIR"]


class Programs(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.postgres = PrivatePostgres()
        cls.addClassCleanup(cls.postgres.close)

    def url(self, database="app"):
        return f"postgresql://app:{self.postgres.password}@127.0.0.1:{self.postgres.port}/{database}"

    def example(self, name, *arguments):
        return subprocess.run([os.path.join(BINARIES, f"sluice_example_{name}"), *arguments], capture_output=True,
                              text=True, stdin=subprocess.DEVNULL, timeout=60)

    def test_embed_shows_everything(self):
        done = self.example("embed", self.url())
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        lines = done.stdout.splitlines()
        for line in ("blocking: 2", "future: 3", "callback: 4", "transaction: 10", "in_transaction: 42",
                     "pqxx::work: 42", "and closed again: 5"):
            self.assertIn(line, lines)
        self.assertRegex(done.stdout, r"(?m)^breaker of example: forced_open \(.*to show it.*\)$")
        self.assertRegex(done.stdout, r"(?m)^breaker of example: closed ")
        self.assertRegex(done.stdout, r"(?m)^while the breaker is open: .*to show it")
        self.assertNotIn(self.postgres.password, done.stdout + done.stderr)

    def test_embed_says_what_is_wrong(self):
        for arguments, status in (((), 2), (("mysql://a@b/c",), 2), ((self.url("missing"),), 1)):
            with self.subTest(arguments=arguments[:1]):
                done = self.example("embed", *arguments)
                self.assertEqual(done.returncode, status)
                self.assertEqual(done.stdout, "")
                self.assertNotEqual(done.stderr, "")
                self.assertNotIn(self.postgres.password, done.stderr)

    def test_fanout_gives_successes_and_failures(self):
        self.postgres.create_database("second")
        down = f"postgresql://app@127.0.0.1:{free_port()}/down"
        done = self.example("fanout", "SELECT current_database()", self.url(), self.url("second"), down)
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stdout, r"(?m)^app-[0-9a-f]{8}: app \(\d+ ms\)$")
        self.assertRegex(done.stdout, r"(?m)^second-[0-9a-f]{8}: second \(\d+ ms\)$")
        self.assertRegex(done.stdout, r"(?m)^down-[0-9a-f]{8}: FAILED: database_unavailable: .*refused")
        self.assertTrue(done.stdout.endswith("2 of 3 answered\n"), done.stdout)

    def test_fanout_over_healthy_databases(self):
        done = self.example("fanout", "SELECT 1", self.url())
        self.assertEqual(done.returncode, 0, done.stdout)

    def test_fanout_changes_nothing(self):
        done = self.example("fanout", "CREATE TABLE forbidden (n int)", self.url())
        self.assertEqual(done.returncode, 1)
        self.assertIn("read-only", done.stdout)


if __name__ == "__main__":
    unittest.main()
