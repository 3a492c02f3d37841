"""Host names that do not exist, and a name server that never answers. Runs by namespace.py --silent-names."""

import socket

from faults import FaultTest, TROUBLE, Writers, together, wait_until


class Names(FaultTest):
    # A name server that is there and says nothing: getaddrinfo waits for it, ten seconds and more.
    @classmethod
    def prepare(cls):
        super().prepare()
        cls.name_server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        cls.name_server.bind(("127.0.0.53", 53))
        cls.addClassCleanup(cls.name_server.close)

    @classmethod
    def configuration(cls):
        settings = {"pool": cls.pool, "breaker": cls.breaker}
        lost = {f"lost{number}": {**cls.postgres.target(host=f"db{number}.example.invalid"), **settings} for number in range(8)}
        return {"databases": {"main": {**cls.postgres.target(), **settings}, **lost,
                              "named": {**cls.postgres.target(host="localhost"), **settings}}}

    def ask_the_lost(self, timeout_ms=1500):
        return together(16, lambda number: self.gateway.query("select 1", db=f"lost{number % 8}", timeout_ms=timeout_ms))

    def test_names_that_cannot_be_resolved_hurt_nobody_else(self):
        with Writers(self.gateway) as writers:
            writers.wait_for(30)
            for answer in self.ask_the_lost():
                self.assertEqual(answer.status, TROUBLE[answer.json["code"]], answer)
                self.assertEqual(answer.json["outcome"], "not_started")
                self.assert_in_time(answer, 1500)
            writers.wait_for(30)
        self.assertEqual({answer.status for answer in writers.answers.values()}, {200})
        self.assert_account(writers.answers)

    def test_other_names_are_looked_up_all_the_same(self):
        """While eight questions wait for the name server, a name that needs none is found at once."""
        for _ in range(3):
            self.ask_the_lost(1200)
            self.assertEqual(self.gateway.post("/admin/databases/named/reconnect", {}).status, 200)
            answer = self.gateway.query("select 1", db="named", timeout_ms=1200)
            self.assertEqual(answer.status, 200, answer)
            self.postgres.terminate_backends()

    def test_a_breaker_says_which_name(self):
        wait_until(lambda: self.ask_the_lost(300)[0].json["code"] == "breaker_open", "the breaker opens", 60)
        detail = self.gateway.query("select 1", db="lost0").json["detail"]
        self.assertIn("db0.example.invalid", detail)
