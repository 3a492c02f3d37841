"""Every type that PostgreSQL has, users make and its extensions bring: results in all formats beside what psql and
to_json say, and back again as parameters."""

import json
import unittest

from gateway import GatewayTest
from type_samples import BUILTIN, EXTENSIONS, OWN, OWN_TYPES, UNLIKE_TO_JSON, WITHOUT_INPUT, Digits, read, values, write

OF_EXTENSIONS = {kind: texts for types in EXTENSIONS.values() for kind, texts in types.items()}
ALL = values(BUILTIN) + values(OWN) + values(OF_EXTENSIONS)
AT_ONCE = 90  # some functions take a hundred arguments
DOCUMENTS = ("json", "jsonb", "doc")
LIKE_OURS = "set intervalstyle = iso_8601; set bytea_output = hex;"


class Corners(GatewayTest):
    @classmethod
    def prepare(cls):
        for extension in EXTENSIONS:
            cls.postgres.run(f"create extension {extension} cascade")
        cls.postgres.run(OWN_TYPES + "create table counted as select g as a, g % 2 as b from generate_series(1, 100) g;"
                         "create statistics s (ndistinct, dependencies, mcv) on a, b from counted; analyze counted;"
                         "grant select on pg_statistic_ext_data, counted to app")

    def ask(self, sql, params=(), **options):
        """`params`: each as JSON text."""
        more = "".join(f', "{name}": {json.dumps(value)}' for name, value in options.items())
        answer = self.gateway.post("/query/main", '{"sql": %s, "params": [%s]%s}' % (json.dumps(sql), ", ".join(params), more))
        self.assertEqual(answer.status, 200, f"{sql[:300]}: {answer}")
        return answer

    def row(self, expressions, params=(), **options):
        """The values of one row, a number as its digits."""
        found = []
        for begin in range(0, len(expressions), AT_ONCE):
            part = params[begin:begin + AT_ONCE] if params else ()
            numbered = [e.replace("$", f"${i + 1}") if params else e for i, e in enumerate(expressions[begin:begin + AT_ONCE])]
            [row] = read(self.ask("select " + ", ".join(numbered), part, format="arrays", **options).text)["rows"]
            found += row
        return found

    def value(self, expression, **options):
        return self.row([expression], **options)[0]

    def send(self, parameter, kind):
        """What comes back of a parameter, given as JSON text."""
        return self.row([f"$::{kind}"], [parameter])[0]

    # ---- all of them -----------------------------------------------------------------------------------

    def test_no_type_is_forgotten(self):
        known = self.postgres.run("select typname from pg_type where oid < 16384 and typtype in ('b', 'r', 'm', 'e')"
                                  " and typcategory <> 'A'").split("\n")
        self.assertEqual(sorted(set(known) - set(BUILTIN) - set(WITHOUT_INPUT)), [])
        added = self.postgres.run("select typname from pg_type where oid >= 16384 and typcategory <> 'A'"
                                  " and typname not in ('ghstore', 'ltree_gist', 'intbig_gkey', 'counted')").split("\n")
        names = {name.replace('""', '\0').replace('"', "").replace("\0", '"') for name in (*OWN, *OF_EXTENSIONS)}
        rows = {'Odd "table" 🐘', "tablefunc_crosstab_3", "tablefunc_crosstab_4", "issn13", "ismn13"}
        self.assertEqual(sorted(set(added) - names - rows), [])

    def test_nulls_of_every_type_and_its_array(self):
        """All rows' types and domains of the catalogs too. The server itself says a domain's base type."""
        types = read(self.postgres.run("select json_agg(json_build_array(format_type(t.oid, null), coalesce(b.typname, t.typname),"
                                       " coalesce(b.oid, t.oid)::bigint)) from pg_type t left join pg_type b on b.oid = t.typbasetype"
                                       " where t.oid < 16384 and t.typtype in ('b', 'r', 'm', 'e', 'c', 'd')"))
        self.assertGreater(len(types), 500)
        for begin in range(0, len(types), 200):
            part = types[begin:begin + 200]
            answer = read(self.ask("select " + ", ".join(f"null::{name}" for name, _, _ in part), format="arrays").text)
            self.assertEqual(answer["rows"], [[None] * len(part)])
            self.assertEqual([[c["type"], c["oid"]] for c in answer["columns"]], [[name, oid] for _, name, oid in part])

    def test_values_are_what_postgres_says(self):
        expressions = [expression for _, expression in ALL]
        texts = []
        for begin in range(0, len(ALL), AT_ONCE):
            some = ", ".join(f"({expression})::text" for expression in expressions[begin:begin + AT_ONCE])
            texts += read(self.postgres.run(f"{LIKE_OURS} select json_build_array({some})"))
        ours, to_json = self.row(expressions), self.row([f"to_json({expression})::text" for expression in expressions])
        for (kind, expression), our, psql, theirs in zip(ALL, ours, texts, to_json, strict=True):
            with self.subTest(expression[:200]):
                if kind in UNLIKE_TO_JSON:
                    self.assertEqual(our, psql)
                    self.assertNotEqual(self.typed(our), self.typed(read(theirs)), UNLIKE_TO_JSON[kind])
                else:
                    self.assertEqual(self.typed(our), self.typed(read(theirs)))
                if isinstance(our, Digits):
                    self.assertEqual(our, psql, "digit for digit")

    @staticmethod
    def typed(value):
        """A string of digits is no number."""
        return type(value), value

    def test_documents_are_not_touched(self):
        for kind, expression in ALL:
            if kind in DOCUMENTS:
                answer = self.ask(f"select {expression}, ({expression})::text", format="arrays")
                self.assertIn('"rows":[[' + answer.json["rows"][0][1] + ',"', answer.text)

    def test_all_formats_say_the_same(self):
        short = [expression for _, expression in ALL if len(expression) < 1000]
        select = "select " + ", ".join(f'{expression} as "c{i}"' for i, expression in enumerate(short))
        objects, arrays = self.ask(select), self.ask(select, format="arrays")
        [row], [listed] = read(objects.text)["rows"], read(arrays.text)["rows"]
        self.assertEqual(list(row.values()), listed)
        self.assertEqual(objects.json["columns"], arrays.json["columns"])
        for expression, value in list(zip(short, listed))[::5]:
            self.assertEqual(read(self.ask(f"select {expression}", format="scalar").text)["value"], value, expression)

    def test_arrays_of_every_type(self):
        flat = [(kind, expression) for kind, expression in ALL if kind not in ("ints", "boxes", "docs", "moods", "many_ints")]
        expressions = [expression for _, expression in flat]
        squares = [f"array[[{expression}, null], [null, {expression}]]::{kind}[]" for kind, expression in flat]
        ones, found = self.row(expressions), self.row(squares)
        to_json = self.row([f"to_json({square})::text" for square in squares])
        for (kind, expression), one, square, theirs in zip(flat, ones, found, to_json, strict=True):
            with self.subTest(expression[:200]):
                self.assertEqual(square, [[one, None], [None, one]])
                if kind not in UNLIKE_TO_JSON:
                    self.assertEqual(square, read(theirs))
        kinds = sorted({kind for kind, _ in ALL})
        self.assertEqual(self.row([f"'{{}}'::{kind}[]" for kind in kinds]), [[]] * len(kinds))

    # ---- as parameters -----------------------------------------------------------------------------------

    @staticmethod
    def comes_back(kind, value):
        """A string is a document's text, null is NULL, no name may come twice in an object, and a number has its limit."""
        plain = kind not in DOCUMENTS or value is not None and type(value) is not str and value != {"a": "2"}
        return plain and not (isinstance(value, Digits) and abs(float(value)) > 1e307)

    def test_every_value_comes_back_as_a_parameter(self):
        found = [(kind, value) for (kind, _), value in zip(ALL, self.row([e for _, e in ALL])) if kind != "cstring" and self.comes_back(kind, value)]
        kinds, sent = [kind for kind, _ in found], [value for _, value in found]
        self.assertEqual(self.row([f"$::{kind}" for kind in kinds], [write(value) for value in sent]), sent)
        forced = ['{"type": %s, "value": %s}' % (json.dumps(kind), write(value)) for kind, value in found]
        self.assertEqual(self.row(["$"] * len(found), forced), sent)
        arrays = [[value, None] for value in sent]
        self.assertEqual(self.row([f"$::{kind}[]" for kind in kinds], [write(array) for array in arrays]), arrays)
        forced = ['{"type": %s, "value": %s}' % (json.dumps(kind + "[]"), write(array)) for kind, array in zip(kinds, arrays)]
        self.assertEqual(self.row(["$"] * len(found), forced), arrays)

    def test_documents_that_json_objects_cannot_be_are_sent_as_text(self):
        for document in ('{"a": 1, "a": 2}', '"x"', "null", "1e400", " [1,\n2] "):
            answer = self.ask("select $1::json as j", [json.dumps(document)])
            self.assertIn('"rows":[{"j":' + document + "}]", answer.text)

    def test_every_type_takes_null(self):
        kinds = sorted({kind for kind, _ in ALL} - {"cstring"})
        self.assertEqual(self.row([f"$::{kind}" for kind in kinds], ["null"] * len(kinds)), [None] * len(kinds))
        forced = ['{"type": %s, "value": null}' % json.dumps(kind) for kind in kinds]
        self.assertEqual(self.row(["$"] * len(kinds), forced), [None] * len(kinds))
        self.assertEqual(self.row([f"$::{kind}[]" for kind in kinds], ["[null]"] * len(kinds)), [[None]] * len(kinds))
        self.assertEqual(self.row([f"$::{kind}[]" for kind in kinds], ["[]"] * len(kinds)), [[]] * len(kinds))

    # ---- odd ones ----------------------------------------------------------------------------------------

    def test_types_that_cannot_be_written(self):
        for kind, expression in WITHOUT_INPUT.items():
            with self.subTest(kind):
                if expression:
                    self.assertEqual(self.value(expression), self.postgres.run(f"select {expression}::text"))

    def test_void_records_and_rows_are_text(self):
        self.assertEqual(self.value("pg_sleep(0)"), "")
        self.assertEqual(self.value("row(1, 'a b', null)"), '(1,"a b",)')
        self.assertEqual(self.value("array[row(1, 'a'), row(2, null)]"), ["(1,a)", "(2,)"])
        self.assertEqual(self.value("t from (values (1, 'x')) t(a, b)"), "(1,x)")
        self.assertEqual(self.value("counted from counted where a = 1"), "(1,1)")

    def test_statistics_are_arrays_of_text(self):
        """anyarray: the type of the elements is not told."""
        self.assertEqual(self.value("most_common_vals from pg_stats where tablename = 'counted' and attname = 'b'"), ["0", "1"])

    def test_arrays_of_domains_over_arrays(self):
        for sent in ("[[1, 2], null, [], [null]]", "[[1]]", "[]"):
            self.assertEqual(self.send(sent, "ints[]"), read(sent))
            self.assertEqual(self.send(sent, "many_ints"), read(sent))
        self.assertEqual(self.send("[[[1, 2], [3]], []]", "many_ints[]"), read("[[[1, 2], [3]], []]"))
        self.assertEqual(self.send('["{1}"]', "ints[]"), [["1"]])
        for expression in ("'{\"{1,2}\",NULL}'::ints[]", "array['{\"[0:1]={1,2}\"}']::many_ints[]", "array['{ok}']::moods[]",
                           "'{\"{(1,1),(0,0);(2,2),(0,0)}\";\"{}\"}'::boxes[]", "array['{\"{}\",NULL}']::docs[]"):
            with self.subTest(expression):
                self.assertEqual(self.value(expression), read(self.value(f"to_json({expression})::text")))

    def test_asked_for_forms_reach_into_arrays_and_domains(self):
        self.assertEqual(self.value("array[[1.50, null]]::numeric[]", numbers="string"), [["1.50", None]])
        self.assertIs(type(self.value("array[1.5::amount]", numbers="string")[0]), str)
        self.assertIs(type(self.value("array[1, 2]::int4[]", numbers="string")[0]), Digits)
        self.assertEqual(self.value("array['\\x4869'::bytes, null]", bytes="base64"), ["SGk=", None])
        self.assertEqual(self.value("'\\x'::bytea", bytes="base64"), "")

    def test_columns_may_have_any_name(self):
        names = ['quo"te', "back\\slash", "🐘", " ", "new\nline", "a" * 63, "{}", "db_id"]
        select = ", ".join('%d as "%s"' % (i, name.replace('"', '""')) for i, name in enumerate(names))
        answer = self.ask("select " + select).json
        self.assertEqual(list(answer["rows"][0]), names)
        self.assertEqual([column["name"] for column in answer["columns"]], names)


if __name__ == "__main__":
    unittest.main()
