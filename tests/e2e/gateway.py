"""The built gateway as a process, and a small client for it. SLUICE_BINARY names the program."""

import concurrent.futures
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest
from decimal import Decimal

from private_postgres import PrivatePostgres, free_port

BINARY = os.environ.get("SLUICE_BINARY", "build/dev/sluice")
SOURCES = os.environ.get("SLUICE_SOURCE_DIR", os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))


class Answer:
    def __init__(self, response, body, seconds):
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.getheaders()}
        self.text = body.decode("utf-8")
        self.seconds = seconds

    @property
    def json(self):
        """Numbers with a point come as Decimal: every digit counts."""
        return json.loads(self.text, parse_float=Decimal)

    def __repr__(self):
        return f"{self.status} {self.text[:600]}"


class Gateway:
    """`config`: a dict (JSON is YAML). `secrets` must never show up in what the gateway logs."""

    def __init__(self, config=None, secrets=(), environment=None, arguments=()):
        self.secrets = list(secrets)
        self.directory = tempfile.mkdtemp(prefix="sluice-gateway-", dir="/tmp")
        self.config_file = os.path.join(self.directory, "sluice.yaml")
        with open(self.config_file, "w", encoding="utf-8") as file:
            json.dump({"log": {"level": "debug", "format": "json"}, **(config or {})}, file,
                      indent=1)
        self.port = free_port()
        self._log = open(os.path.join(self.directory, "log"), "wb")
        self.process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", BINARY, "serve", "--config", self.config_file,
             "--listen", f"127.0.0.1:{self.port}", *arguments],
            stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log,
            env={"PATH": os.environ["PATH"], **(environment or {})})
        try:
            self._wait_until_ready()
        except BaseException:
            self._end()
            raise

    def _wait_until_ready(self):
        deadline = time.monotonic() + 30
        while True:
            try:
                if self.get("/livez").status == 200:
                    return
            except OSError:
                pass
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("the gateway does not start:\n" + self.log())
            time.sleep(0.02)

    def log(self):
        with open(os.path.join(self.directory, "log"), encoding="utf-8", errors="replace") as file:
            return file.read()

    def terminate(self, patience=40):
        """SIGTERM; returns the exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=patience)

    def close(self):
        """Ends it, and holds it to what is always true: a clean end, and no secret in the log."""
        try:
            status = self.terminate()
            log = self.log()
            assert status == 0, f"the gateway ended with {status}:\n{log[-3000:]}"
            for secret in self.secrets:
                assert secret not in log, "a secret is in the log"
        finally:
            self._end()

    def _end(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self._log.close()
        shutil.rmtree(self.directory, ignore_errors=True)

    # ---- requests -----------------------------------------------------------------------------------

    def connection(self, timeout=60):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)

    def request(self, method, path, body=None, headers=None, connection=None):
        """`body`: a dict, or text that is sent as it is."""
        own = connection is None
        connection = connection or self.connection()
        headers = dict(headers or {})
        if body is not None and not isinstance(body, (str, bytes)):
            body = json.dumps(body)
        if body is not None:
            headers.setdefault("Content-Type", "application/json")
            body = body.encode("utf-8") if isinstance(body, str) else body
        start = time.monotonic()
        try:
            connection.request(method, path, body=body, headers=headers)
            response = connection.getresponse()
            return Answer(response, response.read(), time.monotonic() - start)
        finally:
            if own:
                connection.close()

    def get(self, path, **headers):
        return self.request("GET", path, headers={name.replace("_", "-"): value for name,
                                                  value in headers.items()})

    def post(self, path, body, headers=None):
        return self.request("POST", path, body, headers)

    def query(self, sql, params=None, db="main", **options):
        return self.post(f"/query/{db}", {"sql": sql, "params": params or [], **options})

    def scalar(self, sql, params=None, db="main", **options):
        answer = self.query(sql, params, db, format="scalar", **options)
        assert answer.status == 200, answer
        return answer.json["value"]

    def metrics(self, db="main"):
        return self.get(f"/metrics/{db}").json

    def raw(self, data, timeout=10):
        """Sends bytes, returns everything that comes until the gateway closes."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=timeout) as plain:
            plain.sendall(data)
            plain.shutdown(socket.SHUT_WR)
            chunks = []
            while chunk := plain.recv(65536):
                chunks.append(chunk)
            return b"".join(chunks)


def together(count, call):
    """call(0) … call(count - 1), all at once; the results in order."""
    with concurrent.futures.ThreadPoolExecutor(count) as pool:
        return list(pool.map(call, range(count)))


def wait_until(condition, what, patience=20):
    deadline = time.monotonic() + patience
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {patience} s in vain until {what}")
        time.sleep(0.02)
    return value


class GatewayTest(unittest.TestCase):
    """One PostgreSQL and one gateway for the tests of a class. `main` is the database of every test;
    `pool` and `config` are for subclasses to change."""

    pool: dict = {}
    config: dict = {}

    @classmethod
    def setUpClass(cls):
        cls.postgres = PrivatePostgres()
        cls.addClassCleanup(cls.postgres.close)
        cls.prepare()
        cls.gateway = Gateway(cls.configuration(), [cls.postgres.password])
        cls.addClassCleanup(cls.gateway.close)

    @classmethod
    def prepare(cls):
        """Hook: SQL before the gateway starts."""

    @classmethod
    def configuration(cls):
        return {"databases": {"main": {**cls.postgres.target(), "pool": cls.pool}}, **cls.config}

    def assert_problem(self, answer, status, code, **fields):
        """The answer is the problem document that the error table promises."""
        self.assertEqual((answer.status, answer.json.get("code")), (status, code), answer)
        problem = answer.json
        self.assertEqual(answer.headers["content-type"].split(";")[0], "application/problem+json")
        for field in ("type", "title", "detail", "request_id"):
            self.assertTrue(problem.get(field), f"{field} is missing in {problem}")
        self.assertEqual(problem["status"], status)
        self.assertEqual(problem["request_id"], answer.headers["x-request-id"])
        self.assertIn(problem["outcome"], ("not_started", "rolled_back", "unknown"))
        self.assertIsInstance(problem["retryable"], bool)
        self.assertEqual("retry-after" in answer.headers, problem.get("retry_after_ms") is not None,
                         answer)
        for field, value in fields.items():
            self.assertEqual(problem.get(field), value, f"{field} in {problem}")
        return problem
