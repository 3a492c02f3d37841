"""The demo (scripts/demo.sh) as something to work on: a gateway, a PostgreSQL, four shops."""

import os
import shutil
import signal
import subprocess
import tempfile
import time

SCRIPT = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "demo.sh")
PATIENCE = 120


class Demo:
    def __init__(self, binary):
        self._directory = tempfile.mkdtemp(prefix="sluice-verify-", dir="/tmp")
        os.chmod(self._directory, 0o755)  # PostgreSQL runs as another user
        self._state = os.path.join(self._directory, "demo")
        self._log = os.path.join(self._directory, "log")
        with open(self._log, "wb") as log:
            # In a session of its own, so that Ctrl-C leaves the order of stopping to us.
            self._process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "TERM", SCRIPT, "--binary", binary, "--port", "0",
                 "--state", self._state],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        try:
            self._wait_until_ready()
            self._read_addresses()
        except BaseException:
            self.close()
            raise

    def _wait_until_ready(self):
        deadline = time.monotonic() + PATIENCE
        while "Ctrl-C stops everything" not in self._text():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("the demo did not start:\n" + self._text()[-3000:])
            time.sleep(0.05)

    def _text(self):
        with open(self._log, encoding="utf-8", errors="replace") as file:
            return file.read()

    def _read_addresses(self):
        with open(os.path.join(self._state, "env"), encoding="utf-8") as file:
            values = dict(line.strip().split("=", 1) for line in file)
        self.url = values["SLUICE"]
        self.port = int(values["DEMO_PGPORT"])
        self.password = values["DEMO_PASSWORD"]

    def target(self, database="shop_eu"):
        """As POST /databases/connect and the configuration take it."""
        return {"host": "127.0.0.1", "port": self.port, "database": database, "user": "shop",
                "password": self.password}

    def close(self):
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(timeout=60)
        shutil.rmtree(self._directory, ignore_errors=True)
