"""The Kubernetes manifests: they fit together, and the gateway understands what they give it. No cluster is asked."""

import importlib.util
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = os.path.abspath(os.environ.get("SLUICE_BINARY", str(ROOT / "build/dev/sluice")))
os.environ["SLUICE_BINARY"] = BINARY
KUBERNETES = ROOT / "deploy/kubernetes"
sys.path.insert(0, str(ROOT / "tests/e2e"))
from gateway import Gateway  # noqa: E402

SELECTOR = {"app.kubernetes.io/name": "sluice"}
# Where the operator's kinds and the rest must say that they belong.
VERSIONS = {"Deployment": "apps/v1", "Service": "v1", "ServiceAccount": "v1", "HorizontalPodAutoscaler": "autoscaling/v2",
            "PodDisruptionBudget": "policy/v1", "NetworkPolicy": "networking.k8s.io/v1",
            "ServiceMonitor": "monitoring.coreos.com/v1", "PrometheusRule": "monitoring.coreos.com/v1"}


def read(path):
    return yaml.safe_load((KUBERNETES / path).read_text(encoding="utf-8"))


def resources(folder):
    """{kind: manifest} of a folder, as its kustomization lists them."""
    return {manifest["kind"]: manifest
            for manifest in (read(f"{folder}/{name}") for name in read(f"{folder}/kustomization.yaml")["resources"])}


BASE = resources("base")
MONITORING = resources("monitoring")
POD = BASE["Deployment"]["spec"]["template"]["spec"]
[CONTAINER] = POD["containers"]
ENVIRONMENT = {each["name"]: each["value"] for each in CONTAINER["env"]}
PROBES = ("readinessProbe", "livenessProbe", "startupProbe")


class References(unittest.TestCase):
    def test_every_file_is_listed_and_every_kind_has_its_version(self):
        for folder in ("base", "monitoring"):
            files = {path.name for path in (KUBERNETES / folder).glob("*.yaml")}
            listed = set(read(f"{folder}/kustomization.yaml")["resources"])
            self.assertEqual(files - listed, {"kustomization.yaml", "sluice.yaml"} & files)
        for kind, manifest in (BASE | MONITORING).items():
            self.assertEqual(manifest["apiVersion"], VERSIONS[kind])
            self.assertEqual(manifest["metadata"]["name"], "sluice")

    def test_selectors_match_what_kustomize_labels(self):
        [labels] = read("base/kustomization.yaml")["labels"]
        self.assertEqual(labels, {"pairs": SELECTOR, "includeSelectors": True, "includeTemplates": True})
        self.assertEqual(BASE["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"], SELECTOR)
        self.assertEqual(BASE["NetworkPolicy"]["spec"]["podSelector"]["matchLabels"], SELECTOR)
        self.assertEqual(MONITORING["ServiceMonitor"]["spec"]["selector"]["matchLabels"], SELECTOR)
        [spread] = POD["topologySpreadConstraints"]
        self.assertEqual(spread["labelSelector"]["matchLabels"], SELECTOR)

    def test_ports_are_there(self):
        names = {port["name"] for port in CONTAINER["ports"]}
        service = BASE["Service"]["spec"]["ports"]
        used = [port["targetPort"] for port in service]
        used += [CONTAINER[probe]["httpGet"]["port"] for probe in PROBES]
        used += [port["port"] for rule in BASE["NetworkPolicy"]["spec"]["ingress"] for port in rule["ports"]]
        self.assertLessEqual(set(used), names)
        self.assertLessEqual({end["port"] for end in MONITORING["ServiceMonitor"]["spec"]["endpoints"]},
                             {port["name"] for port in service})
        listens = [yaml.safe_load((KUBERNETES / folder / "sluice.yaml").read_text())["server"]["listen"]
                   for folder in ("base", "example")]
        self.assertEqual(listens, [f"0.0.0.0:{CONTAINER['ports'][0]['containerPort']}"] * 2)

    def test_accounts_maps_and_volumes_are_there(self):
        self.assertEqual(POD["serviceAccountName"], BASE["ServiceAccount"]["metadata"]["name"])
        [generated] = read("base/kustomization.yaml")["configMapGenerator"]
        volumes = {volume["name"]: volume for volume in POD["volumes"]}
        self.assertEqual(volumes["config"]["configMap"]["name"], generated["name"])
        self.assertEqual({mount["name"] for mount in CONTAINER["volumeMounts"]}, set(volumes))
        [replaced] = read("example/kustomization.yaml")["configMapGenerator"]
        self.assertEqual(replaced["name"], generated["name"])
        target = BASE["HorizontalPodAutoscaler"]["spec"]["scaleTargetRef"]
        self.assertEqual((target["kind"], target["name"]), ("Deployment", BASE["Deployment"]["metadata"]["name"]))

    def test_the_image_reads_its_configuration_where_it_is_mounted(self):
        dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
        [mount] = [each for each in CONTAINER["volumeMounts"] if each["name"] == "config"]
        self.assertIn(f"SLUICE_CONFIG={mount['mountPath']}/sluice.yaml", dockerfile)
        self.assertIn(f"USER {POD['securityContext']['runAsUser']}:{POD['securityContext']['runAsGroup']}", dockerfile)
        for image in read("example/kustomization.yaml")["images"]:
            self.assertEqual(image["name"], CONTAINER["image"])

    def test_the_secret_has_what_is_read(self):
        page = (KUBERNETES / "README.md").read_text(encoding="utf-8")
        [mount] = [each for each in CONTAINER["volumeMounts"] if each["name"] == "secrets"]
        given = set(re.findall(r"--from-file=(\w+)", page))
        for folder in ("base", "example"):
            text = (KUBERNETES / folder / "sluice.yaml").read_text(encoding="utf-8")
            read_from = set(re.findall(r"\$\{SECRETS:-([^}]*)\}/(\w+)", text))
            self.assertEqual({directory for directory, _ in read_from}, {mount["mountPath"]})
            self.assertLessEqual({name for _, name in read_from}, given)
        [endpoint] = MONITORING["ServiceMonitor"]["spec"]["endpoints"]
        credentials = endpoint["authorization"]["credentials"]
        self.assertIn(credentials["key"], given)
        [secrets] = [volume["secret"] for volume in POD["volumes"] if "secret" in volume]
        self.assertEqual(credentials["name"], secrets["secretName"])

    def test_the_rules_are_those_of_prometheus(self):
        spec = importlib.util.spec_from_file_location("rule", ROOT / "scripts/write-prometheusrule.py")
        script = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(script)
        self.assertEqual((KUBERNETES / "monitoring/prometheusrule.yaml").read_text(encoding="utf-8"), script.text(),
                         "run scripts/write-prometheusrule.py")
        rules = yaml.safe_load((ROOT / "deploy/prometheus/sluice.rules.yml").read_text(encoding="utf-8"))
        self.assertEqual(MONITORING["PrometheusRule"]["spec"], rules)


class Behaviour(unittest.TestCase):
    def test_it_is_confined(self):
        context = CONTAINER["securityContext"]
        self.assertEqual(context, {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True,
                                   "capabilities": {"drop": ["ALL"]}})
        self.assertTrue(POD["securityContext"]["runAsNonRoot"])
        self.assertFalse(POD["automountServiceAccountToken"])

    def test_a_drain_fits_into_the_grace_period(self):
        drain = int(ENVIRONMENT["SLUICE_SERVER__DRAIN_DELAY_MS"]) + int(ENVIRONMENT["SLUICE_SERVER__DRAIN_TIMEOUT_MS"])
        self.assertGreater(POD["terminationGracePeriodSeconds"] * 1000, drain + 5000)
        scale = BASE["HorizontalPodAutoscaler"]["spec"]
        self.assertGreater(scale["minReplicas"], BASE["PodDisruptionBudget"]["spec"]["maxUnavailable"])

    def test_the_gateway_understands_the_configurations(self):
        for folder in ("base", "example"):
            with self.subTest(folder), tempfile.TemporaryDirectory() as secrets:
                file = KUBERNETES / folder / "sluice.yaml"
                for name in re.findall(r"\$\{SECRETS:-[^}]*\}/(\w+)", file.read_text(encoding="utf-8")):
                    (pathlib.Path(secrets) / name).write_text(os.urandom(24).hex(), encoding="ascii")
                done = subprocess.run([BINARY, "check-config", str(file)], capture_output=True, text=True, check=False,
                                      env={"PATH": os.environ["PATH"], "SECRETS": secrets, **ENVIRONMENT})
                self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_the_probes_ask_routes_that_answer(self):
        gateway = Gateway({"server": {"allowed_hosts": ["gateway.example.com"]}})
        self.addCleanup(gateway.close)
        for probe in PROBES:
            asked = CONTAINER[probe]["httpGet"]
            headers = {each["name"]: each["value"] for each in asked["httpHeaders"]}
            self.assertEqual(gateway.get(asked["path"], **headers).status, 200, probe)
        [endpoint] = MONITORING["ServiceMonitor"]["spec"]["endpoints"]
        self.assertEqual(gateway.get(endpoint["path"], Accept="text/plain").status, 200)


if __name__ == "__main__":
    unittest.main()
