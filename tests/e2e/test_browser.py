"""The dashboard in a real browser (web/test/browser). Needs node, the packages of web/, and Chromium."""

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import unittest
import urllib.error
import urllib.request

from gateway import BINARY, SOURCES, Gateway, GatewayTest, wait_until

KEYS = {"admin": "secret-admin-0123456789", "operator": "secret-operator-0123456789",
        "query": "secret-query-0123456789"}


class Scenario:
    """A scenario that runs; it says how far it is, and waits for its counterpart here."""

    def __init__(self, name, gateway, **more):
        given = json.dumps({"base": f"http://127.0.0.1:{gateway.port}", **more})
        self.process = subprocess.Popen(["node", "test/browser/scenarios.mjs", name, given],
                                        cwd=os.path.join(SOURCES, "web"), stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def wait_for(self, what):
        line = self.process.stdout.readline()
        if line.strip() != f"reached {what}":
            raise AssertionError(f"waited for '{what}':\n{line}{self.process.stdout.read()}")

    def go_on(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def end(self):
        output, _ = self.process.communicate(timeout=150)
        if self.process.returncode != 0:
            raise AssertionError(output)


def play(name, gateway, **more):
    Scenario(name, gateway, **more).end()


@contextlib.contextmanager
def calling(call):
    """Somebody who goes on calling meanwhile."""
    stop = threading.Event()

    def go_on():
        while not stop.wait(0.1):
            call()

    caller = threading.Thread(target=go_on)
    caller.start()
    try:
        yield
    finally:
        stop.set()
        caller.join()


class Browser(GatewayTest):
    # A breaker that opens soon and tries again soon.
    config = {"breaker": {"consecutive_connect_failures": 2, "open_ms": 200,
                          "max_open_ms": 400, "half_open_successes": 1}}

    @classmethod
    def prepare(cls):
        cls.postgres.create_database("second")

    @classmethod
    def configuration(cls):
        configuration = super().configuration()
        configuration["databases"]["second"] = cls.postgres.target("second")
        return configuration

    def setUp(self):
        self.gateway.query("select 1")

    def test_every_page_is_accessible_and_fits(self):
        play("looking_around", self.gateway)

    def test_the_keyboard_suffices(self):
        play("by_keyboard", self.gateway)

    def test_a_database_that_dies_is_seen_and_so_is_its_return(self):
        scenario = Scenario("a_breaker_opens", self.gateway)
        scenario.wait_for("closed")
        self.postgres.stop()
        self.addCleanup(self.postgres.start)
        wait_until(lambda: self.gateway.query("select 1").json["code"] == "breaker_open", "it is open")
        scenario.go_on()
        scenario.wait_for("open")
        self.doCleanups()
        scenario.go_on()
        with calling(lambda: self.gateway.query("select 1")):
            scenario.end()

    def test_tiles_filter(self):
        play("pressing_tiles", self.gateway)

    def test_an_override_has_a_reason_and_a_record(self):
        play("overriding_a_breaker", self.gateway)

    def test_a_query_is_cancelled(self):
        scenario = Scenario("cancelling_a_query", self.gateway)
        scenario.wait_for("watching")
        answers = []
        caller = threading.Thread(target=lambda: answers.append(self.gateway.query("select pg_sleep(25)")))
        caller.start()
        scenario.go_on()
        scenario.end()
        caller.join(10)
        self.assertNotEqual(answers[0].status, 200)
        self.assertLess(answers[0].seconds, 20)

    def test_the_console(self):
        play("using_the_console", self.gateway)


class BrowserWithKeys(GatewayTest):
    @classmethod
    def configuration(cls):
        keys = [{"name": role, "role": role, "key": key} for role, key in KEYS.items()]
        return {**super().configuration(), "security": {"api_keys": keys}}

    def test_signing_in(self):
        play("signing_in", self.gateway, **KEYS)

    def test_the_api_is_tried_with_a_key(self):
        play("trying_the_api", self.gateway, **KEYS)

    def test_operators_see_what_they_may_do(self):
        play("as_operator", self.gateway, **KEYS)


class BrowserAndTheGatewaysLife(GatewayTest):
    def test_the_first_database(self):
        gateway = Gateway({}, [self.postgres.password])
        self.addCleanup(gateway.close)
        play("the_first_database", gateway, target=self.postgres.target())

    def test_silence_and_the_end_are_told(self):
        gateway = Gateway({**self.configuration(), "server": {"drain_delay_ms": 4000}})
        self.addCleanup(gateway.close)
        scenario = Scenario("when_the_gateway_is_silent", gateway)
        scenario.wait_for("live")
        gateway.process.send_signal(signal.SIGSTOP)
        scenario.go_on()
        scenario.wait_for("stale")
        gateway.process.send_signal(signal.SIGCONT)
        scenario.go_on()
        scenario.wait_for("live again")
        gateway.process.send_signal(signal.SIGTERM)
        scenario.go_on()
        scenario.end()


class Demo:
    """scripts/demo.sh --chaos, from its first request to its end."""

    def __init__(self):
        self.directory = tempfile.mkdtemp(prefix="sluice-demo-", dir="/tmp")
        os.chmod(self.directory, 0o755)
        state = os.path.join(self.directory, "state")
        self.log = open(os.path.join(self.directory, "log"), "w+", encoding="utf-8")
        self.process = subprocess.Popen(
            [os.path.join(SOURCES, "scripts/demo.sh"), "--chaos", "--binary", BINARY, "--state", state, "--port", "0"],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        wait_until(self.is_ready, "the demo is ready", patience=120)
        with open(os.path.join(state, "env"), encoding="utf-8") as env:
            self.port = int(re.search(r"^SLUICE=.*:(\d+)$", env.read(), re.M).group(1))

    def is_ready(self):
        with open(self.log.name, encoding="utf-8") as file:
            text = file.read()
        assert self.process.poll() is None, text
        return "Trouble a shop" in text

    def call(self):
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/query/shop_eu", b'{"sql": "select 1"}',
                                         {"Content-Type": "application/json"})
        with contextlib.suppress(urllib.error.HTTPError):
            urllib.request.urlopen(request, timeout=30).close()

    def close(self):
        self.process.terminate()
        self.process.wait(timeout=60)
        self.log.close()
        shutil.rmtree(self.directory, ignore_errors=True)


class BrowserAndTheDemo(unittest.TestCase):
    def test_the_button_for_chaos(self):
        demo = Demo()
        self.addCleanup(demo.close)
        with calling(demo.call):
            play("causing_chaos", demo)


if __name__ == "__main__":
    unittest.main()
