"""Servers that are measured: the gateway, and peers, which do the same work."""

import glob
import json
import os
import secrets
import signal
import subprocess
import time
import urllib.request

from answers import mistakes
from databases import free_port
from load import wrk
from processes import CORES, cpu_seconds, memory_mb
from streams import read_over_http


class NotStarted(RuntimeError):
    pass


class HttpServer:
    """A process that answers HTTP. Subclasses say which, and how to start it."""

    kind = "peer"
    health_path = "/health"

    def __init__(self, label, directory, database_names):
        self.label = label
        self.directory = directory
        self.database_names = database_names
        self.key = secrets.token_hex(24)
        self._process = None

    def launch(self):
        """Starts it, and does not wait."""
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._log_file = os.path.join(self.directory, f"{self.port}.log")
        command, environment = self.command()
        with open(self._log_file, "wb") as log:
            self._process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", *command], env=dict(os.environ, **environment),
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)

    def command(self):
        """The command, and its environment."""
        raise NotImplementedError

    def wait_until_ready(self):
        deadline = time.monotonic() + 60
        while self._process.poll() is None and time.monotonic() < deadline:
            try:
                with urllib.request.urlopen(self.url + self.health_path, timeout=5):
                    return
            except OSError:
                time.sleep(0.05)
        raise NotStarted(f"{self.label} did not start: {self._end_of_log()}")

    def _end_of_log(self):
        with open(self._log_file, encoding="utf-8", errors="replace") as file:
            return (file.read().strip() or "it said nothing").splitlines()[-1]

    def close(self):
        if self._process is None:
            return
        for number, patience in ((signal.SIGTERM, 10), (signal.SIGKILL, 10)):
            self._signal(number)
            if self._group_is_gone(patience):
                break
        self._process.wait()
        os.remove(self._log_file)
        self._process = None

    def _signal(self, number):
        try:
            os.killpg(self._process.pid, number)
        except ProcessLookupError:
            pass

    def _group_is_gone(self, patience):
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            self._process.poll()
            try:
                os.killpg(self._process.pid, 0)
            except ProcessLookupError:
                return True
            time.sleep(0.02)
        return False

    def mistakes(self):
        return mistakes(self)

    def warm_up(self, workload, seconds, seed):
        """With every answer looked at; the errors by kind."""
        if workload.accept:
            return read_over_http(self, workload, seconds).errors
        return self._wrk(workload, seconds, seed, CHECK="1").errors

    def drive(self, workload, seconds, seed):
        if workload.accept:
            return read_over_http(self, workload, seconds)
        return self._wrk(workload, seconds, seed)

    def _wrk(self, workload, seconds, seed, **environment):
        return wrk(self.url + self.health_path, workload, seconds,
                   **{"API_KEY": self.key, "SEED": str(seed), **environment})

    def cpu_seconds(self):
        return cpu_seconds(self._process.pid)

    def memory_mb(self):
        return memory_mb(self._process.pid)


class Gateway(HttpServer):
    """With an API key, breakers and metrics, as in production."""

    kind = "gateway"
    health_path = "/livez"

    def __init__(self, label, setup, workers=0, access_log=False, **pool):
        super().__init__(label, setup.directory, setup.databases.names)
        self._binary = setup.binary
        pool = {"max_size": setup.pool, **pool}
        self._config = {
            "server": {"workers": workers},
            "security": {"api_keys": [{"name": "bench", "key": self.key, "role": "query"}]},
            "limits": {"requests_per_second": 100_000},  # that nobody reaches, but all are counted
            "log": {"access": access_log, "format": "json"},
            "databases": {name: {**setup.databases.target(name), "pool": pool} for name in self.database_names},
        }

    def command(self):
        file_name = os.path.join(self.directory, f"{self.port}.yaml")
        with open(file_name, "w", encoding="utf-8") as file:
            json.dump(self._config, file)
        return [self._binary, "serve", "--config", file_name, "--listen", f"127.0.0.1:{self.port}"], {}


class Peer(HttpServer):
    """DIRECTORY/NAME/run.sh, started with DSNS, POOL_MAX, PORT and WORKERS. A description is NAME, or
    NAME:VARIABLE=VALUE,… to set more of its environment."""

    def __init__(self, description, setup):
        super().__init__(description, setup.directory, setup.databases.names)
        name, _, variables = description.partition(":")
        self._script = os.path.join(setup.peers, name, "run.sh")
        urls = (f"{name}={setup.databases.url(name)}" for name in self.database_names)
        self._environment = {"DSNS": ",".join(urls), "POOL_MAX": str(setup.pool), "WORKERS": str(CORES),
                             **dict(pair.split("=", 1) for pair in variables.split(",") if pair)}

    def command(self):
        return [self._script], {"PORT": str(self.port), **self._environment}


def peers_in(directory):
    """The names of the peers that are there."""
    return sorted(os.path.basename(os.path.dirname(script))
                  for script in glob.glob(os.path.join(directory or "/nonexistent", "*", "run.sh")))
