"""A PostgreSQL server of a test's own: temporary directory, free port of 127.0.0.1, no fsync, SCRAM for
everybody. A missing PostgreSQL is an error, never a skipped test. It dies with the test's process."""

import glob
import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _programs():
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"),
                   key=lambda path: int(path.split("/")[4]))
    initdb = found[-1] if found else shutil.which("initdb")
    if not initdb:
        raise RuntimeError("no PostgreSQL server programs found; install the package postgresql")
    return os.path.dirname(initdb)


class PrivatePostgres:
    """User `app` (not a superuser) owns the database `app`; `password` is random, so that a test can
    search for it everywhere."""

    def __init__(self, settings=()):
        self.bin = _programs()
        self.port = free_port()
        self.password = "pw" + secrets.token_hex(8)
        self._superuser_password = secrets.token_hex(8)
        self.directory = tempfile.mkdtemp(prefix="sluice-test-", dir="/tmp")
        self._process = None
        try:
            self._initialise(settings)
            self.start()
            self._populate()
        except BaseException:
            self.close()
            raise

    def _populate(self):
        self.run(f"create role app login password '{self.password}'", "postgres")
        self.create_database("app")

    def _as_postgres(self, *command):
        prefix = ["setpriv", "--pdeathsig", "QUIT"]
        if os.geteuid() == 0:
            prefix += ["--reuid=postgres", "--regid=postgres", "--clear-groups"]
        return [*prefix, *command]

    def _initialise(self, settings):
        password_file = os.path.join(self.directory, "password")
        with open(password_file, "w", encoding="utf-8") as file:
            file.write(self._superuser_password)
        if os.geteuid() == 0:
            shutil.chown(self.directory, "postgres", "postgres")
            shutil.chown(password_file, "postgres", "postgres")
        self.data = os.path.join(self.directory, "data")
        subprocess.run(self._as_postgres(f"{self.bin}/initdb", "-D", self.data, "-U", "postgres",
                                         "--no-sync",
                                         "--auth=scram-sha-256", f"--pwfile={password_file}", "--encoding=UTF8",
                                         "--locale=C.UTF-8"),
                       check=True, stdout=subprocess.DEVNULL, cwd="/")
        with open(os.path.join(self.data, "postgresql.conf"), "a", encoding="utf-8") as file:
            file.write("\n".join(["", "listen_addresses = '127.0.0.1'", f"port = {self.port}",
                                  "unix_socket_directories = ''", "fsync = off", "full_page_writes = off",
                                  "max_connections = 100", "timezone = 'UTC'", *settings, ""]))

    # ---- life ---------------------------------------------------------------------------------------

    def start(self):
        log = open(os.path.join(self.directory, "log"), "ab")
        with log:
            self._process = subprocess.Popen(self._as_postgres(f"{self.bin}/postgres", "-D",
                self.data),
                                             stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/",
                                             start_new_session=True)
        deadline = time.monotonic() + 30
        while not self.answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("PostgreSQL does not start:\n" + self.log())
            time.sleep(0.05)

    def stop(self):
        """At once, as a crash would."""
        if self._process and self._process.poll() is None:
            self.thaw()
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait(timeout=30)

    def crash(self):
        """SIGKILL to the postmaster; gone when its orphans are."""
        children = self.children()
        self._process.kill()
        self._process.wait(timeout=30)
        deadline = time.monotonic() + 30
        while any(os.path.exists(f"/proc/{pid}") for pid in children):
            if time.monotonic() > deadline:
                raise RuntimeError("the orphans of the postmaster live on")
            time.sleep(0.02)

    @property
    def pid(self):
        """Of the postmaster."""
        return self._process.pid

    def children(self):
        with open(f"/proc/{self.pid}/task/{self.pid}/children", encoding="ascii") as file:
            return [int(pid) for pid in file.read().split()]

    def freeze(self):
        self._signal_all(signal.SIGSTOP)

    def thaw(self):
        self._signal_all(signal.SIGCONT)

    def _signal_all(self, number):
        for pid in [self.pid, *self.children()]:
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass

    def close(self):
        if self._process:
            self.stop()
        shutil.rmtree(self.directory, ignore_errors=True)

    def log(self):
        with open(os.path.join(self.directory, "log"), encoding="utf-8", errors="replace") as file:
            return file.read()

    def answers(self):
        return self._psql("select 1", "postgres").returncode == 0

    # ---- SQL, as superuser --------------------------------------------------------------------------

    def _psql(self, sql, database):
        environment = dict(os.environ, PGPASSWORD=self._superuser_password, PGCONNECT_TIMEOUT="30")
        return subprocess.run(["psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p",
                               str(self.port),
                               "-U", "postgres", "-d", database, "-f", "-"],
                              input=sql, capture_output=True, text=True, env=environment)

    def run(self, sql, database="app"):
        done = self._psql(sql, database)
        if done.returncode != 0:
            raise RuntimeError(done.stderr)
        return done.stdout.strip()

    def create_database(self, name):
        self.run(f"create database {name} owner app", "postgres")

    def backends(self, name="sluice"):
        """How many connections the gateway has."""
        return int(self.run(f"select count(*) from pg_stat_activity where application_name = '{name}'"))

    def terminate_backends(self):
        self.run("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'sluice'")

    def target(self, database="app", **changes):
        """As POST /databases/connect and the configuration take it."""
        return {"host": "127.0.0.1", "port": self.port, "database": database, "user": "app",
                "password": self.password, **changes}
