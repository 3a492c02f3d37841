"""Every configuration that we ship passes check-config, and so does PostgreSQL's."""

import glob
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = os.environ.get("SLUICE_BINARY", "build/dev/sluice")
PROFILES = ("development", "staging", "production", "high-traffic")


class Configurations(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.secrets = directory.name

    def check(self, file, **environment):
        """What check-config says, without the address."""
        done = subprocess.run([BINARY, "check-config", str(ROOT / file)], capture_output=True, text=True,
                              env={"PATH": os.environ["PATH"], "SECRETS": self.secrets, **environment})
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertTrue(done.stdout.startswith("ok\n"), done.stdout)
        return done.stdout

    def make_secrets(self, file):
        """A file for each that the configuration names."""
        for name in re.findall(r"\$\{SECRETS:-[^}]*\}/(\w+)", (ROOT / file).read_text(encoding="utf-8")):
            path = os.path.join(self.secrets, name)
            pathlib.Path(path).write_text(os.urandom(24).hex(), encoding="ascii")

    def test_the_sample_and_the_demo(self):
        self.check("config/sluice.yaml")
        self.check("config/demo.yaml", DEMO_PGPORT="5432", DEMO_PASSWORD="x")

    def test_the_stack(self):
        subprocess.run([ROOT / "deploy/make-secrets.sh", self.secrets], check=True)
        said = self.check("deploy/sluice.yaml")
        for region in ("eu", "us", "asia"):
            self.assertIn(f"shop_{region}: shop_{region}@postgres-{region}:5432/shop_{region}", said)
        self.assertIn("admin (admin)", said)

    def test_the_profiles(self):
        files = {path.stem for path in (ROOT / "config/profiles").glob("*.yaml")}
        self.assertEqual(files, set(PROFILES))
        for name in PROFILES:
            with self.subTest(name):
                file = f"config/profiles/{name}.yaml"
                self.make_secrets(file)
                self.assertNotIn("databases  0", self.check(file, PUBLIC_HOST="gateway.example.com"))

    def test_a_profile_that_misses_its_secrets_says_so(self):
        done = subprocess.run([BINARY, "check-config", str(ROOT / "config/profiles/production.yaml")],
                              capture_output=True, text=True,
                              env={"PATH": os.environ["PATH"], "SECRETS": self.secrets})
        self.assertEqual(done.returncode, 1)
        self.assertIn("needs the variable PUBLIC_HOST: set the name that clients use", done.stderr)

    def test_staging_differs_from_production_where_it_says_so(self):
        def settings(name):
            tree = yaml.safe_load((ROOT / f"config/profiles/{name}.yaml").read_text(encoding="utf-8"))
            return {f"{section}.{key}": value for section in ("server", "log", "pool", "query", "breaker")
                    for key, value in tree[section].items()}

        staging, production = settings("staging"), settings("production")
        differing = {name.split(".")[1] for name in staging.keys() | production.keys()
                     if staging.get(name) != production.get(name)}
        text = (ROOT / "config/profiles/staging.yaml").read_text(encoding="utf-8")
        self.assertEqual(differing, set(re.findall(r"(?m)^  (\w+):.*# differs", text)))


class Postgres(unittest.TestCase):
    """deploy/postgresql.conf, asked through the server's own program."""

    def value(self, name):
        with tempfile.TemporaryDirectory() as directory:  # one that the user postgres can enter
            os.chmod(directory, 0o755)
            file = os.path.join(directory, "postgresql.conf")
            shutil.copyfile(ROOT / "deploy/postgresql.conf", file)
            program = sorted(glob.glob("/usr/lib/postgresql/*/bin/postgres"))[-1]
            command = [program, "-C", name, "-c", f"config_file={file}", "-c", "shared_preload_libraries=",
                       "-D", directory]
            as_postgres = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
            done = subprocess.run((as_postgres if os.geteuid() == 0 else []) + command,
                                  capture_output=True, text=True, cwd="/", check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.strip()

    def test_it_is_understood(self):
        self.assertEqual(self.value("wal_level"), "replica")
        self.assertEqual(self.value("shared_buffers"), str(256 * 1024 // 8))

    def test_the_pools_fit_into_it_with_room_for_a_second_gateway_and_people(self):
        sluice = yaml.safe_load((ROOT / "deploy/sluice.yaml").read_text(encoding="utf-8"))
        free = int(self.value("max_connections")) - int(self.value("superuser_reserved_connections"))
        self.assertGreaterEqual(free, 2 * sluice["pool"]["max_size"] + 10)


if __name__ == "__main__":
    unittest.main()
