"""The container files, as far as they can be held to something without a container engine. docker-compose
itself reads them; scripts/prove-dockerfile.sh builds and uses the image."""

import fnmatch
import functools
import os
import pathlib
import re
import shutil
import stat
import subprocess
import tempfile
import unittest

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
SECRETS = {"api_key", "metrics_key", "postgres_password", "shop_eu_password", "shop_us_password", "shop_asia_password"}
MADE = SECRETS | {"grafana_password"}
PUBLISHED = {"gateway": "8080:8080", "prometheus": "9090:9090", "grafana": "3000:3000"}
ONCE = {"secrets", "tests"}  # services that end
DATABASES = {"postgres-eu", "postgres-us", "postgres-asia"}


@functools.cache
def compose(*overrides):
    """What docker-compose makes of the files together."""
    files = ["docker-compose.yml", *(f"docker-compose.{name}.yml" for name in overrides)]
    arguments = [word for file in files for word in ("-f", file)]
    with tempfile.NamedTemporaryFile() as nothing:  # instead of somebody's .env
        done = subprocess.run(["docker-compose", "--env-file", nothing.name, *arguments, "config"],
                              cwd=ROOT, text=True, capture_output=True,
                              env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"})
    if done.returncode != 0:
        raise AssertionError(done.stderr)
    return yaml.safe_load(done.stdout)


VARIANTS = [(), ("prod",), ("test",), ("monitoring",)]


def mounts(service):
    """(source, target) of what is mounted from this directory."""
    found = []
    for volume in service.get("volumes", []):
        source, target = (volume.split(":")[:2] if isinstance(volume, str)
                          else (volume.get("source", ""), volume["target"]))
        if source.startswith("/"):
            found.append((pathlib.Path(source), target))
    return found


def seconds(text):
    units = {"s": 1, "m": 60}
    return sum(int(number) * units[unit] for number, unit in re.findall(r"(\d+)([sm])", str(text)))


def copy_as_docker_does(source, target):
    """The contents of a directory; a file into a directory if the target ends so."""
    if source.is_dir():
        shutil.copytree(source, target)
    else:
        target.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, target)


class EveryVariant(unittest.TestCase):
    def services(self):
        for variant in VARIANTS:
            for name, service in compose(*variant)["services"].items():
                with self.subTest(variant=variant, service=name):
                    yield name, service

    def test_every_service_that_stays_has_a_health_check(self):
        for name, service in self.services():
            check = service["healthcheck"]["test"]
            self.assertEqual(check == ["NONE"], name in ONCE, check)

    def test_what_is_mounted_is_there(self):
        for _, service in self.services():
            for source, _ in mounts(service):
                self.assertTrue(source.is_file(), source)

    def test_what_others_wait_for_is_waited_for_truly(self):
        for _, service in self.services():
            for other, how in service.get("depends_on", {}).items():
                expected = "service_completed_successfully" if other in ONCE else "service_healthy"
                self.assertEqual(how["condition"], expected, other)

    def test_nothing_is_published_but_what_people_look_at_on_loopback(self):
        for name, service in self.services():
            expected = [f"127.0.0.1:{PUBLISHED[name]}/tcp"] if name in PUBLISHED else []
            self.assertEqual(service.get("ports", []), expected)

    def test_databases_are_reached_by_the_gateway_alone(self):
        for variant in VARIANTS:
            networks = compose(*variant)["networks"]
            self.assertTrue(networks["databases"]["internal"])
        for name, service in self.services():
            if "databases" in service.get("networks", {}):
                self.assertIn(name, DATABASES | {"gateway"})

    def test_no_secret_stands_in_the_environment(self):
        for _, service in self.services():
            for variable, value in service.get("environment", {}).items():
                if re.search("PASSWORD|KEY", variable) and not variable.endswith("_FILE"):
                    self.assertIn(value, (None, ""), variable)

    def test_the_gateway_has_time_to_answer_what_it_accepted(self):
        for name, service in self.services():
            if name == "gateway":
                delay = int(service["environment"].get("SLUICE_SERVER__DRAIN_DELAY_MS", 0))
                self.assertGreater(seconds(service["stop_grace_period"]) * 1000, delay + 30_000)

    def test_secrets_are_those_that_are_made(self):
        for variant in VARIANTS:
            directory = "/run/secrets/" if variant == ("prod",) else "/run/sluice/"
            for name in DATABASES:
                environment = compose(*variant)["services"][name]["environment"]
                region = name.removeprefix("postgres-")
                self.assertEqual(environment["POSTGRES_PASSWORD_FILE"], directory + "postgres_password")
                self.assertEqual(environment["ROLE_PASSWORD_FILE"], f"{directory}shop_{region}_password")


class Production(unittest.TestCase):
    def test_every_service_is_confined(self):
        for name, service in compose("prod")["services"].items():
            with self.subTest(name):
                self.assertTrue(service["read_only"])
                self.assertEqual(service["cap_drop"], ["ALL"])
                self.assertEqual(service["security_opt"], ["no-new-privileges:true"])
                self.assertEqual(service["logging"]["options"], {"max-size": "10m", "max-file": "5"})
                self.assertEqual(service["restart"], "no" if name in ONCE else "unless-stopped")
                if name not in ONCE:
                    self.assertTrue(service["deploy"]["resources"]["limits"]["memory"])
                    self.assertTrue(service["pids_limit"])

    def test_each_service_gets_its_own_secrets_only(self):
        files = compose("prod")
        self.assertEqual(set(files["secrets"]), SECRETS)
        for name, service in files["services"].items():
            given = {secret["source"] for secret in service["secrets"]}
            region = name.removeprefix("postgres-")
            self.assertEqual(given, {"postgres_password", f"shop_{region}_password"}
                             if name in DATABASES else SECRETS - {"postgres_password"})


class Monitoring(unittest.TestCase):
    def test_prometheus_scrapes_the_gateway_with_a_key_that_it_can_read(self):
        services = compose("monitoring")["services"]
        config = yaml.safe_load((ROOT / "deploy/prometheus/prometheus.yml").read_text(encoding="utf-8"))
        [job] = config["scrape_configs"]
        [target] = job["static_configs"][0]["targets"]
        self.assertIn(target.split(":")[0], services)
        self.assertEqual(target.split(":")[1], "8080")
        gateway = yaml.safe_load((ROOT / "deploy/sluice.yaml").read_text(encoding="utf-8"))
        [key] = [key for key in gateway["security"]["api_keys"] if key["role"] == "query"]
        self.assertEqual(job["authorization"]["credentials_file"], key["key_file"].replace("${SECRETS:-/run/sluice}", "/run/sluice"))
        self.assertIn("metrics_key", MADE)
        rules = [target for source, target in mounts(services["prometheus"]) if "rules" in source.name]
        self.assertEqual(rules, ["/etc/prometheus/" + config["rule_files"][0]])

    def test_grafana_finds_prometheus_and_its_dashboards(self):
        services = compose("monitoring")["services"]
        given = {target: source for source, target in mounts(services["grafana"])}
        source = yaml.safe_load(given["/etc/grafana/provisioning/datasources/prometheus.yml"].read_text(encoding="utf-8"))
        self.assertEqual(source["datasources"][0]["url"], "http://prometheus:9090")
        provider = yaml.safe_load(given["/etc/grafana/provisioning/dashboards/sluice.yml"].read_text(encoding="utf-8"))
        folder = provider["providers"][0]["options"]["path"]
        shown = {pathlib.Path(target).name for target in given if target.startswith(folder)}
        self.assertEqual(shown, {file.name for file in (ROOT / "deploy/grafana/dashboards").iterdir()})
        environment = services["grafana"]["environment"]
        self.assertEqual(environment["GF_SECURITY_ADMIN_PASSWORD__FILE"], "/run/sluice/grafana_password")
        self.assertIn(environment["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"], given)


class Tests(unittest.TestCase):
    def test_databases_wait_for_no_disk(self):
        for name in DATABASES:
            service = compose("test")["services"][name]
            self.assertIn("fsync=off", service["command"])
            data = [volume for volume in service["volumes"] if "/var/lib/postgresql/data" in str(volume)]
            self.assertEqual(data, [{"type": "tmpfs", "target": "/var/lib/postgresql/data"}])


class Secrets(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = pathlib.Path(directory.name)

    def make(self, **environment):
        subprocess.run([ROOT / "deploy/make-secrets.sh", self.directory], check=True,
                       env={"PATH": os.environ["PATH"], **environment})
        return {file.name: file.read_text() for file in self.directory.iterdir()}

    def test_all_are_made_once_and_differ(self):
        made = self.make()
        self.assertEqual(set(made), MADE)
        self.assertEqual(len(set(made.values())), len(MADE))
        for value in made.values():
            self.assertRegex(value, r"\A[0-9a-f]{48}\n\Z")
        self.assertEqual(self.make(), made, "a second start must not change what the databases know")

    def test_what_is_missing_or_empty_is_made(self):
        made = self.make()
        (self.directory / "shop_eu_password").unlink()
        os.chmod(self.directory / "api_key", 0o600)
        (self.directory / "api_key").write_text("")
        again = self.make()
        self.assertEqual(again["shop_us_password"], made["shop_us_password"])
        self.assertTrue(again["api_key"].strip() and again["shop_eu_password"].strip())

    def test_a_given_key_wins(self):
        self.make()
        self.assertEqual(self.make(SLUICE_API_KEY="0123456789abcdef")["api_key"], "0123456789abcdef\n")

    def test_the_superusers_password_is_for_root_alone(self):
        self.make()
        modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in self.directory.iterdir()}
        self.assertEqual(modes.pop("postgres_password"), 0o400)
        self.assertEqual(set(modes.values()), {0o444})


class Dockerfile(unittest.TestCase):
    def setUp(self):
        text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
        self.lines = re.sub(r"\\\n\s*", "", re.sub(r"(?m)^#.*\n", "", text)).splitlines()
        self.stages = [line.split()[-1] for line in self.lines if line.startswith("FROM ")]

    def last(self, instruction):
        """What the final stage says; None if it does not."""
        start = max(i for i, line in enumerate(self.lines) if line.startswith("FROM "))
        found = [line for line in self.lines[start:] if line.startswith(instruction + " ")]
        return found[-1].removeprefix(instruction + " ") if found else None

    def test_the_stages_that_compose_names_are_there(self):
        self.assertEqual(self.stages[-1], "gateway")
        self.assertIn(compose("test")["services"]["tests"]["build"]["target"], self.stages)

    def test_the_image_runs_as_nobody_special_and_is_asked_for_its_health(self):
        self.assertRegex(self.last("USER"), r"^[1-9]\d+:[1-9]\d+$")
        self.assertIn('CMD ["sluice", "check-health"]', self.last("HEALTHCHECK"))
        self.assertEqual((self.last("ENTRYPOINT"), self.last("CMD"), self.last("STOPSIGNAL")),
                         ('["sluice"]', '["serve"]', "SIGTERM"))

    def test_packages_are_named_elsewhere(self):
        for line in self.lines:
            for command in re.findall(r"(?:apt-get install|ensure_packages)\s+([^&<|]*)", line):
                words = [word for word in command.split() if not word.startswith("-")]
                self.assertTrue(all(re.fullmatch(r'"\$\{\w+_packages\[@\]\}"', word) for word in words), line)

    def test_what_is_copied_is_there_and_not_hidden(self):
        hidden = [rule for rule in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
                  if rule and not rule.startswith("#")]
        for line in self.lines:
            if not line.startswith("COPY ") or "--from=" in line:
                continue
            for source in line.split()[1:-1]:
                self.assertTrue((ROOT / source).exists(), source)
                self.assertFalse(any(fnmatch.fnmatch(source, rule) for rule in hidden), source)

    def test_what_is_copied_before_the_build_is_enough_for_cmake(self):
        start = self.lines.index("FROM compilers AS build")
        build = next(i for i, line in enumerate(self.lines) if "cmake --preset" in line)
        with tempfile.TemporaryDirectory() as directory:
            for line in self.lines[start:build]:
                if line.startswith("COPY "):
                    *sources, target = line.split()[1:]
                    for source in sources:
                        copy_as_docker_does(ROOT / source, pathlib.Path(directory) / target)
            configure = re.search(r"cmake --preset [^&]*", self.lines[build]).group().split()
            done = subprocess.run(configure, cwd=directory, capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_the_stage_of_the_tests_has_the_container_files_that_they_read(self):
        hidden = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
        for file in [ROOT / "Dockerfile", *ROOT.glob("docker-compose*.yml")]:
            self.assertFalse([rule for rule in hidden if fnmatch.fnmatch(file.name, rule)], file.name)

    def test_secrets_never_reach_the_builder(self):
        hidden = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
        for name in (".env", ".git", "secrets", "build"):
            self.assertIn(name, hidden)


if __name__ == "__main__":
    unittest.main()
