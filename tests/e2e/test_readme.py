"""The README's tour, word for word, against the demo; and the demo itself."""

import os
import re
import shutil
import subprocess
import tempfile
import unittest

from gateway import BINARY, SOURCES, wait_until


def tour():
    """(script, expected output or None) for each ```sh block between the markers, and the ```text or ```json block after it."""
    with open(os.path.join(SOURCES, "README.md"), encoding="utf-8") as file:
        marked = re.search(r"<!-- tour -->(.*)<!-- end of tour -->", file.read(), re.S).group(1)
    blocks = re.findall(r"^```(\w+)\n(.*?)^```$", marked, re.S | re.M)
    steps = []
    for kind, text in blocks:
        if kind == "sh":
            steps.append([text, None])
        else:
            steps[-1][1] = text
    return steps


def matches(expected, actual):
    """`…` in the README stands for anything on that line."""
    pattern = "[^\n]*".join(re.escape(part) for part in expected.strip().split("…"))
    return re.fullmatch(pattern, actual.strip()) is not None


class Readme(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix="sluice-tour-", dir="/tmp")
        self.addCleanup(shutil.rmtree, self.directory, ignore_errors=True)
        os.chmod(self.directory, 0o755)
        self.state = os.path.join(self.directory, "build", "demo")

    def demo(self, *arguments):
        return [os.path.join(SOURCES, "scripts", "demo.sh"), "--binary", BINARY, "--state",
                self.state, "--port", "0", *arguments]

    def test_the_tour_works_word_for_word(self):
        log = open(os.path.join(self.directory, "log"), "w+", encoding="utf-8")
        self.addCleanup(log.close)
        demo = subprocess.Popen(self.demo(), stdin=subprocess.DEVNULL, stdout=log, stderr=log)

        def ready():
            with open(log.name, encoding="utf-8") as file:
                text = file.read()
            self.assertIsNone(demo.poll(), text)
            return "Ctrl-C stops everything" in text

        try:
            wait_until(ready, "the demo is ready", patience=60)
            steps = tour()
            self.assertGreater(len(steps), 5)
            script_so_far = ""
            for script, expected in steps:
                # One shell for the reader, so what earlier blocks set is there; their output is not.
                whole = f"{{ :\n{script_so_far}}} >/dev/null\n{script}"
                done = subprocess.run(["bash", "-euo", "pipefail", "-c", whole], cwd=self.directory,
                                      capture_output=True, text=True, timeout=60)
                self.assertEqual(done.returncode, 0, f"{script}\n{done.stdout}{done.stderr}")
                if expected is not None:
                    self.assertTrue(matches(expected, done.stdout),
                                    f"{script}\nexpected:\n{expected}\ncame:\n{done.stdout}")
                script_so_far += "".join(line + "\n" for line in script.splitlines() if line.startswith(". "))
        finally:
            demo.terminate()
            self.assertEqual(demo.wait(timeout=60), 143)
        self.assertEqual(os.listdir(self.state), ["lock"])

    def test_the_demo_shows_itself_once_and_cleans_up(self):
        done = subprocess.run(self.demo("--once"), stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=120)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn('"created": true', done.stdout)
        self.assertIn('"shop_africa"', done.stdout)
        self.assertIn("42703", done.stdout)
        self.assertIn('"status": "healthy"', done.stdout)
        self.assertEqual(os.listdir(self.state), ["lock"])

    def test_the_demo_can_be_troubled(self):
        done = subprocess.run(self.demo("--once", "--chaos"), stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=120)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("can be slowed, stopped and killed", done.stdout)
        self.assertIn('"status": "healthy"', done.stdout)
        self.assertEqual(os.listdir(self.state), ["lock"])

    def test_expectations_can_fail(self):
        self.assertTrue(matches("a … c\n", "a b c"))
        self.assertFalse(matches("a … c\n", "a b d"))
        self.assertFalse(matches("1", "2"))
