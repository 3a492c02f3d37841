"""sluice top, in a terminal of the test's own, and in tmux."""

import concurrent.futures
import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import unittest

from gateway import BINARY, GatewayTest, wait_until

ENTER, LEAVE = "\x1b[?1049h", "\x1b[?1049l"


class Terminal:
    """A pseudo-terminal in which a program runs."""

    def __init__(self, environment, *arguments):
        self.parent, child = pty.openpty()
        fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 100, 0, 0))
        self.child = child  # kept open, to look at its settings afterwards
        self.before = termios.tcgetattr(child)
        self.process = subprocess.Popen([BINARY, *arguments], stdin=child, stdout=child, stderr=child,
                                        env={"TERM": "xterm", **environment})
        self.shown = ""

    def read(self):
        while select.select([self.parent], [], [], 0.05)[0]:
            self.shown += os.read(self.parent, 65536).decode("utf-8", "replace")
        return self.shown

    def press(self, keys):
        self.shown = ""
        os.write(self.parent, keys.encode())

    def wait_for(self, words):
        wait_until(lambda: words in self.read(), f"the screen shows {words!r}; it shows {self.shown[-2000:]!r}")

    def end(self):
        status = self.process.wait(timeout=10)
        self.read()
        return status

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.parent)
        os.close(self.child)


class Top(GatewayTest):
    @classmethod
    def configuration(cls):
        return {"databases": {"main": cls.postgres.target(), "other": cls.postgres.target()}}

    def start(self, *arguments):
        terminal = Terminal({"SLUICE_URL": f"http://127.0.0.1:{self.gateway.port}"}, "top", *arguments)
        self.addCleanup(terminal.close)
        return terminal

    def assert_restored(self, terminal):
        self.assertTrue(terminal.shown.rstrip().endswith(LEAVE), repr(terminal.shown[-200:]))
        self.assertEqual(termios.tcgetattr(terminal.child), terminal.before)

    def test_it_shows_the_databases_and_gives_the_terminal_back(self):
        terminal = self.start("--interval", "500ms")
        terminal.wait_for("main")
        self.assertTrue(terminal.shown.startswith(ENTER))
        terminal.press("/oth\r")
        terminal.wait_for("  /oth")
        terminal.press(" ")
        terminal.wait_for("PAUSED")
        terminal.press("?")
        terminal.wait_for("Any key goes back")
        terminal.press("x")
        terminal.press("q")
        self.assertEqual(terminal.end(), 0)
        self.assert_restored(terminal)

    def test_whatever_ends_it_the_terminal_is_given_back(self):
        for end, status in ((lambda each: each.press("\x03"), 0),
                            (lambda each: each.process.send_signal(signal.SIGTERM), 130),
                            (lambda each: each.process.send_signal(signal.SIGINT), 130)):
            terminal = self.start()
            terminal.wait_for("main")
            end(terminal)
            self.assertEqual(terminal.end(), status)
            self.assert_restored(terminal)

    def test_a_query_is_cancelled_after_a_confirmation(self):
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            answer = pool.submit(self.gateway.query, "SELECT pg_sleep(30)")
            terminal = self.start("--interval", "500ms")
            terminal.wait_for("pg_sleep")
            terminal.press("C")
            terminal.wait_for("Cancel the selected query?")
            terminal.press("y")
            self.assertEqual(answer.result(timeout=10).json["code"], "cancelled")
            terminal.press("q")
            self.assertEqual(terminal.end(), 0)

    def test_without_a_terminal_it_says_what_to_use(self):
        done = subprocess.run([BINARY, "top"], capture_output=True, text=True, stdin=subprocess.DEVNULL,
                              env={"SLUICE_URL": f"http://127.0.0.1:{self.gateway.port}"})
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("sluice status", done.stderr)

    def test_without_a_gateway_there_is_no_screen(self):
        terminal = Terminal({}, "top", "--url", "http://127.0.0.1:1")
        self.addCleanup(terminal.close)
        self.assertEqual(terminal.end(), 2)
        self.assertNotIn(ENTER, terminal.shown)

    def test_in_tmux(self):
        socket = f"sluice-test-{os.getpid()}"

        def tmux(*arguments):
            return subprocess.run(["tmux", "-L", socket, "-f", "/dev/null", *arguments], capture_output=True,
                                  text=True, timeout=20, env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8",
                                                              "TERM": "xterm", "TMUX_TMPDIR": self.gateway.directory})
        self.addCleanup(tmux, "kill-server")
        command = f"{os.path.abspath(BINARY)} top --url http://127.0.0.1:{self.gateway.port}"
        started = tmux("new-session", "-d", "-x", "90", "-y", "20", "sh")
        self.assertEqual(started.returncode, 0, started)
        tmux("send-keys", "echo before; " + command, "Enter")
        wait_until(lambda: "q end" in tmux("capture-pane", "-p").stdout, "top is on the screen")
        screen = tmux("capture-pane", "-p").stdout.splitlines()
        self.assertIn("2 databases", screen[0])
        self.assertTrue(any(line.startswith("main ") for line in screen), screen)
        self.assertIn("q end", screen[-1])
        tmux("send-keys", "q")
        wait_until(lambda: "q end" not in tmux("capture-pane", "-p").stdout, "the old screen is back")
        self.assertIn("before", tmux("capture-pane", "-p").stdout)


if __name__ == "__main__":
    unittest.main()
