"""A PgBouncer of a test's own in front of a private PostgreSQL. A missing one is an error, never a skipped test."""

import os
import shutil
import socket
import subprocess
import tempfile
import time

from private_postgres import free_port


class PgBouncer:
    """Knows the user `app` of `postgres`. `settings` are lines of its [pgbouncer] section."""

    def __init__(self, postgres, pool_mode="transaction", settings=()):
        program = shutil.which("pgbouncer", path=os.environ["PATH"] + ":/usr/sbin")
        if not program:
            raise RuntimeError("no pgbouncer found; install the package pgbouncer")
        self.port = free_port()
        self.password = postgres.password
        self.directory = tempfile.mkdtemp(prefix="sluice-pgbouncer-", dir="/tmp")
        self._write("users.txt", f'"app" "{postgres.password}"\n')
        self._write("pgbouncer.ini", "\n".join([
            "[databases]", f"* = host=127.0.0.1 port={postgres.port}",
            "[pgbouncer]", "listen_addr = 127.0.0.1", f"listen_port = {self.port}",
            "unix_socket_dir =", "auth_type = scram-sha-256",
            f"auth_file = {self.directory}/users.txt", f"pool_mode = {pool_mode}",
            "default_pool_size = 5", "server_login_retry = 1", *settings, ""]))
        prefix = ["setpriv", "--pdeathsig", "KILL"]
        if os.geteuid() == 0:
            os.chmod(self.directory, 0o755)
            for name in os.listdir(self.directory):
                shutil.chown(os.path.join(self.directory, name), "postgres", "postgres")
            prefix += ["--reuid=postgres", "--regid=postgres", "--clear-groups"]
        self._log = open(os.path.join(self.directory, "log"), "wb")
        self._process = subprocess.Popen([*prefix, program, f"{self.directory}/pgbouncer.ini"],
                                         stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log,
                                         cwd="/")
        self._wait_until_ready()

    def _write(self, name, text):
        with open(os.path.join(self.directory, name), "w", encoding="utf-8") as file:
            file.write(text)

    def _wait_until_ready(self):
        deadline = time.monotonic() + 30
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                pass
            if self._process.poll() is not None or time.monotonic() > deadline:
                log = self.log()
                self.close()
                raise RuntimeError("PgBouncer does not start:\n" + log)
            time.sleep(0.02)

    def log(self):
        with open(os.path.join(self.directory, "log"), encoding="utf-8", errors="replace") as file:
            return file.read()

    def target(self, database="app", **changes):
        return {"host": "127.0.0.1", "port": self.port, "database": database, "user": "app",
                "password": self.password, **changes}

    def close(self):
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        self._log.close()
        shutil.rmtree(self.directory, ignore_errors=True)
