"""Packets that vanish, and routers that say no: the kernel's own doing, in a network of the test's own (namespace.py)."""

import subprocess

from faults import FaultTest, Writers, wait_until


class Drops(FaultTest):
    @classmethod
    def main(cls):
        return {**super().main(), "port": cls.postgres.port}

    def setUp(self):
        super().setUp()
        self.addCleanup(subprocess.run, ["iptables", "-F", "INPUT"], check=True)

    def block(self, way, *verdict):
        """`way`: dport for what goes to the server, sport for what comes from it."""
        subprocess.run(["iptables", "-I", "INPUT", "-p", "tcp", f"--{way}", str(self.postgres.port), "-j", *verdict], check=True)

    def heal(self):
        subprocess.run(["iptables", "-F", "INPUT"], check=True)

    def refusal(self):
        answer = self.gateway.query("select 1", timeout_ms=500)
        return answer if answer.json.get("code") == "breaker_open" else None

    def lose(self, *ways):
        with Writers(self.gateway) as writers:
            writers.wait_for(30)
            for way in ways:
                self.block(way, "DROP")
            wait_until(self.refusal, "the breaker opens", 30)
            self.heal()
            writers.wait_for(30)
        for answer in writers.answers.values():
            self.assert_in_time(answer, 1000)
        self.assert_account(writers.answers)
        self.recovers()
        self.is_quiet()
        wait_until(lambda: self.postgres.backends() <= self.pool["max_size"], "no more connections than allowed", 60)

    def test_what_goes_to_the_server_is_lost(self):
        self.lose("dport")

    def test_what_comes_from_the_server_is_lost(self):
        self.lose("sport")

    def test_everything_is_lost(self):
        self.lose("dport", "sport")

    def test_a_router_that_says_no_is_quoted(self):
        self.block("dport", "REJECT", "--reject-with", "icmp-host-unreachable")
        self.postgres_is_forgotten()
        refused = wait_until(self.refusal, "the breaker opens", 30)
        self.assertIn("No route to host", refused.json["detail"])
        self.heal()
        self.recovers()

    def postgres_is_forgotten(self):
        """The gateway has to connect anew."""
        self.assertEqual(self.gateway.post("/admin/databases/main/reconnect", {}).status, 200)
