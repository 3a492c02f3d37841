"""Values in both directions: what PostgreSQL holds, and what JSON says of it."""

import json
from decimal import Decimal

from gateway import GatewayTest

# Expressions whose JSON is, by docs/http-api.md, what PostgreSQL's own to_json makes of them.
SAME_AS_TO_JSON = [
    "true", "false", "null::int", "0::int2", "(-32768)::int2", "2147483647", "9007199254740993", "-9223372036854775808",
    "0.1::float8", "1e300::float8", "5e-324::float8", "1.5::float4", "-0.0::float8", "'NaN'::float8",
    "'Infinity'::float4", "'-Infinity'::float8", "1.10::numeric", "-0.00000000000000000001::numeric",
    "123456789012345678901234567890.123456789012345678901234567890::numeric", "'NaN'::numeric", "'Infinity'::numeric",
    "''::text", "'quote \" backslash \\ slash / newline '||chr(10)||' tab '||chr(9)||' bell '||chr(7)", "'žluťoučký 🐘 kůň'::text",
    "'a'::char(3)", "'x'::varchar(5)", "'n'::name",
    "'{\"b\": [1, 2.50, null, {\"c\": \"\\u00e9\"}], \"a\": 1e5}'::json", "'{\"b\": [1, 2.50, null], \"a\": true}'::jsonb", "'null'::jsonb",
    "array[1,2,null]", "'{}'::int[]", "array[[1,2],[3,4]]", "array['a','b\"c','d\\e','','NULL',null,'{x}','a,b']",
    "array[1.50, 2.00]::numeric[]", "array[true,false,null]", "array['{\"a\":1}'::jsonb, '[2]']",
    "array['2026-01-28 12:34:56.123456+02'::timestamptz]",
    "'2026-01-28 12:34:56.123456+02'::timestamptz", "'2026-01-28 12:34:56'::timestamp", "'2026-01-28'::date", "'12:34:56.5'::time",
    "'infinity'::timestamptz", "'0044-03-15 BC'::date",
    "interval '1 year 2 months 3 days 4 hours 5.5 seconds'", "interval '-1 day'", "interval '0'",
    "'\\x00ff41'::bytea", "''::bytea", "'6f1d2c3a-0000-4000-8000-000000000001'::uuid", "'sad'::mood", "5::positive", "array['sad','ok']::mood[]",
    "array[5,6]::positive[]", "'10.1.2.3/24'::inet", "int4range(1,5)", "point(1,2)", "'08:00:2b:01:02:03'::macaddr", "B'101'", "'a b'::tsvector",
]

# (type, value as JSON, what comes back as JSON if it differs)
ROUND_TRIPS = [
    ("bool", "true"), ("int2", "-7"), ("int4", "42"), ("int8", "9223372036854775807"), ("float8",
        "0.1"), ("float8", '"NaN"'),
    ("numeric", "12345678901234567890.000000000000000001"), ("numeric", "1e3", "1000"), ("text",
        '"it\'s \\"q\\" \\\\ {,} NULL \\u00e9 🐘"'), ("text", '""'),
    ("text", "null"), ("text", "42", '"42"'), ("text", "true", '"true"'), ("int4", '"42"',
        "42"), ("jsonb", '{"b": [1, {"c": null}], "a": "x"}'), ("jsonb", "[1, [2, 3], null]"),
    ("json", '{"keep":  1.500}'), ("jsonb", "12.50"), ("jsonb", "true"), ("int4[]",
        "[1, null, 3]"), ("int4[]", "[]"), ("int4[]", "[[1, 2], [3, 4]]"),
    ("text[]",
     '["a", "", "NULL", "null", null, "q\\"", "b\\\\", "x,y", "{z}", " space "]'), ("numeric[]",
         "[0.10, 99999999999999999999.5]"),
    ("jsonb[]", '[{"a": 1}, [2]]', '[{"a": 1}, [2]]'), ("timestamptz", '"2026-01-28T12:34:56.123456+00:00"'), ("date", '"2026-01-28"'),
    ("interval", '"P1Y2M3DT4H5.5S"'), ("bytea", '"\\\\x00ff41"'), ("uuid",
        '"6f1d2c3a-0000-4000-8000-000000000001"'), ("mood", '"ok"'), ("mood[]", '["ok", "sad"]'),
    ("positive", "5"), ("inet", '"10.1.2.3/24"', '"10.1.2.3/24"'), ("int8",
        '{"type": "int8", "value": "9007199254740993"}', "9007199254740993"),
]


def exact(text):
    return json.loads(text, parse_float=Decimal)


class Types(GatewayTest):
    @classmethod
    def prepare(cls):
        cls.postgres.run("create type mood as enum ('sad', 'ok'); create domain positive as int check (value > 0)")

    def test_values_are_what_postgres_says_they_are(self):
        for expression in SAME_AS_TO_JSON:
            with self.subTest(expression):
                answer = self.gateway.query(f"select {expression} as ours, to_json({expression})::text as theirs")
                self.assertEqual(answer.status, 200, answer)
                [row] = answer.json["rows"]
                theirs = exact(row["theirs"]) if row["theirs"] is not None else None
                self.assertEqual(row["ours"], theirs)
                self.assertIs(type(row["ours"]), type(theirs))

    def test_an_oid_is_a_number(self):
        self.assertEqual(self.gateway.scalar("select 4294967295::oid"), 4294967295)

    def test_digits_are_kept_as_postgres_wrote_them(self):
        answer = self.gateway.query("select 1.10::numeric as a, 9007199254740993::int8 as b, array[2.50]::numeric[] as c")
        self.assertIn('"a":1.10', answer.text.replace(" ", ""))
        self.assertIn('"b":9007199254740993', answer.text.replace(" ", ""))
        self.assertIn('"c":[2.50]', answer.text.replace(" ", ""))
        answer = self.gateway.query("select 1.10::numeric as a, 9007199254740993::int8 as b, 7 as c",
                                    numbers="string")
        self.assertEqual(answer.json["rows"], [{"a": "1.10", "b": "9007199254740993", "c": 7}])

    def test_parameters_arrive_as_they_were_sent(self):
        for case in ROUND_TRIPS:
            kind, sent, back = case if len(case) == 3 else (*case, case[1])
            with self.subTest(kind=kind, sent=sent):
                body = '{"sql": "select $1::%s as value", "params": [%s]}' % (kind, sent)
                answer = self.gateway.post("/query/main", body)
                self.assertEqual(answer.status, 200, answer)
                self.assertEqual(answer.json["rows"][0]["value"], exact(back))

    def test_parameters_take_the_type_that_the_server_infers(self):
        self.postgres.run("create table if not exists things(id int8, tags text[], doc jsonb, at timestamptz, m mood);"
                          "grant all on things to app")
        answer = self.gateway.query("insert into things values ($1, $2, $3, $4, $5) returning id, tags, doc, m",
                                    [7, ["a", "b"], ["a", 1], "2026-01-01T00:00:00Z", "sad"])
        self.assertEqual(answer.json["rows"], [{"id": 7, "tags": ["a", "b"], "doc": ["a", 1],
                                                "m": "sad"}])
        self.assertEqual((answer.json["command"], answer.json["affected"]), ("INSERT", 1))
        found = self.gateway.query("select id from things where tags @> $1 and doc = $2 and m = $3 and at < now() and id = any($4)",
                                   [["b"], ["a", 1], "sad", [1, 7]])
        self.assertEqual(found.json["rows"], [{"id": 7}])

    def test_columns_are_named_with_their_types(self):
        answer = self.gateway.query("select 1 as a, 'x'::text as b, '{}'::jsonb as c, array['ok']::mood[] as d")
        self.assertEqual([(c["name"], c["type"]) for c in answer.json["columns"]],
                         [("a", "int4"), ("b", "text"), ("c", "jsonb"), ("d", "_mood")])
        self.assertEqual(answer.json["columns"][0]["oid"], 23)

    def test_results_come_as_objects_arrays_or_a_scalar(self):
        objects = self.gateway.query("select 1 as a, 2 as b").json
        self.assertEqual((objects["rows"], objects["count"], objects["command"], objects["affected"],
                          objects["truncated"], objects["db_id"]),
                         ([{"a": 1, "b": 2}], 1, "SELECT", None, False, "main"))
        self.assertGreater(objects["elapsed_ms"], 0)
        self.assertEqual(self.gateway.query("select 1 as a, 2 as a", format="arrays").json["rows"],
                         [[1, 2]])
        self.assertEqual(self.gateway.query("select 'x' as a, 2 as b",
                                            format="scalar").json["value"], "x")
        self.assertIsNone(self.gateway.query("select 1 where false", format="scalar").json["value"])

    def test_max_rows_cuts_and_says_so(self):
        cut = self.gateway.query("select g from generate_series(1, 100) g", max_rows=3).json
        self.assertEqual(([row["g"] for row in cut["rows"]], cut["count"], cut["truncated"]), ([1, 2,
            3], 3, True))
        exact_fit = self.gateway.query("select g from generate_series(1, 3) g", max_rows=3).json
        self.assertEqual((exact_fit["count"], exact_fit["truncated"]), (3, False))

    def test_a_limit_does_not_undo_a_write(self):
        self.postgres.run("create table if not exists written(n int); grant all on written to app")
        answer = self.gateway.query("insert into written select g from generate_series(1, 50) g returning n", max_rows=2)
        self.assertEqual((answer.status, answer.json["count"], answer.json["truncated"],
                          answer.json["committed"]), (200, 2, True, True))
        self.assertEqual(self.postgres.run("select count(*) from written"), "50")
