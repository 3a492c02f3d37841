"""The systemd unit, held to systemd's own tools. tests/e2e/test_service_manager.py has the program's side."""

import configparser
import os
import pathlib
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = os.environ.get("SLUICE_BINARY", str(ROOT / "build/dev/sluice"))
UNIT = ROOT / "deploy/systemd/sluice.service"
# systemd's own scale: 0 is best, 100 worst, and below 50 is "OK".
MOST_EXPOSED = 15


class Unit(unittest.TestCase):
    def analyze(self, *arguments):
        """With the built program in its place; its page of the manual is not installed here."""
        with tempfile.TemporaryDirectory() as directory:
            file = pathlib.Path(directory) / UNIT.name
            text = UNIT.read_text(encoding="utf-8").replace("/usr/bin/sluice", os.path.abspath(BINARY))
            file.write_text(text.replace("man:sluice(1) ", ""), encoding="utf-8")
            return subprocess.run(["systemd-analyze", *arguments, str(file)], capture_output=True, text=True,
                                  env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}, check=False)

    def test_systemd_understands_all_of_it(self):
        done = self.analyze("verify", "--man=no")
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))

    def test_it_is_confined(self):
        done = self.analyze("security", "--offline=true", f"--threshold={MOST_EXPOSED}")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def settings(self):
        parser = configparser.RawConfigParser(strict=False, delimiters=["="])
        parser.optionxform = str
        parser.read(UNIT, encoding="utf-8")
        return parser["Service"]

    def test_a_reload_checks_first(self):
        lines = [line for line in UNIT.read_text(encoding="utf-8").splitlines() if line.startswith("ExecReload=")]
        self.assertEqual(lines, ["ExecReload=/usr/bin/sluice check-config /etc/sluice/sluice.yaml",
                                 "ExecReload=/bin/kill -HUP $MAINPID"])

    def test_a_drain_fits_into_the_time_to_stop(self):
        said = subprocess.run([BINARY, "settings"], capture_output=True, text=True, check=True).stdout
        [row] = [line for line in said.splitlines() if line.startswith("| `drain_timeout_ms`")]
        drain = int(row.split("|")[2].strip().strip("`")) / 1000
        self.assertGreater(int(self.settings()["TimeoutStopSec"]), drain + 10)


if __name__ == "__main__":
    unittest.main()
