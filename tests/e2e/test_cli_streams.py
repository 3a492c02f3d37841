"""Results that `sluice query` writes while they come, as people and scripts use them."""

import concurrent.futures
import json
import os
import re
import socket
import subprocess
import unittest

from gateway import BINARY, GatewayTest, wait_until
from private_postgres import free_port

# Not from a function, which PostgreSQL would run to its end first.
ROWS = "select generate_series(1, %d) as n, repeat('x', 80) as filler"
# The error comes when a good part of the rows has been sent.
FAILS = "select n, repeat('x', 80) as filler, 1 / (50000 - n) from generate_series(1, 100000) n"
# The server itself collects 8 KiB before it sends anything.
WAITS = ("select repeat('x', 1000) as a from generate_series(1, 100) union all"
         " select 'last' from pg_sleep(600)")


class StreamTest(GatewayTest):
    """Databases `main` and `second` work, `gone` refuses connections."""

    @classmethod
    def prepare(cls):
        cls.postgres.create_database("second")

    @classmethod
    def configuration(cls):
        nobody = {"host": "127.0.0.1", "port": free_port(), "database": "x", "user": "x", "password": "x"}
        return {"databases": {"main": cls.postgres.target(), "second": cls.postgres.target("second"), "gone": nobody}}

    def environment(self):
        return {"PATH": os.environ["PATH"], "SLUICE_URL": f"http://127.0.0.1:{self.gateway.port}"}

    def sluice(self, *arguments, status=0):
        done = subprocess.run([BINARY, "query", *arguments], capture_output=True, timeout=120, env=self.environment())
        self.assertEqual(done.returncode, status, done.stderr)
        return done

    def start(self, *arguments):
        process = subprocess.Popen([BINARY, "query", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   env=self.environment())
        for done in (process.stdout.close, process.stderr.close, process.wait, process.kill):
            self.addCleanup(done)
        return process

    def assert_all_quiet(self):
        wait_until(lambda: not self.gateway.get("/admin/queries").json["queries"], "the gateway runs nothing", 30)
        wait_until(lambda: self.gateway.metrics()["used_connections"] == 0, "it holds no connection", 30)


class Rows(StreamTest):
    def test_they_come_while_the_statement_runs(self):
        for form, first in (("ndjson", b'{"a":"xxx'), ("csv", b"a\n")):
            process = self.start("main", WAITS, "-o", form)
            self.assertTrue(process.stdout.readline().startswith(first))
            self.assertIsNone(process.poll())
            process.terminate()
            process.wait(timeout=30)
        self.assert_all_quiet()

    def test_memory_does_not_grow_with_the_result(self):
        for form in ("ndjson", "csv"):
            most = {rows: self.most_memory(form, rows) for rows in (1000, 1_000_000)}
            self.assertLess(most[1_000_000] - most[1000], 8 << 20, most)

    def most_memory(self, form, rows):
        """Of the command, in bytes, shortly before its end: 100 MB of rows need 100 MB, or none."""
        process = self.start("main", ROWS % rows, "-o", form)
        lines, most = 0, 0
        while piece := process.stdout.read1(1 << 20):
            lines += piece.count(b"\n")
            most = max(most, self.peak(process.pid))
        self.assertEqual(process.wait(timeout=30), 0)
        self.assertEqual(lines, rows + (form == "csv"))
        return most

    def peak(self, pid):
        with open(f"/proc/{pid}/status", encoding="ascii") as status:
            found = re.search(r"VmHWM:\s+(\d+) kB", status.read())
        return int(found[1]) * 1024 if found else 0  # it has ended

    def test_the_limit_of_buffered_answers_does_not_apply(self):
        sql = "select repeat('x', 1000000) as a from generate_series(1, 40)"
        self.assertGreater(len(self.sluice("main", sql, "-o", "ndjson").stdout), 32 << 20)

    def test_csv_cells_keep_their_line_breaks(self):
        done = self.sluice("main", r"select E'a\r\nb' as t, null as n, true as b", "-o", "csv")
        self.assertEqual(done.stdout, b't,n,b\n"a\r\nb",,t\n')

    def test_a_cut_is_said(self):
        done = self.sluice("main", ROWS % 10, "-o", "ndjson", "--max-rows", "3")
        self.assertEqual(done.stdout.count(b"\n"), 3)
        self.assertIn(b"there are more rows", done.stderr)

    def test_many_databases_answer_in_their_own_time(self):
        sql = "select current_database()::text as d, pg_sleep(case current_database() when 'app' then 600 else 0 end)::text"
        process = self.start("--db", "main", "--db", "second", "--db", "gone", "-o", "ndjson", sql)
        self.assertEqual(json.loads(process.stdout.readline())["database"], "second")
        self.assertIsNone(process.poll())
        process.terminate()
        process.wait(timeout=30)
        done = self.sluice("--db", "main", "--db", "second", "--db", "gone", "-o", "ndjson", "select 1 as n", status=4)
        self.assertEqual(sorted(done.stdout.splitlines()), [b'{"database":"main","n":1}', b'{"database":"second","n":1}'])
        self.assertRegex(done.stderr, rb"^gone: .*\n")


class Failures(StreamTest):
    def test_an_error_in_the_middle(self):
        done = self.sluice("main", FAILS, "-o", "ndjson", status=3)
        rows = [json.loads(line)["n"] for line in done.stdout.splitlines()]
        self.assertGreater(len(rows), 1000)
        self.assertEqual(rows, list(range(1, len(rows) + 1)))
        self.assertIn(b"ERROR 22012: division by zero\n", done.stderr)
        self.assertIn(b"not the whole result", done.stderr)
        done = self.sluice("main", FAILS, "-o", "csv", status=1)
        self.assertTrue(done.stdout.startswith(b"n,filler,?column?\n1,xxx"))
        self.assertTrue(done.stdout.endswith(b"\n"))
        self.assertIn(b"broke off", done.stderr)

    def test_an_error_at_once_writes_nothing(self):
        for form in ("ndjson", "csv"):
            done = self.sluice("main", "select nme", "-o", form, status=3)
            self.assertEqual(done.stdout, b"")
            self.assertIn(b"LINE 1: select nme\n               ^\n", done.stderr)
            self.assertIn(b"unknown_database", self.sluice("nowhere", "select 1", "-o", form, status=1).stderr)

    def test_an_operator_who_cancels_it(self):
        process = self.start("main", WAITS, "-o", "ndjson")
        process.stdout.readline()
        (query,) = self.gateway.get("/admin/queries").json["queries"]
        self.assertEqual(self.gateway.request("DELETE", f"/admin/queries/{query['id']}").status, 200)
        _, err = process.communicate(timeout=30)
        self.assertEqual(process.returncode, 3)
        self.assertIn(b"cancelled by an operator", err)

    def test_a_gateway_that_goes_away_in_the_middle(self):
        with socket.create_server(("127.0.0.1", 0)) as listener, concurrent.futures.ThreadPoolExecutor(1) as pool:
            done = pool.submit(self.sluice, "a", "SELECT 1", "-o", "ndjson", "--url",
                               f"http://127.0.0.1:{listener.getsockname()[1]}", status=1)
            connection, _ = listener.accept()
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10\r\n{\"a\":1}\n{\"a\":2}\n\r\n")
            connection.close()
            self.assertEqual(done.result().stdout, b'{"a":1}\n')
            self.assertIn(b"broke off", done.result().stderr)


class Readers(StreamTest):
    def test_one_that_has_enough_ends_the_statement_in_silence(self):
        for form in ("ndjson", "csv"):
            done = subprocess.run(
                ["bash", "-o", "pipefail", "-c", f'"$0" query main "$1" -o {form} | head -n 2', BINARY, ROWS % 50_000_000],
                capture_output=True, timeout=60, env=self.environment())
            self.assertEqual((done.returncode, done.stderr), (0, b""))
            self.assertEqual(done.stdout.count(b"\n"), 2)
            self.assert_all_quiet()

    def test_a_slow_one_slows_the_database_down(self):
        process = self.start("main", ROWS % 50_000_000, "-o", "ndjson")
        waits = ("select wait_event from pg_stat_activity where state = 'active' and application_name = 'sluice'")
        wait_until(lambda: self.postgres.run(waits, "postgres") == "ClientWrite", "the server waits", 30)
        process.kill()
        process.wait(timeout=30)
        self.assert_all_quiet()

    def test_a_full_disk_is_told(self):
        with open("/dev/full", "wb") as full:
            done = subprocess.run([BINARY, "query", "main", ROWS % 100_000, "-o", "csv"], stdout=full,
                                  stderr=subprocess.PIPE, timeout=60, env=self.environment())
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"No space left", done.stderr)
        self.assert_all_quiet()


if __name__ == "__main__":
    unittest.main()
