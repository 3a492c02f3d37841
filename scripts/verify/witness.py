"""What PostgreSQL itself says about the gateway's connections, asked over a connection that is not the
gateway's (psql)."""

import contextlib
import os
import secrets
import subprocess
import threading
from collections import namedtuple

Connections = namedtuple("Connections", "total active idle")
EVERY_SECONDS = 0.05


class Witness:
    """`target` as connecting takes it. Sees the connections that carry `application_name`."""

    def __init__(self, target, application_name):
        self._target = target
        self._look = (
            "select count(*), count(*) filter (where state = 'active'),"
            " count(*) filter (where state = 'idle')"
            f" from pg_stat_activity where application_name = '{application_name}'")

    def ask(self, sql):
        done = subprocess.run(self._psql("-c", sql), env=self._environment(), text=True,
                              capture_output=True, check=True, timeout=30)
        return done.stdout.strip()

    def look(self):
        return _connections(self.ask(self._look))

    @contextlib.contextmanager
    def sampling(self):
        """Looks twenty times a second meanwhile; gives the growing list of what it saw."""
        process = subprocess.Popen(self._psql(), env=self._environment(), text=True,
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        process.stdin.write(f"{self._look} \\watch {EVERY_SECONDS}\n")
        process.stdin.flush()
        samples = [_connections(process.stdout.readline())]  # before anything begins
        reader = threading.Thread(target=_read, args=(process.stdout, samples))
        reader.start()
        try:
            yield samples
        finally:
            process.terminate()
            reader.join()
            process.communicate()

    @contextlib.contextmanager
    def lock(self):
        """Holds an advisory lock meanwhile and gives its key: statements that want it have to wait."""
        key = secrets.randbelow(2**31)
        process = subprocess.Popen(self._psql(), env=self._environment(), text=True,
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        try:
            process.stdin.write(f"select 'held', pg_advisory_lock({key});\n")
            process.stdin.flush()
            process.stdout.readline()
            yield key
        finally:
            process.communicate()  # ends it, and with it the lock

    def _psql(self, *arguments):
        target = self._target
        return ["psql", "-XAtq", "-h", target["host"], "-p", str(target["port"]),
                "-U", target["user"], "-d", target["database"], *arguments]

    def _environment(self):
        return {**os.environ, "PGPASSWORD": self._target["password"], "PGCONNECT_TIMEOUT": "10"}


def _read(stream, samples):
    for line in stream:
        if line.strip():
            samples.append(_connections(line))


def _connections(line):
    return Connections(*(int(value) for value in line.strip().split("|")))
