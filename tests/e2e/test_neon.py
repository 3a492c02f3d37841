"""POST /sql: drivers that were made for Neon (tests/e2e/neon), and the protocol itself. Needs the npm packages there."""

import glob
import json
import os
import subprocess
import unittest
import urllib.parse

from gateway import SOURCES, Gateway, GatewayTest

QUERY, OPERATOR = "key-of-queries-0123456789/@:%+", "key-of-operator-0123456789"
FOLDER = os.path.join(SOURCES, "tests/e2e/neon")
THINGS = """
create type mood as enum ('calm', 'wild');
create type pair as (a int, b text);
create domain positive as int check (value > 0);
create table things(id int primary key, name text not null, price numeric(10,2) check (price > 0), mood mood,
                    made timestamptz default '2026-01-01 00:00:00+00');
insert into things values (1, 'one', 1.50, 'calm'), (2, 'two', null, null);
create table things_as_they_were as select * from things;
create function deep() returns int language plpgsql as $$ begin return (select 1/0); end $$;
alter table things owner to app; alter table things_as_they_were owner to app;
"""


def node():
    """The one that the lock file pins."""
    return glob.glob(os.path.join(FOLDER, "node_modules/node-linux-*/bin/node"))[0]


def failures(tap):
    """What node's test runner says of the tests that failed."""
    return "\n".join(part[:2000] for part in tap.split("# Subtest: ") if "\nnot ok" in part)


class Neon(GatewayTest):
    config = {"security": {"api_keys": [{"name": "queries", "key": QUERY, "role": "query"},
                                        {"name": "operator", "key": OPERATOR, "role": "operator"}]}}

    @classmethod
    def prepare(cls):
        cls.postgres.run(THINGS, "app")
        cls.postgres.run("alter database app set default_transaction_isolation = 'repeatable read'", "postgres")

    @classmethod
    def configuration(cls):
        return {"databases": {"main": {**cls.postgres.target(), "query": {"max_result_bytes": 250000}}}, **cls.config}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.gateway.secrets += [QUERY, OPERATOR, urllib.parse.quote(QUERY, safe="")]

    def run_node(self, name):
        environment = {"PATH": os.environ["PATH"], "SLUICE_URL": f"http://127.0.0.1:{self.gateway.port}",
                       "SLUICE_QUERY_KEY": QUERY, "SLUICE_OPERATOR_KEY": OPERATOR, "TZ": "America/New_York",
                       "POSTGRES_URL": f"postgresql://app:{self.postgres.password}@127.0.0.1:{self.postgres.port}/app"}
        done = subprocess.run([node(), "--test", "--test-timeout=120000", name + ".test.mjs"], cwd=FOLDER, env=environment,
                              capture_output=True, text=True, timeout=300)
        self.assertEqual(done.returncode, 0, failures(done.stdout) + done.stderr)
        self.assertNotIn("# pass 0", done.stdout)

    def test_results_and_errors_are_those_of_node_postgres(self):
        self.run_node("parity")

    def test_the_driver(self):
        self.run_node("driver")

    def test_drizzle(self):
        self.run_node("drizzle")

    def test_kysely(self):
        self.run_node("kysely")

    # ---- the protocol ---------------------------------------------------------------------------------

    def sql(self, body, connection="postgresql://nobody:%s@x/main" % QUERY.replace("%", "%25"), **headers):
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        if connection is not None:
            headers["Neon-Connection-String"] = connection
        return self.gateway.request("POST", "/sql", body if isinstance(body, str) else json.dumps(body),
                                    {"Content-Type": "text/plain;charset=UTF-8", **headers})

    def test_values_as_json_where_json_has_them(self):
        answer = self.sql({"query": "select 1 as i, 2::int8 as b, true as t, '{\"a\":[1]}'::jsonb as j, array[1,null] as l, 1.5::float8 as f,"
                                    " 7::oid as o, timestamptz '2026-01-28 12:00+00' as w, null as n, interval '1 day 2 hours' as v"})
        self.assertEqual(answer.status, 200, answer)
        self.assertEqual(json.loads(answer.text)["rows"], [
            {"i": 1, "b": "2", "t": True, "j": {"a": [1]}, "l": [1, None], "f": 1.5, "o": "7", "w": "2026-01-28 12:00:00+00",
             "n": None, "v": "1 day 02:00:00"}])

    def test_parameters_of_other_clients(self):
        answer = self.sql({"query": "select $1::int as i, $2::bool as b, $3::jsonb as j, $4::int[] as l, $5::jsonb[] as jl, $6::text as t",
                           "params": [7, True, {"a": "x"}, [[1, None], [2, 3]], [{"a": "b\"c"}], [1, "x"]]}, Neon_Raw_Text_Output="true")
        self.assertEqual(answer.json["rows"], [{"i": "7", "b": "t", "j": '{"a": "x"}', "l": "{{1,NULL},{2,3}}",
                                                "jl": '{"{\\"a\\": \\"b\\\\\\"c\\"}"}', "t": '{"1","x"}'}], answer)

    def test_a_batch_and_its_headers(self):
        answer = self.sql({"queries": [{"query": "select 1 as a"}, {"query": "select 2 as b", "arrayMode": True}]},
                          Neon_Raw_Text_Output="true", Neon_Batch_Isolation_Level="Serializable", Neon_Batch_Read_Only="true",
                          Neon_Batch_Deferrable="true")
        self.assertEqual([result["rows"] for result in answer.json["results"]], [[{"a": "1"}], [["2"]]])
        self.assertEqual(list(answer.json), ["results"])
        self.assertEqual([answer.headers["neon-batch-" + name] for name in ("isolation-level", "read-only", "deferrable")],
                         ["Serializable", "true", "true"])
        answer = self.sql({"queries": []}, Neon_Batch_Isolation_Level="Chaos")
        self.assertEqual((answer.status, answer.json["code"]), (400, "08P01"), answer)

    def test_mistakes_are_400_and_json(self):
        for body in ("{", "[]", "{}", '{"query": 1}', '{"query": "select 1", "params": 1}', '{"query": "listen x"}',
                     '{"query": "select 1", "params": ["a\\u0000b"]}'):
            answer = self.sql(body)
            self.assertEqual((answer.status, answer.headers["content-type"]), (400, "application/json"), answer)
            self.assertTrue(answer.json["message"], answer)
        for connection in (None, "", "mysql://x:y@z/main", f"postgresql://x:{OPERATOR}@host", "postgresql://x:%@host/main"):
            answer = self.sql({"query": "select 1"}, connection, Authorization=f"Bearer {OPERATOR}")
            self.assertEqual((answer.status, answer.json["code"]), (400, "08P01"), answer)
        answer = self.sql({"query": "select 1"}, Idempotency_Key="x")
        self.assertEqual(answer.status, 400, answer)

    def test_it_is_seen_like_every_other_query(self):
        before = self.gateway.get("/metrics/main", Authorization=f"Bearer {OPERATOR}").json["queries_executed"]
        self.assertEqual(self.sql({"query": "select 'seen in the statements'"}).status, 200)
        self.assertEqual(self.gateway.get("/metrics/main", Authorization=f"Bearer {OPERATOR}").json["queries_executed"], before + 1)
        shown = self.gateway.get("/admin/statements", Authorization=f"Bearer {OPERATOR}").text
        self.assertIn("select", shown)
        line = next(json.loads(line) for line in self.gateway.log().splitlines() if '"/sql"' in line and '"status":200' in line)
        self.assertEqual(line["db_id"], "main", line)

    # ---- pages of other origins -----------------------------------------------------------------------

    def test_with_keys_any_page_may_ask(self):
        answer = self.sql({"query": "select 1"}, Origin="https://any.example")
        self.assertEqual((answer.status, answer.headers["access-control-allow-origin"]), (200, "*"), answer)
        wrong = self.sql({"query": "select 1"}, "postgresql://x:wrong@h/main", Origin="https://any.example")
        self.assertEqual((wrong.status, wrong.headers["access-control-allow-origin"]), (400, "*"), wrong)
        answer = self.gateway.request("OPTIONS", "/sql", headers={"Origin": "https://any.example", "Access-Control-Request-Method": "POST",
                                                                  "Access-Control-Request-Headers": "neon-connection-string"})
        self.assertEqual((answer.status, answer.text), (200, ""), answer)
        self.assertEqual(answer.headers["allow"], "OPTIONS, POST")
        self.assertEqual(answer.headers["access-control-allow-origin"], "*")
        self.assertEqual(answer.headers["access-control-max-age"], "86400")
        self.assertEqual(answer.headers["access-control-allow-headers"],
                         "Authorization, Neon-Connection-String, Neon-Raw-Text-Output, Neon-Array-Mode, Neon-Pool-Opt-In, "
                         "Neon-Batch-Read-Only, Neon-Batch-Isolation-Level, Neon-Batch-Deferrable")

    def test_other_routes_stay_closed_to_pages(self):
        answer = self.gateway.post("/query/main", {"sql": "select 1"}, {"Authorization": f"Bearer {QUERY}", "Origin": "https://any.example"})
        self.assertEqual(answer.status, 403, answer)


class WithoutKeys(GatewayTest):
    config = {"server": {"cors_origins": ["https://app.example"]}}

    def sql(self, origin=None, method="POST"):
        headers = {"Neon-Connection-String": "postgresql://any:thing@x/main", **({"Origin": origin} if origin else {})}
        return self.gateway.request(method, "/sql", json.dumps({"query": "select 1"}) if method == "POST" else None, headers)

    def test_the_password_is_not_looked_at(self):
        self.assertEqual(self.sql().status, 200)

    def test_only_listed_pages_may_ask(self):
        """A keyless gateway on somebody's own machine must not answer every page they look at."""
        for origin in ("https://app.example", f"http://127.0.0.1:{self.gateway.port}"):
            for method in ("POST", "OPTIONS"):
                answer = self.sql(origin, method)
                self.assertEqual((answer.status, answer.headers["access-control-allow-origin"]), (200, "*"), answer)
        for origin in ("https://evil.example", "null"):
            self.assertEqual(self.sql(origin).status, 403)
            for method in ("POST", "OPTIONS"):
                self.assertNotIn("access-control-allow-origin", self.sql(origin, method).headers)

    def test_pages_on_the_list_may_use_the_other_routes(self):
        page = {"Origin": "https://app.example"}
        answer = self.gateway.post("/query/main", {"sql": "select 1"}, page)
        self.assertEqual((answer.status, answer.headers["access-control-allow-origin"]), (200, "https://app.example"), answer)
        self.assertEqual(answer.headers["vary"], "Origin")
        self.assertIn("X-Request-Id", answer.headers["access-control-expose-headers"])
        answer = self.gateway.request("OPTIONS", "/query/main", headers={
            **page, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization, content-type"})
        self.assertEqual(answer.status, 204, answer)
        self.assertEqual(answer.headers["access-control-allow-headers"], "authorization, content-type")
        self.assertIn("POST", answer.headers["access-control-allow-methods"])
        self.assertEqual(self.gateway.post("/query/main", {"sql": "select 1"}, {"Origin": "https://evil.example"}).status, 403)
        self.assertEqual(self.gateway.get("/livez", Origin="https://evil.example").headers["vary"], "Origin")


if __name__ == "__main__":
    unittest.main()
