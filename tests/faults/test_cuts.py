"""A connection that ends after any byte of a statement or of its answer: what the caller is told is true."""

import collections
import os
import subprocess

from faults import FaultTest, Proxy, WRITE, wait_until
from proxy import TO_CLIENT, TO_SERVER, Cut


class Cuts(FaultTest):
    pool = {"max_size": 1, "connect_timeout_ms": 5000, "pre_ping": "never", "keepalive_ms": 0}
    # Cuts are failures; a breaker that opened would refuse what is to be cut.
    breaker = {"failure_rate": 1, "minimum_calls": 10000, "consecutive_connect_failures": 10000, "open_ms": 200,
               "max_open_ms": 1000}

    def cut(self, way, after, reset):
        """Writes a token while the connection is cut; None when the cut lay behind all that was sent."""
        token = f"{way} {after} {reset} {self.id()}"
        self.assertEqual(self.gateway.query(WRITE, ["warm"]).status, 200)  # connected, and prepared
        fault = self.proxy.trouble(way, Cut(after, reset))
        answer = self.gateway.query(WRITE, [token], timeout_ms=20000)
        happened = fault.happened.is_set()
        self.proxy.heal()
        return token, answer if happened else None

    def cut_everywhere(self, way, reset):
        answers = {}
        # The kernel's two ways to end a connection; the ruder one is tried at every third byte.
        for after in range(0, 1000, 3 if reset else 1):
            token, answer = self.cut(way, after, reset)
            if answer is None:
                break
            answers[token] = answer
        return answers

    def check(self, answers, at_least):
        self.assertGreater(len(answers), at_least)
        written = self.assert_account(answers)
        return {(self.outcome(answer), written[token]) for token, answer in answers.items() if answer.status != 200}

    def test_an_answer_that_is_cut_leaves_the_outcome_unknown(self):
        for reset in (False, True):
            answers = self.cut_everywhere(TO_CLIENT, reset)
            # All of it had been sent, so the server has done it; nobody who got no answer can know.
            self.assertEqual(self.check(answers, 15), {("unknown", 1)})

    def test_a_statement_that_is_cut_is_never_done_and_said_not_to_be(self):
        for reset in (False, True):
            answers = self.cut_everywhere(TO_SERVER, reset)
            found = self.check(answers, 15)
            self.assertEqual({done for _, done in found}, {0}, "the server runs nothing that it has not got")


    def test_a_connect_that_is_cut_harms_nobody_and_is_tried_again(self):
        codes = collections.Counter()
        for after in range(0, 440, 22):
            self.proxy.end_all()
            fault = self.proxy.trouble(TO_CLIENT, Cut(after))
            answer = self.gateway.query("select 1", timeout_ms=20000)
            if answer.status != 200:
                self.assertEqual(self.assert_trouble(answer)["outcome"], "not_started", answer)
            if fault.happened.is_set():
                codes[answer.status] += 1
            self.proxy.heal()
            wait_until(lambda: self.gateway.query("select 1").status == 200, "it is connected again", 30)
        self.assertGreater(sum(codes.values()), 12, codes)
        wait_until(lambda: self.postgres.backends() == 1, "there is one connection, and no half ones")


TRANSACTIONS = os.environ.get("SLUICE_TRANSACTIONS", "build/dev/fault_transactions")


class Program:
    """Something that embeds the library and runs transactions (transactions.cc)."""

    def __init__(self, url):
        self._process = subprocess.Popen([TRANSACTIONS, url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def transaction(self, way, token):
        """Its outcome in a word."""
        self._process.stdin.write(f"{way} {token}\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline().split()
        return "ok" if answer == ["ok"] else answer[1]

    def close(self):
        self._process.stdin.close()
        assert self._process.wait(timeout=60) == 0
        self._process.stdout.close()


class Transactions(FaultTest):
    """Two writes and a COMMIT, through the library; nothing between all and nothing, whatever is lost."""

    def setUp(self):
        super().setUp()
        target = self.postgres.target(port=self.proxy.port)
        self.program = Program("postgresql://{user}:{password}@{host}:{port}/{database}".format(**target))
        self.addCleanup(self.program.close)

    def connected(self, way):
        wait_until(lambda: self.program.transaction(way, "warm") == "ok", "transactions work", 30)

    def cut_everywhere(self, way, direction, step):
        outcomes = {}
        for after in range(0, 2000, step):
            token = f"{way}-{direction}-{after}".replace(" ", "-")
            self.connected(way)
            fault = self.proxy.trouble(direction, Cut(after))
            outcomes[token] = self.program.transaction(way, token)
            self.proxy.heal()
            if not fault.happened.is_set():
                del outcomes[token]
                break
        return outcomes

    def account(self, outcomes):
        """How often each outcome came with how many rows."""
        rows = collections.Counter(self.postgres.run("select token from tokens").splitlines())
        return collections.Counter((outcome, rows[token]) for token, outcome in outcomes.items())

    def check(self, way, step):
        found = self.account({**self.cut_everywhere(way, TO_CLIENT, step), **self.cut_everywhere(way, TO_SERVER, step)})
        self.assertGreater(sum(found.values()), 40, found)
        self.assertLessEqual(set(found), {("ok", 2), ("unknown", 0), ("unknown", 2), ("rolled_back", 0),
                                          ("not_started", 0)}, found)
        self.assertTrue(found["unknown", 2], f"no COMMIT lost its answer: {found}")
        return found

    def test_of_statements_are_all_or_nothing(self):
        found = self.check("statements", 3)
        self.assertTrue(found["unknown", 0], f"the COMMIT goes along, so nobody can tell whether it arrived: {found}")

    def test_of_libpqxx_are_all_or_nothing(self):
        found = self.check("pqxx", 7)
        self.assertTrue(found["rolled_back", 0] + found["not_started", 0],
                        f"what was lost before the COMMIT is known to be undone: {found}")
