"""The verbs of the command line, as scripts and containers use them."""

import contextlib
import os
import signal
import socket
import subprocess
import tempfile
import threading
import unittest

from gateway import BINARY, Gateway, wait_until
from private_postgres import free_port


def sluice(*arguments, environment=None):
    return subprocess.run([BINARY, *arguments], capture_output=True, text=True, timeout=30,
                          env={"PATH": os.environ["PATH"], **(environment or {})})


def said(file):
    file.seek(0)
    return file.read()


@contextlib.contextmanager
def answering(listener, answer):
    """A server that takes one connection, answers with these bytes (None: never) and closes."""
    done = threading.Event()
    listener.settimeout(10)

    def serve():
        connection, _ = listener.accept()
        with connection:
            connection.recv(4096)
            if answer is None:
                done.wait(20)
            else:
                connection.sendall(answer)

    thread = threading.Thread(target=serve)
    with listener:
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()


class Starting(unittest.TestCase):
    def start(self, files):
        """Whether it listens, with so many descriptors, and what it says."""
        with tempfile.TemporaryFile("a+") as log:
            process = subprocess.Popen(["prlimit", f"--nofile={files}", BINARY, "serve", "--listen", "127.0.0.1:0"], stdout=log, stderr=log,
                                       env={"PATH": os.environ["PATH"], "SLUICE_SERVER__WORKERS": "2"})
            try:
                wait_until(lambda: process.poll() is not None or '"listening"' in said(log), f"it listens or ends with {files} descriptors", patience=30)
                listens = process.poll() is None
            finally:
                process.kill()
                process.wait()
            return listens, process.returncode, said(log)

    def test_what_it_cannot_get_is_told_and_ends_it(self):
        for files in range(10, 100):
            listens, status, log = self.start(files)
            if listens:
                return
            with self.subTest(descriptors=files):
                self.assertEqual(status, 1)
                self.assertIn("cannot start", log)
        self.fail("it never listens")


class CheckHealth(unittest.TestCase):
    def assert_unwell(self, done, *words):
        self.assertEqual((done.returncode, done.stdout), (1, ""), done)
        for word in words:
            self.assertIn(word, done.stderr)

    def test_a_gateway_that_works_is_well_wherever_its_address_comes_from(self):
        gateway = Gateway()
        self.addCleanup(gateway.close)
        address = f"127.0.0.1:{gateway.port}"
        with open(gateway.config_file, "w", encoding="utf-8") as file:
            file.write(f"server: {{listen: '{address}'}}\n")
        for arguments in (["--listen", address], ["--listen", f"0.0.0.0:{gateway.port}"],
                          ["--config", gateway.config_file], ["--ready", "-c", gateway.config_file]):
            with self.subTest(arguments):
                done = sluice("check-health", *arguments)
                self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "ok\n", ""))
        done = sluice("check-health", environment={"SLUICE_SERVER__LISTEN": address})
        self.assertEqual(done.returncode, 0, done)

    def test_a_mistake_elsewhere_in_the_file_is_no_illness(self):
        gateway = Gateway()
        self.addCleanup(gateway.close)
        with open(gateway.config_file, "w", encoding="utf-8") as file:
            file.write(f"server: {{listen: '127.0.0.1:{gateway.port}'}}\npool: {{max_sise: 1}}\n")
        self.assertEqual(sluice("check-health", "-c", gateway.config_file).returncode, 0)

    def test_while_it_drains_it_lives_and_is_not_ready(self):
        gateway = Gateway({"server": {"drain_delay_ms": 20_000}})
        self.addCleanup(gateway.close)
        address = f"127.0.0.1:{gateway.port}"
        gateway.process.send_signal(signal.SIGTERM)
        wait_until(lambda: gateway.get("/readyz").status == 503, "it drains")
        self.assertEqual(sluice("check-health", "--listen", address).returncode, 0)
        self.assert_unwell(sluice("check-health", "--ready", "--listen", address), address,
                           "answered /readyz with HTTP/1.1 503 Service Unavailable")

    def test_nobody_there_is_told(self):
        address = f"127.0.0.1:{free_port()}"
        self.assert_unwell(sluice("check-health", "--listen", address), address,
                           "cannot connect: Connection refused")
        self.assert_unwell(sluice("check-health", "--listen", "unix:/nowhere/socket"),
                           "unix:/nowhere/socket", "cannot connect: No such file or directory")
        self.assert_unwell(sluice("check-health", "--listen", "no.such.host.invalid:1"),
                           "no.such.host.invalid:1")

    def test_unix_sockets_and_ipv6(self):
        with tempfile.TemporaryDirectory() as directory:
            path = os.path.join(directory, "socket")
            listener = socket.socket(socket.AF_UNIX)
            listener.bind(path)
            listener.listen()
            with answering(listener, b"HTTP/1.1 200 OK\r\n\r\n"):
                self.assertEqual(sluice("check-health", "--listen", "unix:" + path).returncode, 0)
        listener = socket.create_server(("::1", 0), family=socket.AF_INET6)
        with answering(listener, b"HTTP/1.1 200 OK\r\n\r\n"):
            port = listener.getsockname()[1]
            self.assertEqual(sluice("check-health", "--listen", f"[::]:{port}").returncode, 0)

    def test_whoever_answers_otherwise_or_never_is_unwell(self):
        for answer, words in ((b"HTTP/1.1 500 Oops\r\n\r\n", "answered /livez with HTTP/1.1 500 Oops"),
                              (b"HTTP/1.1 2000 OK\r\n\r\n", "HTTP/1.1 2000 OK"),
                              (b"", "did not answer /livez"), (None, "did not answer /livez")):
            listener = socket.create_server(("127.0.0.1", 0))
            with self.subTest(answer), answering(listener, answer):
                port = listener.getsockname()[1]
                self.assert_unwell(sluice("check-health", "--listen", f"127.0.0.1:{port}"), words)


class Verbs(unittest.TestCase):
    def test_settings_are_printed(self):
        done = sluice("settings")
        self.assertEqual(done.returncode, 0)
        for setting in ("server.listen", "pool.max_size"):
            section, key = setting.split(".")
            self.assertRegex(done.stdout, rf"(?s)### `{section}`\n.*\| `{key}` \|")

    def test_a_mistyped_command_fails_with_advice(self):
        done = sluice("sreve")
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("did you mean 'serve'?", done.stderr)


if __name__ == "__main__":
    unittest.main()
