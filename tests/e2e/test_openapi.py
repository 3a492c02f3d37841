"""GET /openapi.json and GET /docs: the description is valid, complete and true. Needs node and web/'s packages."""

import glob
import json
import os
import subprocess
import unittest
import urllib.parse
from decimal import Decimal

import jsonschema

from gateway import SOURCES, Gateway, GatewayTest

KEYS = {"query": "secret-query-0123456789", "operator": "secret-operator-0123456789",
        "admin": "secret-admin-0123456789"}
DIALECT = "https://json-schema.org/draft/2020-12/schema"


def written():
    """{"GET /path": …}: what src/http/openapi has, examples and all."""
    operations = {}
    for name in sorted(glob.glob(os.path.join(SOURCES, "src/http/openapi/*.json"))):
        with open(name, encoding="utf-8") as file:
            operations.update(json.load(file).get("operations", {}))
    return operations


class Description:
    """The document, and its schemas at work."""

    def __init__(self, document):
        self.document = document
        self.resolver = jsonschema.RefResolver("", document)

    def operations(self):
        for path, methods in self.document["paths"].items():
            for method, operation in methods.items():
                yield f"{method.upper()} {path}", operation

    def mistakes(self, value, schema):
        validator = jsonschema.Draft202012Validator({"$schema": DIALECT, **schema}, resolver=self.resolver)
        return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(value)]

    def content(self, operation, status):
        """{type: {"schema": …}} of an answer."""
        answer = operation["responses"][str(status)]
        if "$ref" in answer:
            answer = self.resolver.resolve(answer["$ref"])[1]
        return answer["content"]


class OpenApi(GatewayTest):
    @classmethod
    def prepare(cls):
        with open(os.path.join(SOURCES, "config/demo.sql"), encoding="utf-8") as file:
            demo = file.read()
        for seed, region in enumerate(("eu", "us", "asia", "africa"), 1):
            cls.postgres.create_database(f"shop_{region}")
            cls.postgres.run(f"\\set region {region}\n\\set seed {seed}\nset role app;\n{demo}", f"shop_{region}")

    @classmethod
    def configuration(cls):
        return {"databases": {name: {**cls.postgres.target(name), "labels": {"shop": "yes"}}
                              for name in ("shop_eu", "shop_us", "shop_asia")}}

    def setUp(self):
        self.description = Description(self.gateway.get("/openapi.json").json)

    def test_it_is_valid(self):
        done = subprocess.run(["node", "test/openapi/validate.mjs"], cwd=os.path.join(SOURCES, "web"),
                              input=self.gateway.get("/openapi.json").text, capture_output=True, text=True)
        self.assertEqual(done.stdout, "OpenAPI 3.1\n", done.stderr)

    def test_numbers_are_written_plainly(self):
        self.assertNotRegex(self.gateway.get("/openapi.json").text, r": ?-?[0-9.]+[eE]")

    def test_every_schema_is_one(self):
        for name, schema in self.description.document["components"]["schemas"].items():
            with self.subTest(name):
                jsonschema.Draft202012Validator.check_schema(schema)

    def test_what_is_written_is_there_and_nothing_else(self):
        there = {key for key, _ in self.description.operations()}
        api = {key for key, operation in written().items() if "of_a_page" not in operation}
        self.assertEqual(api - there, {"POST /admin/chaos/{db_id}"}, "only the demo has that")
        self.assertEqual(there - api, set())
        identifiers = [operation["operationId"] for _, operation in self.description.operations()]
        self.assertEqual(len(set(identifiers)), len(identifiers))

    def test_references_lead_somewhere(self):
        def walk(value):
            if isinstance(value, dict):
                if isinstance(value.get("$ref"), str):
                    self.description.resolver.resolve(value["$ref"])
                for each in value.values():
                    walk(each)
            elif isinstance(value, list):
                for each in value:
                    walk(each)

        walk(self.description.document["paths"])
        walk(self.description.document["components"])

    def test_examples_are_as_their_schemas_say(self):
        for key, operation in self.description.operations():
            contents = [operation.get("requestBody", {}).get("content", {})]
            contents += [self.description.content(operation, status) for status in operation["responses"]]
            refused = {name for name, example in written()[key].get("examples", {}).items() if example["status"] == 422}
            for content in contents:
                for part in content.values():
                    for name, example in part.get("examples", {}).items():
                        with self.subTest(key, example=name):
                            wrong = self.description.mistakes(example["value"], part["schema"])
                            self.assertTrue(not wrong or content is contents[0] and name in refused, wrong)

    def test_every_operation_has_an_example(self):
        for key, operation in written().items():
            if "of_a_page" not in operation:
                self.assertTrue(operation.get("examples"), key)

    def test_every_example_is_true(self):
        for key, operation in self.description.operations():
            for name, example in written()[key].get("examples", {}).items():
                with self.subTest(key, example=name):
                    self.try_example(key, operation, example)
                self.restore()

    def try_example(self, key, operation, example):
        method, path = key.split(" ")
        for parameter, value in example.get("path", {}).items():
            path = path.replace("{%s}" % parameter, str(value))
        if example.get("query"):
            path += "?" + urllib.parse.urlencode({name: str(value).lower() for name, value in example["query"].items()})
        answer = self.gateway.request(method, path, self.with_login(example.get("body")), example.get("header"))
        self.assertEqual(answer.status, example["status"], answer)
        content = self.description.content(operation, answer.status)
        kind = answer.headers["content-type"].split(";")[0]
        self.assertIn(kind, content)
        if kind in ("application/json", "application/problem+json"):
            self.assertEqual(self.description.mistakes(answer.json, content[kind]["schema"]), [])
            self.assert_told(answer.json, example.get("answer", {}))

    def assert_told(self, answer, example):
        """What must be as the example has it, in this gateway too; here nothing else is under way."""
        if "queries" in answer or "sessions" in answer:
            return
        for name in ("rows", "value", "count", "command", "affected", "truncated", "code", "detail", "errors", "sqlstate", "types"):
            if name in example and name in answer:
                told = json.loads(json.dumps(example[name]), parse_float=Decimal)
                self.assertEqual(answer[name], told, name)

    def with_login(self, body):
        """The demo's password and port are drawn when it starts."""
        if not isinstance(body, dict) or "password" not in body:
            return body
        own = {name: value for name, value in self.postgres.target().items() if name in body and name in ("port", "user", "password")}
        return {**body, **own}

    def restore(self):
        self.gateway.post("/admin/databases/shop_asia/resume", {})
        self.gateway.post("/admin/databases/shop_asia/breaker", {"state": "auto"})


class Roles(GatewayTest):
    @classmethod
    def configuration(cls):
        keys = [{"name": role, "role": role, "key": key} for role, key in KEYS.items()]
        return {**super().configuration(), "security": {"api_keys": keys}}

    def ask(self, key, role=None):
        method, path = key.split(" ")
        headers = {"Authorization": f"Bearer {KEYS[role]}"} if role else {}
        path = path.replace("{db_id}", "nothing").replace("{id}", "0-0")
        return self.gateway.request(method, path, {} if method in ("POST", "PATCH") else None, headers=headers)

    def test_who_may_do_what(self):
        """Only refusals are asked for: what is allowed is tried elsewhere, and some of it would end the test."""
        roles = list(KEYS)
        for key, operation in Description(self.gateway.get("/openapi.json").json).operations():
            with self.subTest(key):
                if not operation["security"]:
                    self.assertEqual(self.ask(key).status, 200)
                    continue
                [[needed]] = [scheme["key"] for scheme in operation["security"]]
                # The Neon protocol tells it as PostgreSQL would.
                self.assertEqual(self.ask(key).status, 400 if key == "POST /sql" else 401)
                for role in roles[:roles.index(needed)]:
                    self.assertEqual(self.ask(key, role).status, 403)
                self.assertNotIn(self.ask(key, needed).status, (401, 403))


class Docs(unittest.TestCase):
    def test_the_page_and_its_files(self):
        gateway = Gateway()
        self.addCleanup(gateway.close)
        for path in ("/docs", "/docs/swagger-ui.css", "/docs/swagger-ui-bundle.js", "/docs/start.js", "/docs/licences.txt"):
            answer = gateway.get(path)
            self.assertEqual(answer.status, 200, path)
            policy = answer.headers["content-security-policy"]
            self.assertIn("default-src 'none'; script-src 'self'; style-src 'self'", policy)
            self.assertNotIn("unsafe", policy)
        self.assertIn("Apache License", gateway.get("/docs/licences.txt").text)


if __name__ == "__main__":
    unittest.main()
