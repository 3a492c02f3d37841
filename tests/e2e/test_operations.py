"""docs/operations.md: its troubles are brought about, and say what it quotes; its commands work; its metrics
are there."""

import itertools
import os
import re
import socket
import subprocess
import tempfile
import threading
import unittest

from gateway import BINARY, SOURCES, Gateway, GatewayTest, together, wait_until
from private_postgres import PrivatePostgres, free_port

with open(os.path.join(SOURCES, "docs/operations.md"), encoding="utf-8") as page:
    PAGE = page.read()
QUOTES = [line for block in re.findall(r"(?ms)^```text\n(.*?)^```$", PAGE) for line in block.splitlines()]


def quoted(text):
    """Whether the page quotes it; `…` there stands for anything."""
    return any(re.fullmatch(".*".join(re.escape(part) for part in quote.split("…")), text)
               for quote in QUOTES)


def blocks_between(marker):
    part = re.search(f"<!-- {marker} -->(.*)<!-- end of {marker} -->", PAGE, re.S).group(1)
    return re.findall(r"(?ms)^```sh\n(.*?)^```$", part)


def block_with(word):
    return next(block for block in re.findall(r"(?ms)^```sh\n(.*?)^```$", PAGE) if word in block)


def shell(script, **environment):
    return subprocess.run(["bash", "-euo", "pipefail", "-c", script], capture_output=True, text=True,
                          timeout=120, env={**os.environ, **environment})


class Troubles(GatewayTest):
    @classmethod
    def setUpClass(cls):
        cls.postgres = PrivatePostgres(["max_connections = 8"])
        cls.addClassCleanup(cls.postgres.close)
        cls.postgres.run("create role few login connection limit 1 password 'few'", "postgres")
        cls.gateway = Gateway(cls.configuration(), [cls.postgres.password])
        cls.addClassCleanup(cls.gateway.close)

    @classmethod
    def configuration(cls):
        target = cls.postgres.target()
        quick = {"pool": {"connect_timeout_ms": 400}}
        return {"databases": {
            "main": {**target, "pool": {"max_size": 1, "acquire_timeout_ms": 200, "max_waiters": 2}},
            "other": {**target, "query": {"max_result_bytes": 1000}},
            "few": {**target, "user": "few", "password": "few"},
            "refused": {**target, "port": free_port()},
            "nameless": {**target, "host": "no.such.host.invalid"},
            "wrong_password": {**target, "password": "wrong"},
            "wrong_name": {**target, "database": "nowhere"},
            "silent": {**target, "port": cls.silent_port(), **quick}}}

    @classmethod
    def silent_port(cls):
        """Somebody who takes connections and never says a word."""
        listener = socket.create_server(("127.0.0.1", 0))
        cls.addClassCleanup(listener.close)
        return listener.getsockname()[1]

    def assert_quoted(self, answer, code):
        self.assertEqual(answer.json["code"], code, answer)
        text = f"{answer.status} {code}: {answer.json['detail']}"
        self.assertTrue(quoted(text), f"docs/operations.md does not quote: {text}")

    def busy(self, db, seconds):
        thread = threading.Thread(target=self.gateway.query, args=(f"select pg_sleep({seconds})",),
                                  kwargs={"db": db})
        thread.start()
        self.addCleanup(thread.join)
        wait_until(lambda: self.gateway.metrics(db)["used_connections"] == 1, "it runs")

    def refused_with(self, code, db):
        return wait_until(lambda: (answer := self.gateway.query("select 1", db=db)).json.get("code") == code
                          and answer, code)

    def test_pool_timeouts(self):
        self.busy("main", 2)
        self.assert_quoted(self.gateway.query("select 1"), "acquire_timeout")
        answers = together(6, lambda _: self.gateway.query("select 1"))
        full = [answer for answer in answers if answer.json["code"] == "queue_full"]
        self.assertTrue(full, answers)
        self.assert_quoted(full[0], "queue_full")

    def test_the_query_that_shows_who_is_busy(self):
        self.busy("main", 2)
        script = re.search(r"(?ms)^```sql\n(SELECT pid.*?)^```$", PAGE).group(1)
        self.assertRegex(self.postgres.run(script), r"\|active\|.*pg_sleep")
        who = re.search(r"(?ms)^```sql\n(SELECT usename.*?)^```$", PAGE).group(1)
        self.assertIn("app|sluice|127.0.0.1|active|", self.postgres.run(who))

    def test_refused_connections(self):
        self.assert_quoted(self.gateway.query("select 1", db="refused"), "database_unavailable")
        self.assert_quoted(self.refused_with("breaker_open", "refused"), "breaker_open")
        self.assert_quoted(self.gateway.query("select 1", db="nameless"), "database_unavailable")
        self.assert_quoted(self.gateway.query("select 1", db="silent"), "connect_timeout")

    def test_rejected_connections(self):
        for db in ("wrong_password", "wrong_name"):
            self.assert_quoted(self.gateway.query("select 1", db=db), "connection_rejected")
        self.assert_quoted(self.refused_with("breaker_open", "wrong_password"), "breaker_open")
        answer = self.gateway.post("/databases/connect", self.postgres.target(host="192.0.2.1"))
        self.assert_quoted(answer, "forbidden")

    def test_too_many_clients(self):
        environment = {**os.environ, "PGPASSWORD": "few"}
        with subprocess.Popen(["psql", "-XqAt", "-h", "127.0.0.1", "-p", str(self.postgres.port), "-U", "few",
                               "-d", "app"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                              env=environment) as psql:
            wait_until(lambda: self.postgres.run("select count(*) from pg_stat_activity where usename = 'few'")
                       == "1", "psql is connected")
            answer = self.gateway.query("select 1", db="few")
            psql.stdin.close()
        self.assert_quoted(answer, "database_unavailable")
        self.assertEqual(answer.json["sqlstate"], "53300")

    def test_no_slot_left(self):
        environment = {**os.environ, "PGPASSWORD": self.postgres.password}
        numbers = itertools.count()

        def take_a_slot():
            hog = subprocess.Popen(["psql", "-XqAt", "-h", "127.0.0.1", "-p", str(self.postgres.port), "-U",
                                    "app", "-d", "app"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL, env=environment)
            self.addCleanup(hog.wait)
            self.addCleanup(hog.stdin.close)

        def refused():
            fresh = self.postgres.target(user="app", database="postgres", db_id=f"late-{next(numbers)}")
            answer = self.gateway.post("/databases/connect", fresh)
            if answer.status == 503:
                return answer
            take_a_slot()
            return None

        for _ in range(5):
            take_a_slot()
        answer = wait_until(refused, "all slots are taken")
        self.assert_quoted(answer, "database_unavailable")
        self.assertEqual(answer.json["sqlstate"], "53300")

    def test_lost_connections(self):
        results = []
        thread = threading.Thread(
            target=lambda: results.append(self.gateway.query("select pg_sleep(20)", db="other")))
        thread.start()
        wait_until(lambda: self.gateway.metrics("other")["used_connections"] == 1, "it runs")
        self.postgres.terminate_backends()
        thread.join()
        self.assert_quoted(results[0], "database_unavailable")
        self.assertEqual(self.gateway.query("select 1", db="other").status, 200, "callers see nothing more")

    def test_limits(self):
        self.assert_quoted(self.gateway.query("select pg_sleep(5)", timeout_ms=100, db="other"),
                           "query_timeout")
        answer = self.gateway.query("select repeat('x', 9000)", db="other")
        self.assert_quoted(answer, "result_too_large")

    def test_a_short_lifetime_for_a_moment_renews_the_connections(self):
        before = self.gateway.scalar("select pg_backend_pid()", db="other")
        script = block_with("max_lifetime_ms").replace("sleep 15", "sleep 2")
        done = shell(script, SLUICE=f"http://127.0.0.1:{self.gateway.port}", DB="other", KEY="none")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertNotEqual(self.gateway.scalar("select pg_backend_pid()", db="other"), before)
        self.assertIn('"max_lifetime_ms":3600000', self.gateway.get("/databases/other").text)

    def test_the_first_questions_and_maintenance(self):
        environment = {"SLUICE": f"http://127.0.0.1:{self.gateway.port}", "DB": "other", "KEY": "none"}
        done = shell(block_with("/why"), **environment)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertNotIn("null,", done.stdout.split('"acquire_ms"')[0].split('"used_connections"')[1])
        done = shell(block_with("forced_open"), **environment)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("forced_open", done.stdout)
        done = shell(block_with("/drain"), **environment)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn('"state":"draining"', done.stdout)
        self.assertEqual(self.gateway.query("select 1", db="other").status, 200)

    def test_the_metrics_are_there(self):
        for _ in range(2):
            self.gateway.query("select nothing", db="other")
            self.gateway.query("select 1", db="refused")
        text = self.gateway.get("/metrics?format=prometheus").text
        names = set(re.findall(r"\b(?:sluice|db_client|process)_\w+(?=[\[{ `=)])", PAGE)) - {
            "db_client_connection_state"}
        self.assertGreater(len(names), 10)
        for name in names:
            self.assertIn(f"\n{name}", text)


class Doors(unittest.TestCase):
    def start(self, *arguments, **environment):
        done = subprocess.run([BINARY, "serve", *arguments], capture_output=True, text=True, timeout=30,
                              env={"PATH": os.environ["PATH"], **environment})
        self.assertEqual(done.returncode, 1)
        return re.search(r'"error":"(.*?)"[,}]|^--listen: (.*)$', done.stdout + done.stderr)

    def test_what_keeps_it_from_starting_is_quoted(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            found = [self.start("--listen", f"127.0.0.1:{port}")]
        found.append(self.start("--listen", "192.0.2.1:8080", SLUICE_API_KEY="0123456789abcdef"))
        found.append(self.start("--listen", "0.0.0.0:8080"))
        for text in (match.group(1) or match.group(2) for match in found):
            self.assertTrue(quoted(text), text)

    def test_strangers_are_told_what_is_quoted(self):
        gateway = Gateway({"server": {"allowed_hosts": ["gateway.example.com"]},
                           "security": {"api_keys": [{"name": "a", "key": "0123456789abcdef"}]}})
        self.addCleanup(gateway.close)
        for answer in (gateway.get("/databases"), gateway.get("/livez", Host="evil.example.com")):
            text = f"{answer.status} {answer.json['code']}: {answer.json['detail']}"
            self.assertTrue(quoted(text), text)


class Reload(unittest.TestCase):
    def test_what_the_log_says_of_mistakes_is_in_the_table(self):
        gateway = Gateway()
        self.addCleanup(gateway.close)
        with open(gateway.config_file, "w", encoding="utf-8") as file:
            file.write("pool: {max_sise: 1}")
        gateway.process.send_signal(1)
        message = "the configuration was not reloaded; nothing has changed"
        wait_until(lambda: f'"{message}"' in gateway.log(), "it is told")
        self.assertIn(f"| `{message}` |", PAGE)


class Backup(unittest.TestCase):
    def test_the_commands_work_one_after_the_other(self):
        postgres = PrivatePostgres(["max_wal_senders = 4"])
        self.addCleanup(postgres.close)
        postgres.create_database("orders")
        postgres.run("create table items (id int primary key); insert into items values (1), (2)", "orders")
        with tempfile.TemporaryDirectory() as directory:
            environment = {"PGHOST": "127.0.0.1", "PGPORT": str(postgres.port), "PGUSER": "postgres",
                           "PGPASSWORD": postgres._superuser_password}
            scripts = blocks_between("backup")
            self.assertEqual(len(scripts), 4)
            for script in scripts:
                if "--clean" in script:
                    postgres.run("delete from items", "orders")
                done = shell(f"cd {directory}\n{script}", **environment)
                self.assertEqual(done.returncode, 0, f"{script}\n{done.stderr}")
            self.assertEqual(postgres.run("select count(*) from items", "orders"), "2")


class Sums(unittest.TestCase):
    def test_they_are_right(self):
        table = re.search(r"(?ms)^\| what \| connections \|\n\|---\|---\|\n(.*?)\| \*\*sum\*\* \| \*\*(\d+)\*\*", PAGE)
        parts = [int(number) for number in re.findall(r"\| (\d+) \|$", table.group(1), re.M)]
        self.assertEqual(sum(parts), int(table.group(2)))
        self.assertGreater(int(re.search(r"`max_connections = (\d+)`", PAGE).group(1)), sum(parts))
        with open(os.path.join(SOURCES, "config/profiles/production.yaml"), encoding="utf-8") as production:
            self.assertEqual(re.findall(r"max_size: (\d+)", production.read()), ["20", "4"])
        self.assertIn("during an upgrade: 3 × 20 | 60 |", PAGE)
        self.assertIn("3 × 4 = 12", PAGE)


if __name__ == "__main__":
    unittest.main()
