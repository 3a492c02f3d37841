"""bench/run as a program: it measures, says when an answer is wrong, and leaves nothing behind. How fast
anything was is not looked at."""

import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import unittest

from gateway import BINARY, SOURCES, wait_until

# Answers everything, and nothing rightly.
LIAR = """#!/usr/bin/env python3
import http.server, os
class Liar(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.do_GET()
http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Liar).serve_forever()
"""


def descendants(root):
    """{pid: name of the program} of everything that `root` has started."""
    listed = subprocess.run(["ps", "-eo", "pid=,ppid=,comm="], capture_output=True, text=True, check=True).stdout
    rows = [line.split(None, 2) for line in listed.splitlines()]
    found, more = {}, True
    while more:
        more = {int(pid): name for pid, parent, name in rows
                if int(pid) not in found and (int(parent) == root or int(parent) in found)}
        found.update(more)
    return found


class Bench(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix="sluice-bench-test-", dir="/tmp")
        self.addCleanup(shutil.rmtree, self.directory, ignore_errors=True)
        self.peers = os.path.join(self.directory, "peers")
        os.mkdir(self.peers)
        self.environment = {name: value for name, value in os.environ.items() if name != "SLUICE_BENCH_PEERS"}
        self.environment["TMPDIR"] = self.directory

    def add_peer(self, name, script):
        os.mkdir(os.path.join(self.peers, name))
        path = os.path.join(self.peers, name, "run.sh")
        with open(path, "w", encoding="utf-8") as file:
            file.write(script)
        os.chmod(path, 0o755)

    def command(self, *arguments):
        return [os.path.join(SOURCES, "bench", "run"), "--binary", BINARY, "--peers", self.peers, "--quick",
                *arguments]

    def bench(self, *arguments):
        return subprocess.run(self.command(*arguments), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=280, env=self.environment)

    def assert_nothing_is_left(self):
        self.assertEqual(os.listdir(self.directory), ["peers"])

    def test_it_measures_right_answers(self):
        document = os.path.join(self.directory, "performance.md")
        markers = "".join(f"<!-- {name} -->\nold\n<!-- end of {name} -->\nkept\n"
                          for name in ("machine", "point", "rows", "fanout", "health"))
        with open(document, "w", encoding="utf-8") as file:
            file.write(markers)
        samples = os.path.join(self.directory, "samples.json")
        done = self.bench("--markdown", document, "--json", samples)
        self.assertEqual(done.returncode, 0, done.stdout)
        with open(samples, encoding="utf-8") as file:
            sections = {section["name"]: section["rows"] for section in json.load(file)["sections"]}
        self.assertEqual(list(sections), ["point", "rows", "fanout", "health"])
        labels = {row["label"] for row in sections["point"]}
        self.assertEqual(labels, {"sluice", "sluice, access log", "sluice, no batches", "pgbench -c 64", "pgbench -c 20", "pgbench -c 4"})
        for row in (row for rows in sections.values() for row in rows):
            self.assertGreater(row["rate"], 0, row)
            self.assertEqual(row["errors"], 0, row)
        with open(document, encoding="utf-8") as file:
            text = file.read()
        self.assertNotIn("old", text)
        self.assertEqual(text.count("kept"), 5)
        self.assertIn("| sluice |", text)
        self.assertNotIn(self.directory, text)
        os.remove(document)
        os.remove(samples)
        self.assert_nothing_is_left()

    def test_a_document_without_a_place_for_a_table_is_noticed_before_measuring(self):
        document = os.path.join(SOURCES, "README.md")
        done = self.bench("--only", "point", "--markdown", document)
        self.assertEqual(done.returncode, 1)
        self.assertIn("needs '<!-- machine -->'", done.stdout)
        self.assertNotIn("Starting", done.stdout)

    def test_the_document_has_a_place_for_every_table(self):
        sections = re.search(r"--only NAME,… +of ([a-z, \n]+?)\n +--", self.bench("--help").stdout).group(1)
        with open(os.path.join(SOURCES, "docs", "performance.md"), encoding="utf-8") as file:
            text = file.read()
        names = [*re.split(r",\s+", sections.strip()), "machine", "micro"]
        self.assertGreater(len(names), 5)
        for name in names:
            self.assertEqual(text.count(f"<!-- {name} -->\n"), 1, name)
            self.assertEqual(text.count(f"<!-- end of {name} -->\n"), 1, name)

    def test_wrong_answers_fail_it(self):
        self.add_peer("liar", LIAR)
        self.add_peer("absent", "#!/bin/sh\necho not built >&2\nexit 1\n")
        done = self.bench("--only", "health")
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertIn("WRONG ANSWERS of liar: check_point", done.stdout)
        self.assertIn("left out: absent did not start: not built", done.stdout)
        self.assertIn("  1/1 sluice ", done.stdout)
        self.assertNotIn("  1/1 liar", done.stdout)
        self.assert_nothing_is_left()

    def test_an_interrupt_stops_everything(self):
        bench = subprocess.Popen(self.command("--only", "health", "--seconds", "60"), stdin=subprocess.DEVNULL,
                                 stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=self.environment)
        self.addCleanup(bench.stdout.close)

        wait_until(lambda: "wrk" in descendants(bench.pid).values(), "wrk runs", patience=60)
        started = descendants(bench.pid)
        self.assertIn("postgres", started.values())
        bench.send_signal(signal.SIGINT)
        self.assertEqual(bench.wait(timeout=60), 130, bench.stdout.read())
        wait_until(lambda: not any(os.path.exists(f"/proc/{pid}") for pid in started), "all processes are gone")
        self.assert_nothing_is_left()
