"""SIGTERM: what was accepted is answered, then it ends with 0."""

import concurrent.futures
import http.client
import json
import signal
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
