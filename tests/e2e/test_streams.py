"""Results as streams: NDJSON and CSV of any size, slow readers, errors in the middle, compression."""

import csv
import gzip
import http.client
import io
import json
import os
import re
import socket
import struct
import subprocess
import time
import unittest
import zlib

from gateway import GatewayTest, together, wait_until

NDJSON = "application/x-ndjson"
CSV = "text/csv"
# More of them by hand: SLUICE_STREAM_ROWS=10000000.
MANY = int(os.environ.get("SLUICE_STREAM_ROWS", "1000000"))
# A row of it is about a hundred bytes.
ROWS = "select n, repeat('x', 80) as filler from generate_series(1, %d) n"
# The server itself collects 8 KiB before it sends anything.
SLOW_END = ("select repeat('x', 1000) as a from generate_series(1, 100) union all"
            " select 'last' from pg_sleep(3)")


def lines_of(text):
    return [json.loads(line) for line in text.splitlines()]


class StreamTest(GatewayTest):
    pool = {"max_size": 4}

    def stream(self, sql, accept=NDJSON, path="/query/main", headers=None, **options):
        return self.gateway.post(path, {"sql": sql, **options},
                                 {"Accept": accept, **(headers or {})})

    def open(self, sql, accept=NDJSON, receive_buffer=None, headers=None, **options):
        """Sends the query and reads no more of the answer than its head."""
        plain = socket.socket()
        if receive_buffer:
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        plain.settimeout(60)
        plain.connect(("127.0.0.1", self.gateway.port))
        body = json.dumps({"sql": sql, **options}).encode()
        lines = {"Host": "localhost", "Content-Type": "application/json", "Accept": accept,
                 "Content-Length": len(body), **(headers or {})}
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        plain.sendall(f"POST /query/main HTTP/1.1\r\n{head}\r\n".encode() + body)
        response = http.client.HTTPResponse(plain, method="POST")
        response.begin()
        self.addCleanup(plain.close)
        self.addCleanup(response.close)
        return plain, response

    def running(self):
        """What the gateway runs, and what its server's sessions wait for."""
        return self.gateway.get("/admin/queries").json["queries"]

    def server_waits(self):
        return self.postgres.run("select string_agg(coalesce(wait_event, 'none'), ',') from"
                                 " pg_stat_activity where state = 'active' and"
                                 " application_name = 'sluice'", "postgres")

    def memory(self):
        with open(f"/proc/{self.gateway.process.pid}/status", encoding="ascii") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmRSS")) * 1024

    def streams(self):
        """How many began, and how many ended each way."""
        text = self.gateway.get("/metrics?format=prometheus").text
        ended = dict(re.findall(r'^sluice_streams_ended_total\{outcome="(\w+)"\} (\d+)', text, re.M))
        started = re.search(r"^sluice_streams_started_total (\d+)", text, re.M)[1]
        return {"started": int(started), **{outcome: int(count) for outcome, count in ended.items()}}

    def assert_counted(self, before, **ended):
        """Besides what is given, nothing has ended."""
        expected = {**before, **{outcome: before[outcome] + count for outcome, count in ended.items()}}
        expected["started"] += sum(ended.values())
        wait_until(lambda: self.streams() == expected, f"{before} has become {expected}", 30)

    def assert_all_quiet(self):
        wait_until(lambda: not self.running(), "the gateway runs nothing")
        wait_until(lambda: self.gateway.metrics()["used_connections"] == 0, "it holds no connection")
        self.assertEqual(self.gateway.scalar("select 1"), 1)


class Forms(StreamTest):
    def test_ndjson_has_a_row_a_line_and_a_last_record(self):
        answer = self.stream("select n, 'a' || chr(10) || 'b' as t, null as nothing"
                             " from generate_series(1, 3) n")
        self.assertEqual((answer.status, answer.headers["content-type"]), (200, NDJSON))
        *rows, last = lines_of(answer.text)
        self.assertEqual(rows, [{"n": n, "t": "a\nb", "nothing": None} for n in (1, 2, 3)])
        end = last["end"]
        self.assertEqual((end["count"], end["command"], end["truncated"]), (3, "SELECT", False))
        self.assertEqual([column["type"] for column in end["columns"]], ["int4", "text", "text"])
        self.assertGreater(end["elapsed_ms"], 0)

    def test_a_json_value_with_line_breaks_stays_on_its_line(self):
        answer = self.stream("""select '{"a":\n 1}'::json as j""")
        self.assertEqual(lines_of(answer.text)[0], {"j": {"a": 1}})

    def test_what_is_small_comes_with_its_length(self):
        answer = self.stream("select 1 as n")
        self.assertEqual(int(answer.headers["content-length"]), len(answer.text))

    def test_arrays_and_numbers_as_strings(self):
        answer = self.stream("select 1::int8 as a, 2 as a", format="arrays", numbers="string")
        self.assertEqual(lines_of(answer.text)[0], ["1", 2])

    def test_a_statement_without_rows_has_only_its_end(self):
        self.postgres.run("create table written(n int); grant all on written to app", "app")
        answer = self.stream("insert into written select generate_series(1, 5)")
        (last,) = lines_of(answer.text)
        self.assertEqual((last["end"]["affected"], last["end"]["command"]), (5, "INSERT"))
        self.assertEqual(self.stream("insert into written values (1)", CSV).text, "")

    def test_csv_is_what_copy_writes(self):
        sql = ("select n, case n % 5 when 0 then null when 1 then '' when 2 then 'a,\"b\"'"
               " when 3 then E'x\\r\\ny' else 'plain' end as t, n % 2 = 0 as b,"
               " array[n, null] as \"an array\", n::numeric / 3 as q, timestamptz '2026-01-01' as at,"
               " '{\"a\": 1}'::jsonb as j, '\\xdead'::bytea as raw from generate_series(1, 5000) n")
        answer = self.stream(sql, CSV)
        self.assertTrue(answer.headers["content-type"].startswith("text/csv; charset=utf-8"))
        copied = self.copied(sql)
        rows = list(csv.reader(io.StringIO(answer.text, newline="")))
        self.assertEqual(rows, list(csv.reader(io.StringIO(copied, newline=""))))
        # Line by line: COPY ends a line with LF, RFC 4180 with CR LF.
        self.assertEqual(answer.text.replace("\r\n", "\n"), copied.replace("\r\n", "\n"))
        self.assertEqual(answer.text.count("\r\n"), 5001 + 1000)

    def copied(self, sql):
        done = subprocess.run(
            ["psql", "-XqAt", "-h", "127.0.0.1", "-p", str(self.postgres.port), "-U", "app", "-c",
             f"copy ({sql}) to stdout csv header", "app"], check=True, capture_output=True,
            env={"PATH": os.environ["PATH"], "PGPASSWORD": self.postgres.password,
                 "PGTZ": "UTC", "PGOPTIONS": "-c intervalstyle=iso_8601"})
        return done.stdout.decode()

    def test_duplicate_names_are_no_matter_in_csv(self):
        self.assertEqual(self.stream("select 1 as a, 2 as a", CSV).text, "a,a\r\n1,2\r\n")
        self.assertEqual(self.stream("select 1 as a, 2 as a").status, 422)

    def test_max_rows_cuts_a_stream(self):
        answer = self.stream(ROWS % 1_000_000, max_rows=20_000)
        *rows, last = lines_of(answer.text)
        self.assertEqual((len(rows), last["end"]["count"], last["end"]["truncated"]),
                         (20_000, 20_000, True))
        self.assert_all_quiet()

    def test_the_byte_limit_of_buffered_answers_does_not_apply(self):
        answer = self.stream("select repeat('x', 1000000) as a from generate_series(1, 40)")
        self.assertEqual(lines_of(answer.text)[-1]["end"]["count"], 40)
        self.assertGreater(len(answer.text), 32 << 20)

    def test_read_only_and_parameters_work_as_ever(self):
        self.assertEqual(lines_of(self.stream("select $1::int as n", params=[7]).text)[0], {"n": 7})
        answer = self.stream("create table nothing()", read_only=True)
        self.assert_problem(answer, 403, "sql_error", sqlstate="25006")

    def test_the_client_chooses(self):
        def kind(accept):
            return self.stream("select 1 as n", accept).headers["content-type"].split(";")[0]
        self.assertEqual(kind("*/*"), "application/json")
        self.assertEqual(kind("text/csv;q=0.5, application/x-ndjson;q=0.4"), CSV)
        self.assertEqual(kind("application/json, application/x-ndjson;q=0.9"), "application/json")
        self.assert_problem(self.stream("select 1", "text/html"), 406, "not_acceptable")
        self.assertIn("Accept", self.stream("select 1").headers["vary"])

    def test_what_a_stream_cannot_be(self):
        self.assert_problem(self.stream("select 1", format="scalar"), 422, "invalid_request")
        answer = self.stream("select 1", headers={"Idempotency-Key": "k"})
        self.assert_problem(answer, 422, "invalid_request")
        answer = self.gateway.post("/transaction/main", {"statements": [{"sql": "select 1"}]},
                                   {"Accept": NDJSON})
        self.assert_problem(answer, 406, "not_acceptable")


class Failures(StreamTest):
    # The error comes when a good part of the rows has been sent.
    FAILS = "select n, repeat('x', 80) as filler, 1 / (50000 - n) from generate_series(1, 100000) n"

    def test_an_error_before_the_first_byte_is_an_ordinary_problem(self):
        for accept in (NDJSON, CSV):
            self.assert_problem(self.stream("select nonsense", accept), 400, "sql_error")
            self.assert_problem(self.stream("select 1 / (1 - n) from generate_series(1, 3) n", accept),
                                400, "sql_error", sqlstate="22012")
            self.assert_problem(self.stream("select 1", accept, path="/query/nowhere"), 404,
                                "unknown_database")
            self.assert_problem(self.stream("select pg_sleep(20)", accept, timeout_ms=300), 504,
                                "query_timeout")

    def test_an_error_in_the_middle_is_told_and_leaves_the_body_unfinished(self):
        _, response = self.open(self.FAILS)
        self.assertEqual(response.status, 200)
        with self.assertRaises(http.client.IncompleteRead) as raised:
            response.read()
        *rows, last = lines_of(raised.exception.partial.decode())
        problem = last["error"]
        self.assertEqual((problem["sqlstate"], problem["title"], problem["status"], problem["db_id"]),
                         ("22012", "Database refused the statement", 400, "main"))
        self.assertEqual(problem["request_id"], response.getheader("X-Request-Id"))
        self.assertTrue(problem["type"].endswith("/sql-error"), problem)
        self.assertGreater(len(rows), 1000)
        self.assertEqual([row["n"] for row in rows], list(range(1, len(rows) + 1)))
        self.assert_all_quiet()

    def test_curl_says_that_it_is_incomplete(self):
        for accept in (NDJSON, CSV):
            for arguments in ([], ["--compressed"]):
                done = self.curl(self.FAILS, accept, *arguments)
                self.assertEqual(done.returncode, 18, (accept, arguments, done.stderr))
        # HTTP/1.0 has no chunks: the connection is reset.
        self.assertEqual(self.curl(self.FAILS, CSV, "--http1.0").returncode, 56)

    def curl(self, sql, accept, *arguments):
        return subprocess.run(
            ["curl", "-sS", *arguments, "-o", "/dev/null", "-H", f"Accept: {accept}", "-H",
             "Content-Type: application/json", "-d", json.dumps({"sql": sql}),
             f"http://127.0.0.1:{self.gateway.port}/query/main"], capture_output=True, check=False)

    def test_http_1_0_gets_the_body_until_the_connection_closes(self):
        body = json.dumps({"sql": ROWS % 10_000}).encode()
        head = (f"POST /query/main HTTP/1.0\r\nHost: localhost\r\nAccept: {CSV}\r\n"
                f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n")
        answer = self.gateway.raw(head.encode() + body)
        head, _, rows = answer.partition(b"\r\n\r\n")
        self.assertNotIn(b"Transfer-Encoding", head)
        self.assertEqual(rows.count(b"\r\n"), 10_001)

    def test_requests_that_are_pipelined_behind_a_stream_wait_for_it(self):
        body = json.dumps({"sql": ROWS % 10_000}).encode()
        one = (f"POST /query/main HTTP/1.1\r\nHost: localhost\r\nAccept: {NDJSON}\r\n"
               f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n").encode() + body
        answer = self.gateway.raw(one + one + b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n")
        self.assertEqual(answer.count(b'"n":10000,'), 2)
        self.assertTrue(answer.endswith(b"}"), answer[-200:])
        self.assertLess(answer.rindex(b'"end"'), answer.index(b'"pong"'))

    def test_a_time_limit_that_strikes_in_the_middle(self):
        _, response = self.open("select n, pg_sleep(0.001) is null, repeat('x', 1000) as filler"
                                " from generate_series(1, 100000) n", timeout_ms=1500)
        with self.assertRaises(http.client.IncompleteRead) as raised:
            response.read()
        last = lines_of(raised.exception.partial.decode())[-1]
        self.assertEqual(last["error"]["code"], "query_timeout")

    def test_a_lost_server_session_in_the_middle(self):
        plain, response = self.open(ROWS % 5_000_000, receive_buffer=65536)
        wait_until(lambda: self.server_waits() == "ClientWrite", "the server waits")
        self.postgres.run("select pg_terminate_backend(pid) from pg_stat_activity"
                          " where state = 'active' and application_name = 'sluice'", "postgres")
        with self.assertRaises(http.client.IncompleteRead) as raised:
            response.read()
        plain.close()
        last = lines_of(raised.exception.partial.decode())[-1]
        self.assertEqual(last["error"]["code"], "database_unavailable")
        self.assert_all_quiet()

    def test_an_operator_cancels_one_that_waits_for_its_reader(self):
        plain, response = self.open(ROWS % 5_000_000, receive_buffer=65536)
        (query,) = wait_until(self.running, "it runs")
        answer = self.gateway.request("DELETE", f"/admin/queries/{query['id']}")
        self.assertEqual(answer.status, 200, answer)
        with self.assertRaises(http.client.IncompleteRead) as raised:
            response.read()
        plain.close()
        last = lines_of(raised.exception.partial.decode())[-1]
        self.assertEqual(last["error"]["code"], "cancelled")
        self.assert_all_quiet()


class Figures(StreamTest):
    config = {"server": {"write_timeout_ms": 3000}}

    def test_a_stream_that_waits_for_its_reader_is_seen(self):
        plain, response = self.open(ROWS % 1_000_000, receive_buffer=65536)
        # Each may come a little later: the kernel goes on taking some for a reader that has stopped.
        wait_until(lambda: [query["phase"] for query in self.running()] == ["paused"], "it is paused", 30)
        wait_until(lambda: self.gateway.metrics()["streams"] == {"running": 0, "paused": 1}, "that is counted", 30)
        wait_until(lambda: 'sluice_streams{database="main",phase="paused"} 1\n'
                   in self.gateway.get("/metrics?format=prometheus").text, "Prometheus sees it", 30)
        while response.read(1 << 20):
            pass
        plain.close()
        wait_until(lambda: self.gateway.metrics()["streams"] == {"running": 0, "paused": 0}, "nothing is left", 30)
        self.assert_all_quiet()

    def test_how_streams_end_is_counted(self):
        before = self.streams()
        for accept in (NDJSON, CSV):
            self.stream("select 1 as n", accept)
            self.stream(ROWS % 20_000, accept)
        self.gateway.post("/query", {"sql": "select 1 as n", "all": True}, {"Accept": NDJSON})
        self.stream("select nonsense")  # nothing was sent of it
        self.stream("select 1", format="scalar")
        self.assert_counted(before, complete=5)
        self.end_in_the_middle(Failures.FAILS)
        self.assert_counted(before, complete=5, failed=1)
        self.end_in_the_middle("select n, pg_sleep(0.001) is null, repeat('x', 1000) as filler"
                               " from generate_series(1, 100000) n", timeout_ms=1000)
        self.assert_counted(before, complete=5, failed=1, timeout=1)

    def end_in_the_middle(self, sql, **options):
        _, response = self.open(sql, **options)
        with self.assertRaises(http.client.IncompleteRead):
            response.read()

    def test_clients_that_leave_and_clients_that_stop_reading_are_told_apart(self):
        before = self.streams()
        plain, response = self.open(ROWS % 5_000_000, receive_buffer=65536)
        response.read(1000)
        response.close()
        plain.close()
        self.assert_counted(before, client_gone=1)
        plain, _ = self.open(ROWS % 5_000_000, receive_buffer=65536)
        self.assert_counted(before, client_gone=1, slow_reader=1)
        plain.close()

    def test_an_operator_who_cancels_one_is_counted(self):
        before = self.streams()
        _, response = self.open(SLOW_END.replace("(3)", "(600)"), timeout_ms=600_000)
        response.readline()
        (query,) = self.running()
        self.gateway.request("DELETE", f"/admin/queries/{query['id']}")
        self.assert_counted(before, cancelled=1)

    def test_their_bytes_are_counted_as_they_were_made(self):
        def count():
            text = self.gateway.get("/metrics?format=prometheus").text
            return int(re.search(r"^sluice_stream_bytes_total (\d+)", text, re.M)[1])

        before = count()
        size = len(self.stream(ROWS % 5000, CSV).text)
        self.assertEqual(count(), before + size)
        _, response = self.open(ROWS % 5000, CSV, headers={"Accept-Encoding": "gzip"})
        self.assertLess(len(response.read()), size)
        self.assertEqual(count(), before + 2 * size)


class Readers(StreamTest):
    config = {"server": {"write_timeout_ms": 5000, "workers": 1}}
    pool = {"max_size": 4}

    @classmethod
    def configuration(cls):
        configuration = super().configuration()
        configuration["databases"]["main"]["query"] = {"timeout_ms": 3000}
        return configuration

    def test_the_first_row_leaves_before_the_last_is_computed(self):
        _, response = self.open(SLOW_END, timeout_ms=30_000)
        first = json.loads(response.readline())
        self.assertEqual(len(first["a"]), 1000)
        self.assertEqual([query["phase"] for query in self.running()], ["running"])
        *_, last, end = response.read().splitlines()
        self.assertEqual(json.loads(last), {"a": "last"})
        self.assertEqual(json.loads(end)["end"]["count"], 101)

    def test_a_reader_that_stops_stops_the_server_and_is_dropped(self):
        plain, _ = self.open(ROWS % 5_000_000, receive_buffer=65536)
        wait_until(lambda: [query["phase"] for query in self.running()] == ["paused"], "it is paused", 30)
        wait_until(lambda: not self.running(), "the reader is dropped", 30)
        wait_until(lambda: not self.server_waits(), "its query is cancelled")
        plain.close()
        self.assert_all_quiet()
        self.assertIn('"incomplete":true', self.gateway.log())

    def test_nothing_is_kept_for_a_reader_that_stops(self):
        """However little of the result comes at a time."""
        self.stream(ROWS % 100_000)  # what is allocated once
        for sql in (ROWS % 2_000_000, "select generate_series(1, 2000000) as n, repeat('x', 80) as filler"):
            before = self.memory()
            plain, _ = self.open(sql, receive_buffer=65536, timeout_ms=60_000)
            wait_until(lambda: self.server_waits() == "ClientWrite", "the server waits", 30)
            most = 0
            while self.running():
                most = max(most, self.memory() - before)
            plain.close()
            self.assertLess(most, 32 << 20)

    def test_a_slow_reader_that_lives_gets_everything(self):
        _, response = self.open(ROWS % 300_000, receive_buffer=65536)
        began, size, lines = time.monotonic(), 0, 0
        last = b""
        while piece := response.read(1 << 20):
            size += len(piece)
            lines += piece.count(b"\n")
            last = (last + piece)[-2000:]
            if time.monotonic() < began + 8:
                time.sleep(0.3)
        self.assertGreater(time.monotonic() - began, 6, "slower than every limit of ours")
        self.assertEqual(lines, 300_001)
        self.assertEqual(json.loads(last.splitlines()[-1])["end"]["count"], 300_000)

    def test_a_client_that_leaves_has_its_query_cancelled(self):
        plain, response = self.open(ROWS % 5_000_000, receive_buffer=65536)
        response.read(1000)
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        response.close()
        plain.close()
        wait_until(lambda: not self.server_waits(), "its query is cancelled")
        self.assert_all_quiet()

    def test_memory_does_not_grow_with_the_result(self):
        self.stream(ROWS % 100_000)  # what is allocated once
        before = self.memory()
        most = 0
        _, response = self.open(ROWS % MANY, timeout_ms=3_600_000)
        lines = 0
        while piece := response.read(1 << 20):
            lines += piece.count(b"\n")
            most = max(most, self.memory() - before)
        self.assertEqual(lines, MANY + 1)
        self.assertLess(most, 32 << 20)

    def test_neighbours_are_served_meanwhile(self):
        _, response = self.open(ROWS % 1_000_000)
        done = []

        def read(_):
            while response.read(1 << 20):
                pass
            done.append(True)

        def ask(_):
            answered = 0
            while not done and answered < 1000:
                self.assertEqual(self.gateway.scalar("select 1"), 1)
                answered += 1
            return answered

        _, answered = together(2, lambda which: (read, ask)[which](which))
        self.assertGreater(answered, 20)

    def test_one_that_computes_for_too_long_without_a_row(self):
        self.assert_problem(self.stream("select pg_sleep(20)"), 504, "query_timeout")


class Compression(StreamTest):
    def curl(self, *arguments):
        return subprocess.run(["curl", "-sS", "--fail", *arguments], capture_output=True,
                              check=True).stdout

    def test_curl_gets_the_same_compressed(self):
        url = f"http://127.0.0.1:{self.gateway.port}/query/main"
        for accept in ("application/json", NDJSON, CSV):
            for rows in (1, 40, 50_000):
                ask = ["-H", f"Accept: {accept}", "-H", "Content-Type: application/json", "-d",
                       json.dumps({"sql": ROWS % rows}), url]
                plain, unpacked = self.curl(*ask), self.curl("--compressed", *ask)
                self.assertEqual(self.without_time(unpacked), self.without_time(plain))

    def without_time(self, body):
        return [line.split(b'"elapsed_ms"')[0] for line in body.splitlines()]

    def test_it_is_smaller_and_says_so(self):
        for accept in ("application/json", NDJSON, CSV):
            _, response = self.open(ROWS % 20_000, accept, headers={"Accept-Encoding": "gzip"})
            self.assertEqual(response.headers["Content-Encoding"], "gzip")
            self.assertIn("Accept-Encoding", response.headers.get_all("Vary")[-1])
            body = response.read()
            unpacked = gzip.decompress(body)
            self.assertLess(len(body) * 5, len(unpacked))
            self.assertIn(b"20000", unpacked)

    def test_every_row_of_a_compressed_stream_can_be_read_at_once(self):
        _, response = self.open(SLOW_END, headers={"Accept-Encoding": "gzip"})
        unpack = zlib.decompressobj(wbits=31)
        text = unpack.decompress(response.read1())
        self.assertEqual(len(json.loads(text.splitlines()[0])["a"]), 1000)
        self.assertEqual([query["phase"] for query in self.running()], ["running"])
        text += unpack.decompress(response.read())
        self.assertEqual(json.loads(text.splitlines()[-1])["end"]["count"], 101)


if __name__ == "__main__":
    unittest.main()
