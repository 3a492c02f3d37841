"""The demo's chaos button: POST /admin/chaos/<db_id> and scripts/chaos.py behind it."""

import os
import subprocess
import sys
import tempfile
import unittest

from gateway import BINARY, SOURCES, Gateway, GatewayTest, wait_until
from private_postgres import PrivatePostgres, free_port


class Chaos(GatewayTest):
    pool = {"max_size": 2, "connect_timeout_ms": 500}

    @classmethod
    def setUpClass(cls):
        cls.postgres = PrivatePostgres()
        cls.addClassCleanup(cls.postgres.close)
        directory = tempfile.TemporaryDirectory()
        cls.addClassCleanup(directory.cleanup)
        cls.socket = os.path.join(directory.name, "control")
        ports = [free_port(), free_port()]
        cls.proxy = subprocess.Popen(
            [sys.executable, os.path.join(SOURCES, "scripts/chaos.py"), "--control", cls.socket, "--upstream",
             str(cls.postgres.port), f"main={ports[0]}", f"other={ports[1]}"], stdout=subprocess.PIPE, text=True)
        cls.addClassCleanup(cls.end_proxy)
        assert cls.proxy.stdout.readline() == "ready\n"
        databases = {name: {**cls.postgres.target(port=port), "pool": cls.pool, "breaker": {"open_ms": 100}}
                     for name, port in zip(("main", "other"), ports)}
        cls.gateway = Gateway({"server": {"chaos_socket": cls.socket}, "databases": databases},
                              [cls.postgres.password])
        cls.addClassCleanup(cls.gateway.close)

    @classmethod
    def end_proxy(cls):
        cls.proxy.terminate()
        cls.proxy.wait()
        cls.proxy.stdout.close()

    def act(self, action, db="main"):
        return self.gateway.post(f"/admin/chaos/{db}", {"action": action})

    def tearDown(self):
        self.act("recover")
        self.gateway.post("/admin/databases/main/breaker", {"state": "forced_closed"})
        wait_until(lambda: self.gateway.query("select 1", timeout_ms=2000).status == 200, "it works again")
        self.gateway.post("/admin/databases/main/breaker", {"state": "auto"})

    def assert_the_other_one_works(self):
        self.assertEqual(self.gateway.query("select 1", db="other").status, 200)

    def test_a_killed_database_is_gone_and_comes_back(self):
        self.assertEqual(self.gateway.query("select 1").status, 200)
        killed = self.act("kill")
        self.assertEqual((killed.status, killed.json["action"]), (200, "kill"), killed)
        self.assertIn("refused", killed.json["message"])
        self.assertEqual(self.gateway.query("select 1").status, 503)
        self.assert_the_other_one_works()
        self.act("recover")
        wait_until(lambda: self.gateway.query("select 1").status == 200, "it is back")
        events = self.gateway.get("/admin/events?kind=operator&db_id=main").json["events"]
        self.assertIn("chaos: kill", [event["message"] for event in events])

    def test_a_stopped_database_hangs(self):
        self.assertEqual(self.gateway.query("select 1").status, 200)
        self.assertEqual(self.act("stop").status, 200)
        self.assertEqual(self.gateway.query("select 1", timeout_ms=300).status, 504)
        self.assert_the_other_one_works()

    def test_a_slow_database_is_slow(self):
        self.assertEqual(self.gateway.query("select 1").status, 200)
        self.assertEqual(self.act("slow").status, 200)
        answer = self.gateway.query("select 1")
        self.assertEqual(answer.status, 200, answer)
        self.assertGreater(answer.seconds, 0.5)

    def test_mistakes(self):
        self.assert_problem(self.act("explode"), 422, "invalid_request")
        self.assert_problem(self.act("kill", "nothing"), 422, "invalid_request")
        self.assert_problem(self.gateway.post("/admin/chaos/main", {"deed": "kill"}), 422, "invalid_request")
        self.assert_problem(self.gateway.post("/admin/chaos/main", {}), 422, "invalid_request")

    def test_the_snapshot_says_that_it_is_the_demo(self):
        self.assertIs(self.gateway.get("/admin/snapshot").json["instance"]["demo"], True)


class Elsewhere(unittest.TestCase):
    def test_there_is_no_such_route(self):
        gateway = Gateway()
        self.addCleanup(gateway.close)
        self.assertEqual(gateway.post("/admin/chaos/main", {"action": "kill"}).status, 404)
        self.assertIs(gateway.get("/admin/snapshot").json["instance"]["demo"], False)

    def test_nobody_else_may_reach_it(self):
        done = subprocess.run([BINARY, "check-config"], capture_output=True, text=True,
                              env={"SLUICE_SERVER__CHAOS_SOCKET": "/tmp/x", "SLUICE_API_KEY": "0123456789abcdef",
                                   "SLUICE_SERVER__LISTEN": "0.0.0.0:1"})
        self.assertEqual(done.returncode, 1, done)
        self.assertIn("SLUICE_SERVER__CHAOS_SOCKET: 'chaos_socket' is for the demo", done.stderr)


if __name__ == "__main__":
    unittest.main()
