"""Who may do what, where connects may go, and that secrets appear nowhere."""

import os
import subprocess
import tempfile

from gateway import BINARY, SOURCES, GatewayTest
from private_postgres import free_port

KEYS = {role: f"{role}-key-0123456789abcdef" for role in ("query", "operator", "admin")}
ROLES = ("query", "operator", "admin")


class Security(GatewayTest):
    @classmethod
    def configuration(cls):
        return {"databases": {"main": cls.postgres.target()},
                "security": {"api_keys": [{"name": role, "key": key, "role": role} for role,
                                          key in KEYS.items()]}}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.gateway.secrets += KEYS.values()

    def call(self, method, path, body=None, key=None, scheme="Bearer"):
        headers = {"Authorization": f"{scheme} {key}"} if key else {}
        return self.gateway.request(method, path, body, headers)

    def test_each_role_may_do_what_is_its_and_no_more(self):
        extra = {**self.postgres.target(), "db_id": "main"}
        for method, path, body, least in (
                ("POST", "/query/main", {"sql": "select 1"}, "query"), ("POST", "/query",
                    {"sql": "select 1", "all": True}, "query"),
                ("GET", "/metrics", None, "query"), ("GET", "/metrics/main", None, "query"), ("GET",
                    "/databases", None, "query"),
                ("GET", "/admin/databases/main/why", None, "operator"), ("POST",
                    "/admin/databases/main/breaker", {"state": "auto"}, "operator"),
                ("POST", "/databases/connect", extra, "admin"), ("PATCH", "/databases/main",
                    {"labels": {"a": "b"}}, "admin")):
            with self.subTest(f"{method} {path}"):
                answer = self.call(method, path, body)
                self.assert_problem(answer, 401, "unauthenticated")
                self.assertIn("Bearer", answer.headers["www-authenticate"])
                self.assert_problem(self.call(method, path, body, "wrong-key-0123456789"), 401,
                                    "unauthenticated")
                self.assert_problem(self.call(method, path, body, KEYS["admin"], "Basic"), 401,
                                    "unauthenticated")
                for role in ROLES:
                    answer = self.call(method, path, body, KEYS[role])
                    if ROLES.index(role) < ROLES.index(least):
                        self.assert_problem(answer, 403, "forbidden")
                    else:
                        self.assertEqual(answer.status, 200, answer)
        self.assert_problem(self.call("DELETE", "/databases/main", None, KEYS["operator"]), 403,
                            "forbidden")

    def test_what_is_public_is_public(self):
        for path in ("/livez", "/readyz", "/health", "/health/ping", "/admin"):
            self.assertEqual(self.gateway.get(path).status, 200, path)
        self.assertNotIn("main", self.gateway.get("/health").text)
        self.assertIn("main", self.call("GET", "/health", None, KEYS["query"]).text)

    def test_connects_go_to_allowed_hosts_only(self):
        for host in ("192.0.2.1", "example.com", "0x7f000001.example.com", "10.0.0.1",
                     "169.254.169.254", "2001:db8::1"):
            with self.subTest(host):
                answer = self.call("POST", "/databases/connect", {**self.postgres.target(),
                    "host": host}, KEYS["admin"])
                self.assert_problem(answer, 403, "forbidden")
                self.assertLess(answer.seconds, 0.5)
        url = f"postgresql://app:{self.postgres.password}@192.0.2.1/app"
        self.assert_problem(self.call("POST", "/databases/connect", {"url": url}, KEYS["admin"]),
                            403, "forbidden")

    def test_secrets_appear_in_no_answer(self):
        password, answers = self.postgres.password, []
        admin = KEYS["admin"]
        for path in ("/databases", "/databases/main", "/metrics?format=json",
                     "/metrics?format=prometheus", "/metrics/main", "/metrics/main?server=true",
                     "/health?probe=true", "/admin/databases/main/why", "/admin"):
            answers.append(self.call("GET", path, None, admin))
        target = self.postgres.target()
        for body in ({**target, "port": 1}, {**target, "database": "nowhere"}, {**target,
            "passwrd": password}, {**target, "host": "192.0.2.1"}, {**target, "user": "nobody"},
                     {**target, "password": [password]}, {**target, "ssl": password}, {"url": f"postgresql://app:{password}@127.0.0.1:1/app"},
                     {"url": f"postgresql://app:{password}@127.0.0.1:notaport/app"}, {"url": f"postgresql://app:{password}@127.0.0.1/app?options=x"},
                     {"url": f"postgresql://app:{password}@[::1/app"}, {**target, "password": password + "x"}, '{"password": "%s"' % password, '{"password": "%s" x}' % password):
            answer = self.call("POST", "/databases/connect", body, admin)
            self.assertGreaterEqual(answer.status, 400, answer)
            answers.append(answer)
        answers.append(self.call("POST", "/databases/connect", {**target, "db_id": "second"},
                                 admin))
        answers.append(self.call("POST", "/query/main", {"sql": "select $1::int",
                                                         "params": [password]}, admin))
        for answer in answers:
            text = answer.text + str(answer.headers)
            for secret in (password, *KEYS.values()):
                # PostgreSQL itself quotes a value that it cannot read; that is the caller's own and not a secret of ours.
                if "22P02" not in text:
                    self.assertNotIn(secret, text)

    def test_a_web_page_cannot_use_somebodys_gateway(self):
        self.assertGreaterEqual(self.gateway.get("/livez", Host="evil.example").status, 400)
        answer = self.gateway.request("POST", "/query/main", {"sql": "select 1"},
                                      {"Origin": "https://evil.example",
                                       "Authorization": "Bearer " + KEYS["admin"]})
        self.assertEqual(answer.status, 403, answer)


class CommandLine(GatewayTest):
    """`sluice serve` and `sluice check-config`, before anything runs."""

    @classmethod
    def setUpClass(cls):
        pass

    def sluice(self, *arguments, environment=None):
        return subprocess.run([BINARY, *arguments], capture_output=True, text=True, timeout=20,
                              stdin=subprocess.DEVNULL,
                              env={"PATH": os.environ["PATH"], **(environment or {})}, cwd=SOURCES)

    def check(self, yaml, environment=None):
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
            file.write(yaml)
            file.flush()
            return self.sluice("check-config", file.name, environment=environment)

    def test_other_addresses_than_loopback_need_a_key(self):
        for address in ("0.0.0.0", "[::]", "192.0.2.7"):
            with self.subTest(address), tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
                file.write("log: {format: text}\n")
                file.flush()
                done = self.sluice("serve", "--config", file.name, "--listen",
                                   f"{address}:{free_port()}")
                self.assertNotEqual(done.returncode, 0)
                self.assertRegex(done.stdout + done.stderr, r"(?i)api.key")

    def test_a_good_configuration_is_good(self):
        self.assertEqual(self.check("pool: {max_size: 5}\n").returncode, 0)
        done = self.sluice("check-config", "config/sluice.yaml")
        self.assertEqual(done.returncode, 0, done)
        done = self.sluice("check-config", "config/demo.yaml", environment={"DEMO_PGPORT": "5432",
            "DEMO_PASSWORD": "x"})
        self.assertEqual(done.returncode, 0, done)

    def test_mistakes_are_told_with_their_place_and_a_suggestion(self):
        done = self.check("server:\n  listen: 127.0.0.1:8080\npool:\n  max_sise: 5\n  min_size: many\n")
        text = done.stdout + done.stderr
        self.assertNotEqual(done.returncode, 0)
        self.assertIn(":4:", text)
        self.assertIn("max_size", text)
        self.assertIn(":5:", text)

    def test_secrets_in_a_bad_configuration_are_not_shown(self):
        done = self.check("databases:\n  a: {url: 'postgresql://u:hunter2secret@h:bad/x'}\nsecurity:\n  api_keys: [{name: a, key: hunter2}]\n")
        self.assertNotEqual(done.returncode, 0)
        self.assertNotIn("hunter2", done.stdout + done.stderr)
