"""The commands that ask a running gateway, as people and scripts use them."""

import concurrent.futures
import csv
import io
import json
import os
import pty
import signal
import socket
import subprocess
import tempfile
import unittest

from gateway import BINARY, Gateway, GatewayTest, wait_until
from private_postgres import free_port

KEY = "cli-test-key-0123456789abcdef"


class CommandTest(GatewayTest):
    """Databases `main` and `second` work, `gone` refuses connections."""

    @classmethod
    def prepare(cls):
        cls.postgres.create_database("second")
        cls.postgres.create_database("third")
        cls.postgres.run("create table items (id int primary key, name text);"
                         "insert into items values (1, 'one'), (2, 'two');"
                         "alter table items owner to app")

    @classmethod
    def configuration(cls):
        nobody = {"host": "127.0.0.1", "port": free_port(), "database": "x", "user": "x", "password": "x"}
        return {"databases": {"main": {**cls.postgres.target(), "labels": {"region": "eu"}},
                              "second": {**cls.postgres.target("second"), "labels": {"region": "eu"}},
                              "gone": nobody}}

    def sluice(self, *arguments, status=0, text=None, environment=None):
        done = subprocess.run([BINARY, *arguments], capture_output=True, text=True, timeout=60, input=text or "",
                              env={"PATH": os.environ["PATH"],
                                   "SLUICE_URL": f"http://127.0.0.1:{self.gateway.port}", **(environment or {})})
        self.assertEqual(done.returncode, status, done)
        return done


class Asking(CommandTest):
    def test_a_query_in_every_format(self):
        sql = "SELECT id, name FROM items WHERE id >= $1 ORDER BY id"
        self.assertEqual(self.sluice("query", "main", sql, "--param", "1").stdout,
                         " id | name\n----+------\n  1 | one\n  2 | two\n")
        rows = list(csv.DictReader(io.StringIO(self.sluice("query", "main", sql, "-p", "2", "-o", "csv").stdout)))
        self.assertEqual(rows, [{"id": "2", "name": "two"}])
        answer = json.loads(self.sluice("query", "main", sql, "-p", "2", "-o", "json").stdout)
        self.assertEqual((answer["count"], answer["rows"]), (1, [{"id": 2, "name": "two"}]))
        lines = self.sluice("query", "main", sql, "-p", "1", "-o", "ndjson").stdout.splitlines()
        self.assertEqual([json.loads(line)["name"] for line in lines], ["one", "two"])
        self.assertEqual(self.sluice("query", "main", "-", text="SELECT 7 AS x").stdout, " x\n---\n 7\n")

    def test_statements_write_only_when_that_is_said(self):
        insert = "INSERT INTO items VALUES (9, 'nine')"
        refused = self.sluice("query", "main", insert, status=3)
        self.assertIn("ERROR 25006", refused.stderr)
        self.assertIn("--write", refused.stderr)
        self.sluice("query", "main", insert, "--write")
        self.sluice("query", "main", "DELETE FROM items WHERE id = 9", "--write")

    def test_an_sql_mistake_is_pointed_at(self):
        done = self.sluice("query", "main", "SELECT 1,\n nme FROM items", status=3)
        self.assertEqual(done.stdout, "")
        self.assertIn("LINE 2:  nme FROM items\n         ^\n", done.stderr)

    def test_many_databases(self):
        done = self.sluice("query", "--selector", "region=eu", "SELECT 1 AS one")
        self.assertEqual(done.stdout, " database | one\n----------+-----\n main     |   1\n second   |   1\n")
        done = self.sluice("query", "--all", "-o", "csv", "SELECT 1 AS one", status=4)
        self.assertEqual(done.stdout, "database,one\nmain,1\nsecond,1\n")
        self.assertRegex(done.stderr, r"^gone: .*\n")

    def test_what_a_cell_holds_never_commands_a_terminal(self):
        """On a terminal; a file gets every byte."""
        sql = r"SELECT E'\x1b[2Jred' AS a, chr(155) AS b"
        shown = self.in_terminal("query", "main", sql)
        self.assertIn(r"\x1b[2Jred", shown)
        for evil in ("\x1b[2J", "\x9b"):
            self.assertNotIn(evil, shown)
        self.assertIn("\x1b[2J", self.sluice("query", "main", sql, "-o", "csv").stdout)

    def in_terminal(self, *arguments, environment=None):
        """Everything that a terminal would have got."""
        pid, terminal = pty.fork()
        if pid == 0:
            os.execve(BINARY, [BINARY, *arguments],
                      {"PATH": os.environ["PATH"], "TERM": "xterm",
                       "SLUICE_URL": f"http://127.0.0.1:{self.gateway.port}", **(environment or {})})
        shown = b""
        with os.fdopen(terminal, "rb", buffering=0):
            while True:
                try:
                    piece = os.read(terminal, 65536)
                except OSError:
                    break
                if not piece:
                    break
                shown += piece
        os.waitpid(pid, 0)
        return shown.decode("utf-8", "replace")

    def test_colours_are_for_terminals_and_can_be_switched_off(self):
        self.assertIn("\x1b[", self.in_terminal("status"))
        self.assertNotIn("\x1b[", self.in_terminal("status", "--no-color"))
        self.assertNotIn("\x1b[", self.in_terminal("status", environment={"NO_COLOR": "1"}))
        self.assertNotIn("\x1b[", self.sluice("status").stdout)

    def test_ctrl_c_cancels_the_statement(self):
        process = subprocess.Popen([BINARY, "query", "main", "SELECT pg_sleep(60) /* cli */"],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                   env={"SLUICE_URL": f"http://127.0.0.1:{self.gateway.port}"})
        running = ("select count(*) from pg_stat_activity where query like '%pg_sleep(60) /* cli */%' "
                   "and state = 'active' and pid <> pg_backend_pid()")
        wait_until(lambda: self.postgres.run(running) == "1", "the statement runs")
        process.send_signal(2)
        process.wait(timeout=10)
        wait_until(lambda: self.postgres.run(running) == "0", "the statement is cancelled")


class Watching(CommandTest):
    def test_status_names_every_database(self):
        done = self.sluice("status")
        self.assertIn("databases", done.stdout.splitlines()[0])
        for name in ("main", "second", "gone"):
            self.assertRegex(done.stdout, rf"(?m)^{name} +closed ")
        pools = json.loads(self.sluice("status", "-o", "json").stdout)["pools"]
        self.assertEqual(len(pools), 3)
        self.assertIn("db_id,breaker.state", self.sluice("status", "-o", "csv").stdout)

    def test_databases_lists_targets_without_passwords(self):
        done = self.sluice("databases")
        self.assertRegex(done.stdout, rf"(?m)^main +app@127.0.0.1:{self.postgres.port}/app .* region=eu$")
        self.assertNotIn(self.postgres.password, done.stdout)

    def test_a_plan_is_shown(self):
        self.assertRegex(self.sluice("explain", "main", "select $1::int", "--param", "1").stdout, r"^Result +\(cost=")
        analyzed = self.sluice("explain", "main", "select 1", "--analyze", "--buffers", "-o", "json")
        self.assertEqual(json.loads(analyzed.stdout)["plan"][0]["Plan"]["Actual Rows"], 1)
        self.assertIn("nonsense", self.sluice("explain", "main", "select nonsense", status=3).stderr)
        self.assertIn("read-only", self.sluice("explain", "main", "delete from items", "--analyze", status=3).stderr)
        self.assertIn("Delete on items", self.sluice("explain", "main", "delete from items", "--analyze", "--write").stdout)
        self.assertEqual(self.gateway.scalar("select count(*) from items"), 2)

    def test_tables_and_columns_are_listed(self):
        self.postgres.run("create table listed (id integer primary key, name text default 'x');"
                          " create view seen as select id from listed; comment on table listed is 'a list'")
        self.addCleanup(self.postgres.run, "drop table listed cascade")
        tables = self.sluice("schema", "main").stdout
        self.assertRegex(tables, r"public +listed +table .* a list\n")
        self.assertRegex(tables, r"public +seen +view ")
        self.assertRegex(self.sluice("schema", "main", "listed").stdout, r"name +text +true +'x'::text")
        self.assertEqual(self.sluice("schema", "main", "seen", "-o", "csv").stdout.splitlines()[0],
                         "name,type,nullable,default,comment")
        self.assertIn("there is no such table", self.sluice("schema", "main", "gone", status=1).stderr)

    def test_why_explains(self):
        self.assertRegex(self.sluice("why", "main").stdout, "^main: the breaker has been closed for ")
        self.assertIn("unknown_database", self.sluice("why", "nope", status=1).stderr)


class Operating(CommandTest):
    def test_a_breaker_is_forced_and_released(self):
        done = self.sluice("breaker", "second", "force-open", "--for", "1m", "--reason", "moving disks")
        self.assertIn("forced_open", done.stdout)
        refused = self.sluice("query", "second", "SELECT 1", status=4)
        self.assertIn("sluice why second", refused.stderr)
        self.assertIn("moving disks", self.sluice("why", "second").stdout)
        self.assertEqual(self.sluice("status", "--fail-on-open", status=4).stderr, "hint: sluice why second\n")
        self.sluice("breaker", "second", "auto")
        self.sluice("query", "second", "SELECT 1")

    def test_a_database_comes_and_goes(self):
        target = f"postgresql://app@127.0.0.1:{self.postgres.port}/third"
        with tempfile.NamedTemporaryFile("w") as file:
            file.write(self.postgres.password + "\n")
            file.flush()
            done = self.sluice("connect", target, "--id", "third", "--password-file", file.name)
        self.assertRegex(done.stdout, r"^third: connected, PostgreSQL \d")
        again = self.sluice("connect", target, "--password-env", "PW", environment={"PW": self.postgres.password})
        self.assertIn("third: was connected already", again.stdout)
        with_password = target.replace("app@", f"app:{self.postgres.password}@")
        self.sluice("connect", "-", text=with_password + "\n")
        refused = self.sluice("connect", with_password, status=1)
        self.assertNotIn(self.postgres.password, refused.stderr)
        self.sluice("query", "third", "SELECT 1")
        self.assertEqual(self.sluice("disconnect", "third", "--force").stdout, "third: disconnected\n")
        self.sluice("query", "third", "SELECT 1", status=1)

    def test_a_database_is_paused_drained_renewed_and_resumed(self):
        self.assertRegex(self.sluice("pause", "second", "--reason", "moving disks").stdout, "^second: paused")
        self.assertIn("paused", self.sluice("status").stdout)
        self.sluice("query", "second", "SELECT 1", "--timeout", "100ms", status=4)
        self.assertRegex(self.sluice("resume", "second").stdout, "^second: active")
        self.assertRegex(self.sluice("drain", "second").stdout, "^second: draining")
        self.assertIn("(draining)", self.sluice("query", "second", "SELECT 1", status=4).stderr)
        self.sluice("resume", "second")
        self.assertRegex(self.sluice("reconnect", "second").stdout, "^second: active")
        self.sluice("query", "second", "SELECT 1")
        events = self.sluice("events", "--db", "second", "--kind", "operator").stdout
        self.assertRegex(events, r"(?m)^\S+Z  operator  second: .*moving disks")
        last = json.loads(self.sluice("events", "-n", "1", "-o", "json").stdout)
        self.assertEqual(len(last["events"]), 1)

    def test_a_probe_says_whether_a_database_answers(self):
        self.assertRegex(self.sluice("probe", "main").stdout, r"^main: answers, \d")
        self.assertIn("gone: does not answer: ", self.sluice("probe", "gone", status=4).stderr)

    def test_a_query_is_listed_and_cancelled(self):
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            answer = pool.submit(self.gateway.query, "SELECT pg_sleep(30)")
            listed = wait_until(lambda: self.sluice("queries", "-o", "csv").stdout.splitlines()[1:], "it is listed")
            self.assertIn("pg_sleep", listed[0])
            query_id = listed[0].split(",")[0]
            self.assertEqual(self.sluice("cancel", query_id).stdout, f"{query_id}: cancelled\n")
            self.assertEqual(answer.result(timeout=10).json["code"], "cancelled")
        self.assertIn("not_found", self.sluice("cancel", query_id, status=1).stderr)

    def test_statements_tell_what_costs(self):
        self.sluice("query", "main", "SELECT count(*) AS unheard_of FROM items")
        done = self.sluice("statements", "--order", "calls", "-n", "1000")
        self.assertRegex(done.stdout, r"(?m)^main +1 .* SELECT count\(\*\) AS unheard_of FROM items$")

    def test_events_are_followed(self):
        process = subprocess.Popen([BINARY, "events", "--follow"], stdout=subprocess.PIPE, text=True,
                                   env={"SLUICE_URL": f"http://127.0.0.1:{self.gateway.port}"})
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.sluice("pause", "second", "--reason", "to be followed")
        self.sluice("resume", "second")
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            found = pool.submit(lambda: next(line for line in process.stdout if "to be followed" in line))
            self.assertIn("second", found.result(timeout=10))

    def test_connect_asks_for_the_password_without_showing_it(self):
        pid, terminal = pty.fork()
        if pid == 0:
            os.execve(BINARY, [BINARY, "connect", f"postgresql://app@127.0.0.1:{self.postgres.port}/third", "--id", "asked"],
                      {"SLUICE_URL": f"http://127.0.0.1:{self.gateway.port}", "TERM": "xterm"})
        with os.fdopen(terminal, "r+b", buffering=0) as file:
            self.addCleanup(signal.alarm, 0)
            signal.alarm(30)  # reading has no time limit of its own
            shown = b""
            while b"Password for app@" not in shown:
                shown += file.read(4096)
            file.write(self.postgres.password.encode() + b"\n")
            while b"PostgreSQL" not in shown:
                shown += file.read(4096)
            # Before the terminal is closed, which would hang up on it.
            self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), 0)
        self.assertIn(b"asked: connected", shown)
        self.assertNotIn(self.postgres.password.encode(), shown)
        self.sluice("disconnect", "asked", "--force")

    def test_a_wrong_password_is_told(self):
        target = f"postgresql://app@127.0.0.1:{self.postgres.port}/third"
        done = self.sluice("connect", target, "--password-env", "PW", status=1, environment={"PW": "wrong"})
        self.assertIn("connection_rejected", done.stderr)


class Doctor(CommandTest):
    def test_it_finds_what_does_not_answer_and_adds_up_connections(self):
        done = self.sluice("doctor", status=1)
        self.assertRegex(done.stdout, r"(?m)^error +gone: does not answer: ")
        self.assertRegex(done.stdout, r"(?m)^ok +server of main: 20 of 97 connections may be opened "
                                      r"\(main \(10\) \+ second \(10\)\)$")
        self.assertIn("warning  main: fsync is off", done.stdout)  # the tests' server
        done = self.sluice("doctor", "--replicas", "5", "-o", "json", status=1)
        findings = json.loads(done.stdout)
        self.assertEqual(findings["errors"], 2)
        self.assertTrue(any("100 of 97" in each["message"] for each in findings["findings"]), findings)

    def test_check_config_tries_the_databases(self):
        file = os.path.join(self.gateway.directory, "sluice.yaml")
        done = self.sluice("check-config", file, "--connect", status=1)
        self.assertRegex(done.stdout, r"(?m)^  main: works, PostgreSQL \d")
        self.assertRegex(done.stdout, r"(?m)^  gone: FAILS: .*Connection refused")
        self.assertNotIn("works", self.sluice("check-config", file).stdout)


class Configuration(CommandTest):
    def test_it_is_shown_read_again_and_bundled(self):
        self.assertRegex(self.sluice("config").stdout, r"(?m)^pool\.max_size +10 +default")
        with open(self.gateway.config_file, encoding="utf-8") as file:
            before = file.read()
        self.addCleanup(self.write, before)
        self.assertEqual(self.sluice("reload", "--dry-run").stdout, "nothing has changed\n")
        self.write(json.dumps({**json.loads(before), "query": {"timeout_ms": 7000}}))
        done = self.sluice("reload")
        self.assertRegex(done.stdout, r"(?m)query\.timeout_ms: 30000 -> 7000$")
        self.write("pool: {max_sise: 1}\n")
        self.assertIn("max_sise", self.sluice("reload", status=1).stderr)
        bundle = self.sluice("support-bundle").stdout
        self.assertIsInstance(json.loads(bundle), dict)
        self.assertNotIn(self.postgres.password, bundle)

    def write(self, text):
        with open(self.gateway.config_file, "w", encoding="utf-8") as file:
            file.write(text)


class Reaching(CommandTest):
    def test_nobody_there_is_status_2(self):
        done = self.sluice("status", "--url", f"http://127.0.0.1:{free_port()}", status=2)
        self.assertIn("Connection refused", done.stderr)
        self.assertIn("SLUICE_URL", done.stderr)

    def test_a_gateway_that_goes_away_meanwhile_is_told(self):
        with socket.create_server(("127.0.0.1", 0)) as listener, concurrent.futures.ThreadPoolExecutor(1) as pool:
            done = pool.submit(self.sluice, "query", "a", "SELECT 1", "--url",
                               f"http://127.0.0.1:{listener.getsockname()[1]}", status=2)
            connection, _ = listener.accept()
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")
            connection.close()
            self.assertIn("whether the request was carried out is not known", done.result().stderr)

    def test_so_is_one_that_goes_away_before_it_has_read_everything(self):
        with socket.create_server(("127.0.0.1", 0)) as listener, concurrent.futures.ThreadPoolExecutor(1) as pool:
            done = pool.submit(self.sluice, "query", "a", "-", "--url",
                               f"http://127.0.0.1:{listener.getsockname()[1]}", status=2, text="-" * 30_000_000)
            connection, _ = listener.accept()
            connection.close()
            self.assertIn("whether the request was carried out is not known", done.result().stderr)

    def test_a_key_is_needed_and_comes_from_the_environment_or_a_file(self):
        gateway = Gateway({"databases": {"main": self.postgres.target()}}, [KEY],
                          environment={"SLUICE_API_KEY": KEY})
        self.addCleanup(gateway.close)
        url = f"http://127.0.0.1:{gateway.port}"
        done = self.sluice("status", "--url", url, status=5)
        self.assertIn("SLUICE_API_KEY", done.stderr)
        self.sluice("status", "--url", url, status=5, environment={"SLUICE_API_KEY": "wrong-key-0123456789"})
        self.sluice("status", "--url", url, environment={"SLUICE_API_KEY": KEY})
        with tempfile.NamedTemporaryFile("w") as file:
            file.write(KEY + "\n")
            file.flush()
            self.sluice("status", "--url", url, "--key-file", file.name)
            self.sluice("status", "--url", url, environment={"SLUICE_API_KEY_FILE": file.name})


if __name__ == "__main__":
    unittest.main()
