"""Values that a type cannot have, named by their parameter; and databases that hold no UTF-8: what comes is JSON."""

import codecs
import json
import random
import unittest

from gateway import GatewayTest
from type_samples import OWN_TYPES

# (type, value as JSON): the server cannot read it.
UNREADABLE = [
    ("int4", '"x"'), ("int4", "1.5"), ("int4", "true"), ("int4", "2147483648"), ("int8", "9223372036854775808"), ("int2", "1e3"),
    ("numeric", '""'), ("float8", '"1e999"'), ("bool", '"maybe"'), ("date", '"2026-02-30"'), ("timestamptz", "1769601296"),
    ("uuid", '"6f1d"'), ("mood", '"glad"'), ("jsonb", '"plain text"'), ("jsonb", '"{"'),
    ("bytea", r'"\\xf"'), ("inet", '"300.1.1.1"'), ("int4range", '"[5,1]"'), ("int4[]", '["x"]'), ("int4[]", '"{1"'), ("xml", '"<a>"'),
    ("pair", '"(1"'), ("money", '"much"'), ("regclass", '"no_such_table"'),
]

# (type, value as JSON, what is said): we cannot write it.
UNFIT = [
    ("int4", "[1]", "is an array, but the statement expects int4"),
    ("int4", '{"a": 1}', "is an object, but the statement expects int4"),
    ("mood", "[]", "is an array, but the statement expects mood"),
    ("pair", '{"n": 1, "t": "x"}', "is an object, but the statement expects pair"),
    ("int4[]", "[[1], [1, 2]]", "cannot be a PostgreSQL array: its sub-arrays differ in length; PostgreSQL's arrays are rectangular"),
    ("int4[]", "[1, [2]]", "cannot be a PostgreSQL array: it mixes arrays with other values on one level"),
    ("int4[]", "[[[[[[[1]]]]]]]", "cannot be a PostgreSQL array: it has more than 6 dimensions"),
    ("int4[]", '[{"a": 1}]', "cannot be a PostgreSQL array: it holds an object"),
    ("int4[]", '{"a": 1}', "is an object, but the statement expects _int4"),
    ("pair[]", '[{"n": 1}]', "cannot be a PostgreSQL array: it holds an object"),
    ("hidden_text[]", "[[1]]", None), ("hidden_text", '{"a": 1}', None), ("hidden_text[]", '[{"a": 1}]', None),
]


class Mistakes(GatewayTest):
    @classmethod
    def prepare(cls):
        cls.postgres.run(OWN_TYPES + "create domain hidden_text as text")

    def send(self, kind, value, path="/query/main"):
        """The value in question is $2."""
        statement = '{"sql": "select $1::text, $2::%s", "params": ["fine", %s]}' % (kind, value)
        return self.gateway.post(path, statement if "query" in path else '{"statements": [%s]}' % statement)

    def test_what_the_server_cannot_read_is_named(self):
        for kind, value in UNREADABLE:
            for path in ("/query/main", "/transaction/main"):
                with self.subTest(kind=kind, value=value, path=path):
                    problem = self.assert_problem(self.send(kind, value, path), 400, "sql_error")
                    self.assertEqual(problem["errors"], [{"field": "$2", "message": problem["message"]}])
                    self.assertTrue(problem["detail"].endswith("parameter $2: " + problem["message"]), problem["detail"])
                    self.assertRegex(problem["sqlstate"], "^(22|42|20)")

    def test_what_cannot_be_written_is_named(self):
        for kind, value, said in UNFIT:
            with self.subTest(kind=kind, value=value):
                answer = self.send(kind, value)
                if said is None:
                    self.assertEqual(answer.status, 200, answer)
                    continue
                problem = self.assert_problem(answer, 422, "invalid_request", outcome="not_started")
                self.assertEqual(problem["errors"], [{"field": "$2", "message": said}])
                self.assertEqual(problem["detail"], f"parameter $2 {said}")

    def test_only_a_parameters_own_mistakes_are_its_mistakes(self):
        for sql, params in (("select 1 / $1::int", [0]), ("select ($1::text || 'x')::int", ["y"]), ("select '$1 = x'::int where $1::int > 0", [1])):
            answer = self.gateway.query(sql, params)
            self.assertEqual(answer.status, 400, answer)
            self.assertNotIn("errors", answer.json, sql)

    def test_what_a_domain_refuses_is_named(self):
        problem = self.assert_problem(self.send("positive", "-1"), 409, "sql_error", constraint="positive_check")
        self.assertEqual(problem["errors"][0]["field"], "$2")

    def test_in_a_fan_out_too(self):
        answer = self.gateway.post("/query", {"sql": "select $1::int", "params": ["x"], "all": True}).json
        self.assertEqual(answer["failures"][0]["error"]["errors"][0]["field"], "$1")

    def test_forced_types_that_are_none(self):
        for name in ("no_such_type", "a.b.c.d", '"', '"No such"', "int4[", "pg_catalog.nothing[]"):
            answer = self.gateway.query("select $1", [{"type": name, "value": 1}])
            problem = self.assert_problem(answer, 422, "invalid_request")
            self.assertIn(name, problem["detail"])

    def test_numbers_that_json_cannot_have(self):
        """As a string every number may be sent."""
        huge = "9" * 400
        problem = self.assert_problem(self.gateway.post("/query/main", '{"sql": "select $1::numeric", "params": [%s]}' % huge), 400, "bad_request")
        self.assertIn("send it as a string", problem["detail"])
        self.assertEqual(self.gateway.scalar("select $1::numeric::text", [huge]), huge)

    def test_text_that_postgres_cannot_hold(self):
        for value, status in ((r'"a\u0000b"', 422), (r'["\u0000"]', 422), (r'"\ud800"', 400), (r'"\udc00x"', 400)):
            with self.subTest(value):
                answer = self.gateway.post("/query/main", '{"sql": "select $1::text", "params": [%s]}' % value)
                self.assertEqual(answer.status, status, answer)
        answer = self.gateway.request("POST", "/query/main", b'{"sql": "select $1::text", "params": ["\xff"]}')
        self.assertEqual(answer.status, 400, answer)


def one_for_one(error):
    return "\ufffd", error.start + 1


codecs.register_error("one_for_one", one_for_one)


class Encodings(GatewayTest):
    @classmethod
    def prepare(cls):
        for name, encoding in (("latin", "LATIN1"), ("ascii", "SQL_ASCII"), ("euc", "EUC_JP"), ("main", "UTF8")):
            cls.postgres.run(f"create database {name} owner app encoding '{encoding}' locale 'C' template template0", "postgres")

    @classmethod
    def configuration(cls):
        return {"databases": {name: cls.postgres.target(name) for name in ("latin", "ascii", "euc", "main")}}

    def test_what_has_an_encoding_is_translated(self):
        self.assertEqual(self.gateway.scalar("select $1::text || chr(233)", ["café "], db="latin"), "café é")
        self.assertEqual(self.gateway.scalar("select octet_length($1::text)", ["é"], db="latin"), 1)
        self.assertEqual(self.gateway.scalar("select jsonb_build_object('é', $1::text)", ["ÿ"], db="latin"), {"é": "ÿ"})
        self.assertEqual(self.gateway.scalar("select $1::text", ["日本"], db="euc"), "日本")
        self.assertEqual(self.gateway.query('select 1 as "é"', db="latin").json["rows"], [{"é": 1}])

    def test_characters_that_the_database_does_not_have(self):
        problem = self.assert_problem(self.gateway.query("select $1::text", ["🐘"], db="latin"), 400, "sql_error")
        self.assertEqual(problem["sqlstate"], "22P05")
        self.assertIn("LATIN1", problem["detail"])
        self.assert_problem(self.gateway.query("select '🐘'", db="latin"), 400, "sql_error")

    def test_bytes_of_no_encoding_are_refused_by_the_server(self):
        problem = self.assert_problem(self.gateway.query("select E'\\xff'::text", db="ascii"), 400, "sql_error")
        self.assertEqual(problem["sqlstate"], "22021")
        self.assertEqual(self.gateway.scalar("select convert_to(E'\\xe9'::text, 'SQL_ASCII')", db="ascii"), "\\xe9")
        self.assert_problem(self.gateway.query("select E'\\xff'::int", db="ascii"), 400, "sql_error")

    def test_bytes_of_no_encoding_become_valid_json(self):
        """Where the server lets them through."""
        draw = random.Random(7)
        for _ in range(50):
            sent = bytes(draw.choice((draw.randrange(1, 256), *b'az"\\{},\xc3\xa9\xff')) for _ in range(draw.randrange(1, 40)))
            with self.subTest(sent):
                answer = self.gateway.query("with s as (select convert_from($1::bytea, 'SQL_ASCII') as t) select t, array[t, null] as a,"
                                            " json_build_object('k', t) as j, to_jsonb(t) as b, array[to_json(t)] as js,"
                                            " set_config('client_encoding', 'SQL_ASCII', true) as set from s",
                                            ["\\x" + sent.hex()], db="ascii")
                self.assertEqual(answer.status, 200, answer)
                text = sent.decode("utf-8", "one_for_one")
                [row] = answer.json["rows"]
                self.assertEqual([row["t"], row["a"], row["j"], row["b"], row["js"]], [text, [text, None], {"k": text}, text, [text]])
        answer = self.gateway.query("select set_config('client_encoding', 'LATIN1', true), 'é' as a, '\"é\"'::json as b", db="latin")
        self.assertEqual(answer.json["rows"][0]["b"], "\ufffd")
        self.assertEqual(self.gateway.scalar("select 'é'", db="latin"), "é", "the next one has UTF-8 again")

    def test_a_char_above_127_is_repaired(self):
        """PostgreSQL 15 sends the bare byte, whatever the encoding; later ones write it in octal."""
        self.assertIn(self.gateway.scalar("select (-1)::\"char\"", db="main"), ("\ufffd", "\\377"))


if __name__ == "__main__":
    unittest.main()
