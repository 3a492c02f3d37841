"""SIGTERM: what was accepted is answered, then it ends with 0."""

import concurrent.futures
import http.client
import json
import signal
import socket
import subprocess
import threading
import time
import unittest

from gateway import BINARY, Gateway, wait_until
from private_postgres import PrivatePostgres


class Shutdown(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.postgres = PrivatePostgres()
        cls.addClassCleanup(cls.postgres.close)

    def start(self, **config):
        gateway = Gateway({"databases": {"main": {**self.postgres.target(), "pool": {"max_size": 5}}}, **config}, [self.postgres.password])
        self.addCleanup(gateway.close)
        return gateway

    def test_running_and_waiting_requests_are_answered(self):
        gateway = self.start()
        with concurrent.futures.ThreadPoolExecutor(15) as threads:
            calls = [threads.submit(gateway.query, "select $1::int as n, pg_sleep(0.7)::text as slept", [n]) for n in range(15)]
            wait_until(lambda: (m := gateway.metrics())["used_connections"] == 5 and m["waiting"] == 10, "five run and ten wait")
            self.assertEqual(gateway.terminate(), 0)
            answers = [call.result() for call in calls]
        self.assertEqual([answer.status for answer in answers], [200] * 15, answers)
        self.assertEqual([answer.json["rows"][0]["n"] for answer in answers], list(range(15)))
        with self.assertRaises(OSError):
            gateway.get("/livez")
        self.assertEqual(self.postgres.backends(), 0)

    def test_under_load_nothing_that_was_sent_before_is_lost(self):
        gateway = self.start()
        told, lost, answered = threading.Event(), [], []

        def client(number):
            connection = gateway.connection()
            body = json.dumps({"sql": "select $1::int as n", "params": [number]})
            while not told.is_set():
                sent = False
                try:
                    connection.request("POST", "/query/main", body,
                                       {"Content-Type": "application/json"})
                    sent = not told.is_set()  # all of it was with the kernel before the signal
                    response = connection.getresponse()
                    answer = json.loads(response.read())
                except (OSError, http.client.HTTPException) as error:
                    if sent:
                        lost.append(repr(error))
                    break
                answered.append(response.status)
                if answer["rows"] != [{"n": number}]:
                    lost.append(f"{number} got {answer}")
            connection.close()

        with concurrent.futures.ThreadPoolExecutor(16) as threads:
            clients = [threads.submit(client, number) for number in range(16)]
            wait_until(lambda: len(answered) > 500, "there is load")
            told.set()
            gateway.process.send_signal(signal.SIGTERM)
            for done in clients:
                done.result()
        self.assertEqual(gateway.terminate(), 0)
        self.assertEqual(lost, [])
        self.assertEqual(set(answered), {200})

    def test_readiness_tells_before_the_listener_closes(self):
        gateway = self.start(server={"drain_delay_ms": 1500})
        self.assertEqual(gateway.get("/readyz").status, 200)
        gateway.process.send_signal(signal.SIGTERM)
        wait_until(lambda: gateway.get("/readyz").status == 503, "it says that it is draining",
                   patience=1.2)
        self.assertEqual(gateway.query("select 1").status, 200)
        self.assertEqual(gateway.terminate(), 0)

    def test_a_reload_does_not_shorten_the_delay(self):
        """The load balancer has to notice, whatever else happens meanwhile."""
        gateway = self.start(server={"drain_delay_ms": 3000})
        began = time.monotonic()
        gateway.process.send_signal(signal.SIGTERM)
        wait_until(lambda: gateway.get("/readyz").status == 503, "it says that it is draining")
        gateway.process.send_signal(signal.SIGHUP)
        self.assertEqual(gateway.process.wait(30), 0)
        self.assertGreater(time.monotonic() - began, 2.9)

    def test_what_does_not_end_is_cancelled(self):
        gateway = self.start(server={"drain_timeout_ms": 500})
        with concurrent.futures.ThreadPoolExecutor(1) as threads:
            call = threads.submit(gateway.query, "select pg_sleep(30)")
            wait_until(lambda: gateway.metrics()["used_connections"] == 1, "it runs")
            started = time.monotonic()
            self.assertEqual(gateway.terminate(), 0)
            self.assertLess(time.monotonic() - started, 5)
            try:
                self.assertGreaterEqual(call.result().status, 500)
            except (OSError, http.client.HTTPException):
                pass
        wait_until(lambda: self.postgres.run("select count(*) from pg_stat_activity where query = 'select pg_sleep(30)' and state = 'active'") == "0",
                   "PostgreSQL was told", patience=5)

    def test_a_second_signal_ends_it_at_once(self):
        gateway = self.start()
        with concurrent.futures.ThreadPoolExecutor(1) as threads:
            call = threads.submit(gateway.query, "select pg_sleep(20)")
            wait_until(lambda: gateway.metrics()["used_connections"] == 1, "it runs")
            started = time.monotonic()
            gateway.process.send_signal(signal.SIGTERM)
            time.sleep(0.2)
            gateway.process.send_signal(signal.SIGTERM)
            self.assertEqual(gateway.process.wait(timeout=5), 0)
            self.assertLess(time.monotonic() - started, 5)
            try:
                call.result()
            except (OSError, http.client.HTTPException):
                pass

    def test_what_was_accepted_has_its_answer_and_its_effect(self):
        """Keep-alive and pipelining clients write numbered rows until the gateway is gone. Every 200 is one row; what
        had no answer is at most one row; no other status than a clean 503 comes."""
        self.postgres.run("create table if not exists written (token text); truncate written; grant all on written to app")
        for delay in (0, 300):
            with self.subTest(drain_delay_ms=delay):
                gateway = self.start(server={"drain_delay_ms": delay})
                told, book = threading.Event(), {}
                with concurrent.futures.ThreadPoolExecutor(12) as threads:
                    clients = [threads.submit(self.write_until_gone, gateway, f"{delay}-{n}", 1 + n % 3, told, book) for n in range(12)]
                    wait_until(lambda: sum(status == 200 for status in book.copy().values()) > 300, "there is load")
                    told.set()
                    gateway.process.send_signal(signal.SIGTERM)
                    for done in clients:
                        done.result()
                self.assertEqual(gateway.terminate(), 0)
                self.assertEqual(set(book.values()) - {200, 503, "sent late", "sent before"}, set(), book)
                self.assertEqual([token for token, status in book.items() if status == "sent before"], [], "sent before the signal, and never answered")
                self.assert_effects(book)

    def assert_effects(self, book):
        counts = dict(line.split("|") for line in self.postgres.run("select token, count(*) from written group by 1").splitlines())
        for token, status in book.items():
            written = int(counts.get(token, 0))
            if status == 200:
                self.assertEqual(written, 1, token)
            elif status == 503:
                self.assertEqual(written, 0, token)
            else:
                self.assertLessEqual(written, 1, token)

    def write_until_gone(self, gateway, name, depth, told, book):
        """Sends `depth` requests at a time on one connection."""
        number = 0
        with socket.create_connection(("127.0.0.1", gateway.port), timeout=30) as plain, plain.makefile("rb") as answers:
            while True:
                tokens = [f"{name}-{number + i}" for i in range(depth)]
                number += depth
                before = not told.is_set()
                try:
                    plain.sendall(b"".join(self.request(token) for token in tokens))
                except OSError:
                    return
                if before and not told.is_set():
                    book.update({token: "sent before" for token in tokens[:1]})
                    book.update({token: "sent late" for token in tokens[1:]})
                else:
                    book.update({token: "sent late" for token in tokens})
                for token in tokens:
                    status, last = self.read_answer(answers)
                    if status:
                        book[token] = status
                    if last:
                        return

    @staticmethod
    def request(token):
        body = json.dumps({"sql": "insert into written values ($1)", "params": [token]}).encode()
        return b"POST /query/main HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)

    @staticmethod
    def read_answer(answers):
        """The status, and whether nothing more will come."""
        try:
            line = answers.readline()
            if not line:
                return None, True
            headers = http.client.parse_headers(answers)
            answers.read(int(headers["Content-Length"]))
            return int(line.split()[1]), headers.get("Connection") == "close"
        except OSError:
            return None, True

    def test_a_killed_gateway_leaves_nothing_running(self):
        gateway = Gateway({"databases": {"main": {**self.postgres.target(), "pool": {"max_size": 5}}}})
        with concurrent.futures.ThreadPoolExecutor(4) as threads:
            calls = [threads.submit(gateway.query, "select pg_sleep(60)") for _ in range(4)]
            active = "select count(*) from pg_stat_activity where application_name = 'sluice'"
            wait_until(lambda: self.postgres.run(active + " and state = 'active'") == "4", "they run")
            gateway.process.kill()
            for call in calls:
                self.assertIsNotNone(call.exception())
        gateway._end()
        # client_connection_check_interval notices that nobody listens any more.
        wait_until(lambda: self.postgres.run(active) == "0", "the server has noticed", patience=30)

    def test_a_server_that_answers_no_cancel_hardly_delays_the_end(self):
        """It takes the connection with the cancel, and says nothing, ever."""
        self.addCleanup(self.postgres.thaw)
        quickest = min(map(self.time_to_end_beside_a_frozen_server, ("a", "b", "c")))  # the machine may be busy
        self.assertLess(quickest, 1.4)  # half a second until the server counts as hung

    def time_to_end_beside_a_frozen_server(self, name):
        gateway = Gateway({"server": {"drain_timeout_ms": 0}, "databases": {"main": self.postgres.target()}})
        self.addCleanup(gateway.close)
        with concurrent.futures.ThreadPoolExecutor(1) as threads:
            call = threads.submit(gateway.query, f"select pg_sleep(60) as {name}", timeout_ms=60000)
            active = f"select count(*) from pg_stat_activity where state = 'active' and query like '%(60) as {name}'"
            wait_until(lambda: self.postgres.run(active) == "1", "it runs")
            self.postgres.freeze()
            started = time.monotonic()
            gateway.process.terminate()
            self.assertEqual(gateway.process.wait(timeout=30), 0)
            seconds = time.monotonic() - started
            self.assertEqual(call.result().status, 503)
        self.postgres.thaw()
        return seconds

    def test_port_zero_prints_the_port(self):
        process = subprocess.Popen([BINARY, "serve", "--listen", "127.0.0.1:0"],
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT, text=True)
        try:
            line = ""
            while "127.0.0.1:" not in line:
                line = process.stdout.readline()
                self.assertTrue(line, "it ended without printing an address")
            port = int("".join(c for c in line.split("127.0.0.1:")[1][:5] if c.isdigit()))
            self.assertGreater(port, 0)
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", "/livez")
            self.assertEqual(connection.getresponse().status, 200)
            connection.close()
        finally:
            process.terminate()
            process.stdout.read()
            process.stdout.close()
            self.assertEqual(process.wait(timeout=20), 0)
