"""GET /databases/<db_id>/schema: what a database holds."""

import unittest

from gateway import GatewayTest

SHOP = """
create schema shop;
comment on schema shop is 'what is sold';
create type shop.status as enum ('new', 'paid');
create domain shop.email as varchar(99) not null default 'nobody@nowhere' constraint has_at check (value like '%@%');
comment on domain shop.email is 'where to write to';
create type shop.size as (width numeric(4,1), height integer);
create type shop.hours as range (subtype = time);
create table shop.customers (
  id integer generated always as identity primary key,
  email text not null unique,
  name text default 'nobody',
  upper_name text generated always as (upper(name)) stored,
  check (email <> ''));
comment on table shop.customers is 'who buys';
comment on column shop.customers.email is 'where to write to';
create table shop.orders (
  id bigint, line integer, customer_id integer references shop.customers on delete cascade,
  state shop.status not null default 'new', tags text[], total numeric(10,2),
  primary key (id, line));
create index orders_by_state on shop.orders (state) where total > 0;
create view shop.paid as select id, total from shop.orders where state = 'paid';
create materialized view shop.sums as select sum(total) as total from shop.orders;
create function shop.twice(n integer) returns integer language sql immutable as 'select n * 2';
create procedure shop.tidy() language sql as 'select 1';
create function shop.split(whole text, out head text, variadic more integer[] default '{}') returns setof text language sql
  strict security definer stable as 'select whole';
create function shop.listed(integer) returns table (id integer, name text) language sql as 'select 1, null::text';
create function other_one() returns integer language sql as 'select 1';
create table shop.parted (at date) partition by range (at);
create table shop.parted_2026 partition of shop.parted for values from ('2026-01-01') to ('2027-01-01');
create table other (id integer);
alter table shop.orders enable row level security;
create schema hidden; create table hidden.secret (id integer);
"""


class Schema(GatewayTest):
    @classmethod
    def prepare(cls):
        cls.postgres.create_database("shop")
        cls.postgres.run(SHOP, "shop")
        cls.postgres.run("grant usage on schema shop to app; grant select on shop.paid to app", "shop")

    @classmethod
    def configuration(cls):
        configuration = super().configuration()
        configuration["databases"]["shop"] = cls.postgres.target("shop")
        return configuration

    def schema(self, query="", db="shop"):
        answer = self.gateway.get(f"/databases/{db}/schema{query}")
        self.assertEqual(answer.status, 200, answer)
        return answer.json

    def table(self, name, of="tables"):
        return self.schema(f"?schema=shop&table={name}")[of][0]

    def test_everything_is_there(self):
        schema = self.schema("?schema=shop")
        self.assertEqual(schema["db_id"], "shop")
        self.assertIs(schema["truncated"], False)
        self.assertEqual(schema["schemas"], [{"name": "shop", "comment": "what is sold"}])
        self.assertEqual([(t["name"], t["kind"]) for t in schema["tables"]],
                         [("customers", "table"), ("orders", "table"), ("parted", "partitioned_table")])
        self.assertEqual([(v["name"], v["kind"]) for v in schema["views"]],
                         [("paid", "view"), ("sums", "materialized_view")])
        self.assertEqual([(t["name"], t["kind"]) for t in schema["types"]],
                         [("email", "domain"), ("hours", "range"), ("size", "composite"), ("status", "enum")])
        self.assertEqual([(f["name"], f["kind"], f["returns"]) for f in schema["functions"]],
                         [("listed", "function", "TABLE(id integer, name text)"), ("split", "function", "SETOF text"),
                          ("tidy", "procedure", None), ("twice", "function", "integer")])

    def test_types(self):
        plain = {"schema": "shop", "comment": None, "values": None, "base_type": None, "nullable": True, "default": None, "checks": [],
                 "attributes": None}
        types = {t.pop("name"): t for t in self.schema("?schema=shop&include=types")["types"]}
        self.assertEqual(types, {
            "email": {**plain, "kind": "domain", "comment": "where to write to", "base_type": "character varying(99)", "nullable": False,
                      "default": "'nobody@nowhere'::character varying",
                      "checks": [{"name": "has_at", "expression": "CHECK (((VALUE)::text ~~ '%@%'::text))"}]},
            "hours": {**plain, "kind": "range", "base_type": "time without time zone"},
            "size": {**plain, "kind": "composite", "attributes": [{"name": "width", "type": "numeric(4,1)"}, {"name": "height", "type": "integer"}]},
            "status": {**plain, "kind": "enum", "values": ["new", "paid"]}})

    def test_functions(self):
        functions = {f["name"]: f for f in self.schema("?schema=shop&include=functions")["functions"]}

        def parameters(name):
            return [(p["name"], p["type"], p["mode"]) for p in functions[name]["parameters"]]

        self.assertEqual(parameters("split"), [("whole", "text", "in"), ("head", "text", "out"), ("more", "integer[]", "variadic")])
        self.assertEqual(functions["split"]["arguments"], "whole text, OUT head text, VARIADIC more integer[] DEFAULT '{}'::integer[]")
        self.assertEqual([functions["split"][name] for name in ("returns_set", "strict", "security_definer", "volatility")],
                         [True, True, True, "stable"])
        self.assertEqual(parameters("listed"), [(None, "integer", "in"), ("id", "integer", "table"), ("name", "text", "table")])
        self.assertEqual((parameters("tidy"), functions["twice"]["strict"]), ([], False))

    def test_views_and_rights(self):
        paid = self.table("paid", "views")
        self.assertRegex(paid["definition"], r"(?s)SELECT .*id,.*FROM shop\.orders")
        self.assertEqual((paid["privileges"], paid["row_security"]), (["select"], False))
        self.assertEqual(self.table("orders")["privileges"], [])
        self.assertIs(self.table("orders")["row_security"], True)
        self.assertIsNone(self.table("orders")["definition"])

    def test_columns(self):
        columns = {c.pop("name"): c for c in self.table("customers")["columns"]}
        plain = {"nullable": True, "default": None, "generated": None, "identity": None, "comment": None}
        self.assertEqual(columns, {
            "id": {**plain, "type": "integer", "nullable": False, "identity": "always"},
            "email": {**plain, "type": "text", "nullable": False, "comment": "where to write to"},
            "name": {**plain, "type": "text", "default": "'nobody'::text"},
            "upper_name": {**plain, "type": "text", "generated": "upper(name)"}})
        self.assertEqual([c["type"] for c in self.table("orders")["columns"]],
                         ["bigint", "integer", "integer", "shop.status", "text[]", "numeric(10,2)"])

    def test_keys_and_indexes(self):
        customers, orders = self.table("customers"), self.table("orders")
        self.assertEqual(customers["comment"], "who buys")
        self.assertEqual(customers["primary_key"], {"name": "customers_pkey", "columns": ["id"]})
        self.assertEqual(customers["unique_keys"], [{"name": "customers_email_key", "columns": ["email"]}])
        self.assertEqual(len(customers["checks"]), 1)
        self.assertEqual(orders["primary_key"]["columns"], ["id", "line"])
        self.assertEqual(orders["foreign_keys"], [
            {"name": "orders_customer_id_fkey", "columns": ["customer_id"],
             "references": {"schema": "shop", "table": "customers", "columns": ["id"]},
             "on_update": "no_action", "on_delete": "cascade"}])
        index = [i for i in orders["indexes"] if i["name"] == "orders_by_state"][0]
        self.assertEqual((index["unique"], index["primary"], index["valid"], index["method"]), (False, False, True, "btree"))
        self.assertIn("WHERE (total > (0)::numeric)", index["definition"])

    def test_filters(self):
        self.assertEqual(list(self.schema("?include=types,tables")), ["db_id", "tables", "types", "truncated"])
        self.assertEqual([t["name"] for t in self.schema("?table=other")["tables"]], ["other"])
        self.assertEqual(self.schema("?schema=nowhere")["tables"], [])
        for given, expected in (("table=orders", {"tables": ["orders"]}), ("function=twice", {"functions": ["twice"]}),
                                ("type=status", {"types": ["status"]}), ("function=other_one", {}),
                                ("table=paid&type=size&function=tidy", {"views": ["paid"], "types": ["size"], "functions": ["tidy"]})):
            schema = self.schema("?schema=shop&" + given)
            named = {kind: [entry["name"] for entry in schema[kind]] for kind in ("tables", "views", "functions", "types") if schema[kind]}
            self.assertEqual(named, expected, given)
        self.assertEqual([f["schema"] for f in self.schema("?function=other_one")["functions"]], ["public"])
        names = [s["name"] for s in self.schema("?system=true&include=schemas")["schemas"]]
        self.assertIn("pg_catalog", names)
        self.assertNotIn("pg_catalog", [s["name"] for s in self.schema()["schemas"]])

    def test_schemas_that_may_not_be_used_are_not_shown(self):
        self.assertNotIn("hidden", [s["name"] for s in self.schema()["schemas"]])
        self.assertNotIn("secret", [t["name"] for t in self.schema()["tables"]])

    def test_lists_are_bounded(self):
        cut = self.schema("?schema=shop&limit=2")
        self.assertIs(cut["truncated"], True)
        self.assertEqual([t["name"] for t in cut["tables"]], ["customers", "orders"])
        self.assertEqual(len(cut["views"]), 2)
        self.assertIs(self.schema("?schema=shop&limit=4")["truncated"], False)

    def test_what_is_larger_than_a_result_may_be_is_refused(self):
        self.gateway.request("PATCH", "/databases/shop", {"query": {"max_result_bytes": 1024}})
        try:
            problem = self.assert_problem(self.gateway.get("/databases/shop/schema"), 422, "result_too_large")
            self.assertIn("ask for a part of the schema", problem["detail"])
        finally:
            self.gateway.request("PATCH", "/databases/shop", {"query": {"max_result_bytes": 33554432}})

    def test_mistakes(self):
        for query, field in (("?include=tables,rows", "include"), ("?limit=0", "limit"), ("?limit=10001", "limit"),
                             ("?system=yes", "system")):
            with self.subTest(query):
                problem = self.assert_problem(self.gateway.get("/databases/shop/schema" + query), 422, "invalid_request")
                self.assertEqual([e["field"] for e in problem["errors"]], [field])
        self.assert_problem(self.gateway.get("/databases/nothing/schema"), 404, "unknown_database")


if __name__ == "__main__":
    unittest.main()
