"""scripts/verify.sh: passes on the built gateway, and tells when something is wrong."""

import http.server
import json
import os
import subprocess
import tempfile
import threading
import unittest

from gateway import BINARY, SOURCES, GatewayTest
from private_postgres import free_port

KEY = "key-of-an-admin-for-verify"


def verify(*arguments):
    return subprocess.run([os.path.join(SOURCES, "scripts", "verify.sh"), *arguments],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=280)


class OnTheDemo(unittest.TestCase):
    def test_every_item_passes(self):
        listed = verify("--list").stdout.splitlines()
        self.assertGreaterEqual(len(listed), 23)
        with tempfile.NamedTemporaryFile("r", encoding="utf-8") as file:
            done = verify("--binary", BINARY, "--json", file.name)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            seen = json.load(file)
        self.assertEqual(done.stdout.splitlines()[-1], f"{len(listed)} passed, 0 failed")
        self.assertEqual((seen["passed"], seen["failed"]), (len(listed), 0))
        self.assertEqual([item["name"] for item in seen["items"]],
                         [line.split()[0] for line in listed])


class OnARunningGateway(GatewayTest):
    config = {"security": {"api_keys": [{"name": "verify", "key": KEY, "role": "query"}]}}

    def test_items_that_harm_nothing_pass_and_leave_nothing(self):
        url = f"http://127.0.0.1:{self.gateway.port}"
        done = verify("--url", url, "--key", KEY, "--db", "main")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertRegex(done.stdout, r"\n\d+ items were left out\n\d+ passed, 0 failed\n$")
        self.assertEqual(self.postgres.run("select count(*) from pg_tables where tablename like 'verify%'"),
                         "0")

    def test_a_wrong_key_fails_every_item(self):
        url = f"http://127.0.0.1:{self.gateway.port}"
        done = verify("--url", url, "--key", "not-the-key-of-anybody", "--only", "rows")
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        self.assertIn("unauthenticated", done.stdout)
        self.assertEqual(done.stdout.splitlines()[-1], "0 passed, 1 failed")


class Liar(http.server.BaseHTTPRequestHandler):
    """Says 200 to everything, and nothing that is true."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = b'{"databases": [{"db_id": "main"}], "rows": [], "max_size": 10, "pool_size": 11, ' \
               b'"used_connections": 0, "free_connections": 11, "waiting": 0, "pool_config": {"max_overflow": 0}, ' \
               b'"connections_acquired": 2, "connections_released": 1}'
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_PATCH = do_DELETE = do_GET

    def log_message(self, *_):
        pass


class OnALiar(unittest.TestCase):
    def test_every_item_fails(self):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Liar)
        self.addCleanup(server.server_close)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            done = verify("--url", f"http://127.0.0.1:{server.server_port}")
        finally:
            server.shutdown()
            thread.join()
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        self.assertRegex(done.stdout, r"\n0 passed, 13 failed\n$")
        self.assertIn("FAIL  the ping is answered with pong", done.stdout)


class Usage(unittest.TestCase):
    def test_what_cannot_be_done_is_told(self):
        nobody = f"http://127.0.0.1:{free_port()}"
        for arguments, text in ((["--url", nobody], "Connection refused"),
                                (["--url", "localhost"], "--url needs http://"),
                                (["--url", nobody, "--only", "nonsense"], "no item is called nonsense"),
                                (["--url", nobody, "--only", "breaker"], "breaker needs the demo")):
            with self.subTest(arguments):
                done = verify(*arguments)
                self.assertEqual(done.returncode, 2, done.stdout)
                self.assertIn(text, done.stderr)


if __name__ == "__main__":
    unittest.main()
