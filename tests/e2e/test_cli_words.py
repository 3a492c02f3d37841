"""What the program says about itself: help, manual, shell completion. Each shell is asked what it would offer."""

import os
import pathlib
import re
import subprocess
import tempfile
import unittest

from gateway import BINARY, SOURCES, Gateway

PATH = os.path.dirname(os.path.abspath(BINARY)) + ":" + os.environ["PATH"]


def run(*arguments, **options):
    return subprocess.run(arguments, capture_output=True, text=True, timeout=60, **options)


class Manual(unittest.TestCase):
    def page(self, name):
        done = run(BINARY, "manual", name)
        self.assertEqual(done.returncode, 0, done)
        return done.stdout

    def rendered(self, name):
        """As man shows it; it has nothing to complain about."""
        done = run("man", "--warnings", "-l", "-", input=self.page(name),
                   env={"PATH": PATH, "MANWIDTH": "100", "LC_ALL": "C.UTF-8"})
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout

    def test_every_command_is_in_it(self):
        text = self.rendered("sluice")
        commands = re.findall(r"(?m)^  ([a-z][a-z-]*)  +[A-Z]", run(BINARY, "--help").stdout)
        self.assertGreater(len(commands), 20)
        for command in commands:
            self.assertRegex(text, rf"(?m)^ *sluice {command}$")
        for words in ("SLUICE_API_KEY", "--fail-if", "130 Ctrl-C"):
            self.assertIn(words, text)

    def test_every_setting_is_in_it(self):
        text = self.rendered("sluice.yaml")
        settings = re.findall(r"(?m)^(?:### `(\w+)`|\| `(\w+)` \|)", run(BINARY, "settings").stdout)
        section = ""
        self.assertGreater(len(settings), 40)
        for heading, key in settings:
            section = heading or section
            if key:
                self.assertIn(f"{section}.{key}\n", text)

    def test_help_begins_with_examples(self):
        for arguments in (["--help"], ["query", "--help"], ["serve", "--help"], ["bench", "--help"]):
            text = run(BINARY, *arguments).stdout
            self.assertLess(text.index("Examples:"), text.index("Usage: sluice"), arguments)


class Page(unittest.TestCase):
    """docs/command-line.md says what is so."""

    TEXT = (pathlib.Path(SOURCES) / "docs" / "command-line.md").read_text(encoding="utf-8")

    def lines(self):
        for block in re.findall(r"(?s)```sh\n(.*?)```", self.TEXT):
            yield from re.findall(r"sluice ([a-z-]+)([^\n#|)]*)", block)

    def test_every_command_in_it_exists_with_its_options(self):
        lines = list(self.lines())
        self.assertGreater(len(lines), 35)
        for command, rest in lines:
            done = run(BINARY, command, "--help")
            self.assertEqual(done.returncode, 0, command)
            for option in re.findall(r" (--[a-z-]+)", rest):
                self.assertIn(option, done.stdout, f"{command} has no {option}")

    def test_every_command_is_in_it(self):
        known = re.findall(r"(?m)^  ([a-z][a-z-]*)  +[A-Z]", run(BINARY, "--help").stdout)
        shown = {command for command, _ in self.lines()}
        self.assertEqual(set(known) - shown, {"serve", "check-health", "settings", "version"})


class Completion(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.gateway = Gateway({"databases": {"orders": {"host": "127.0.0.1", "database": "x", "user": "x",
                                                        "password": "x"}}})
        cls.addClassCleanup(cls.gateway.close)
        cls.environment = {"PATH": PATH, "SLUICE_URL": f"http://127.0.0.1:{cls.gateway.port}", "HOME": "/tmp",
                           "LC_ALL": "C.UTF-8", "TERM": "dumb"}

    def script(self, shell):
        file = tempfile.NamedTemporaryFile("w", suffix="." + shell)
        self.addCleanup(file.close)
        file.write(run(BINARY, "completion", shell).stdout)
        file.flush()
        return file.name

    def check(self, offered):
        """`offered(line)`: the words for the end of a command line."""
        for line, words in (("sluice que", {"query", "queries"}), ("sluice why ", {"orders"}),
                            ("sluice bench --sw", {"--sweep-pool"}), ("sluice status -o n", {"ndjson"}),
                            ("sluice completion f", {"fish"})):
            with self.subTest(line):
                self.assertEqual(set(offered(line)), words)

    def test_bash(self):
        script = self.script("bash")

        def offered(line):
            words = line.split(" ")
            done = run("bash", "-c", f'. {script}; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _sluice; '
                       'printf "%s\\n" "${COMPREPLY[@]}"', "bash", *words, env=self.environment)
            self.assertEqual(done.stderr, "")
            return done.stdout.split()
        self.check(offered)

    def test_fish(self):
        script = self.script("fish")

        def offered(line):
            done = run("fish", "--no-config", "-c", f"source {script}; complete -C '{line}'", env=self.environment)
            self.assertEqual(done.stderr, "")
            return [each.split("\t")[0] for each in done.stdout.splitlines()]
        self.check(offered)

    def test_zsh_can_read_it(self):
        """zsh offers words only at a terminal; here it must accept the script, and know the function."""
        script = self.script("zsh")
        done = run("zsh", "-f", "-c", f"autoload -U compinit; compinit -u -D; source {script}; whence -w _sluice; "
                   "print ${_comps[sluice]}", env=self.environment)
        self.assertEqual((done.stdout, done.stderr), ("_sluice: function\n_sluice\n", ""))


if __name__ == "__main__":
    unittest.main()
