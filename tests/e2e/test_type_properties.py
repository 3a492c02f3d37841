"""Random values of many types beside what to_json says of them, and back again as parameters. SLUICE_SEEDS=n tries so
many seeds from SLUICE_FIRST_SEED on, SLUICE_SEED=n that one alone."""

import json
import os
import random
import struct
import unittest

from gateway import GatewayTest
from type_samples import OWN_TYPES, Digits, read, write

SEEDS = int(os.environ.get("SLUICE_SEEDS", 3))
FIRST = int(os.environ.get("SLUICE_FIRST_SEED", 1))
RUN = [int(os.environ["SLUICE_SEED"])] if os.environ.get("SLUICE_SEED") else range(FIRST, FIRST + SEEDS)
VALUES = 40

ODD = ['"', "\\", "{", "}", ",", ";", "NULL", "null", "'", "\n", "\r", "\t", "\b", "\x01", "\x1f", "\x7f", " ", "é", "€", "🐘", "\u2028", "\ufeff",
       "\ufffe", "\U0010ffff", "/", "(", ")", "[", "]", "=", "a", "b", "0"]


# ---- values as PostgreSQL reads them ---------------------------------------------------------------------------

def text(draw):
    return "".join(draw.choice(ODD) for _ in range(draw.choice((0, 1, 2, 5, 8, 9, 30))))


def digits(draw, most):
    return "".join(draw.choice("0123456789") for _ in range(draw.randint(1, most)))


def numeric(draw):
    special = draw.choice(("NaN", "Infinity", "-Infinity", *[None] * 12))
    return special or draw.choice(("", "-")) + digits(draw, 120) + draw.choice(("", "." + digits(draw, 60)))


def floating(shape):
    def one(draw):
        [value] = struct.unpack(shape, draw.randbytes(struct.calcsize(shape)))
        return draw.choice((repr(value), "-0", "0.1", "1e15", "NaN")).replace("inf", "Infinity").replace("nan", "NaN")
    return one


def whole(bits):
    low, high = -(1 << (bits - 1)), (1 << (bits - 1)) - 1
    return lambda draw: str(draw.choice((low, high, 0, draw.randint(low, high), draw.randint(-100, 100))))


def date(draw, latest=5_000_000):
    year = draw.choice((draw.randint(1, 9999), draw.randint(10_000, latest), draw.randint(1900, 2100)))
    before_christ = " BC" if year <= 4000 and draw.random() < 0.2 else ""
    return f"{year:04}-{draw.randint(1, 12):02}-{draw.randint(1, 28):02}", before_christ


def clock(draw):
    fraction = draw.choice(("", "." + digits(draw, 6)))
    return f"{draw.randint(0, 23):02}:{draw.randint(0, 59):02}:{draw.randint(0, 59):02}{fraction}"


def zone(draw):
    return f"{draw.choice('+-')}{draw.randint(0, 14):02}:{draw.randint(0, 59):02}"


def moment(zoned):
    def one(draw):
        day, era = date(draw, 290_000)
        return draw.choice(("infinity", "-infinity", *[f"{day} {clock(draw)}{zone(draw) if zoned else ''}{era}"] * 10))
    return one


def interval(draw):
    parts = [f"{draw.randint(-5000, 5000)} {unit}" for unit in ("years", "mons", "days", "hours", "microseconds") if draw.random() < 0.6]
    return " ".join(parts) or "0"


def document(draw, depth=0):
    kind = draw.randrange(9 if depth < 4 else 7)
    if kind < 2:
        return Digits(draw.choice(("0", "-0", "1.500", "-12e3", "1E-7", digits(draw, 1) + "." + digits(draw, 40), "123456789012345678901234567890")))
    if kind < 4:
        return "".join(c for c in text(draw) if c != "\0")
    if kind < 7:
        return draw.choice((True, False, None))
    if kind == 7:
        return [document(draw, depth + 1) for _ in range(draw.randrange(4))]
    return {text(draw) + str(i): document(draw, depth + 1) for i in range(draw.randrange(4))}


def spaced(draw, value):
    """The document with blanks where JSON allows them; an outer string would be taken for a document's text."""
    blank = lambda: draw.choice(("", " ", "\n", "\t\r\n  "))
    if isinstance(value, list):
        return "[" + ",".join(blank() + spaced(draw, each) + blank() for each in value) + "]"
    if isinstance(value, dict):
        return "{" + ",".join(f"{blank()}{json.dumps(name, ensure_ascii=draw.random() < 0.5)}{blank()}:{blank()}{spaced(draw, each)}"
                              for name, each in value.items()) + "}"
    return str(value) if isinstance(value, Digits) else json.dumps(value, ensure_ascii=draw.random() < 0.5)


def numeric_range(draw):
    bounds = sorted(draw.randint(-1000, 1000) for _ in range(2))
    return f"{draw.choice('[(')}{bounds[0]},{bounds[1]}{draw.choice(')]')}"


TYPES = {
    "bool": lambda draw: draw.choice("tf"), "int2": whole(16), "int4": whole(32), "int8": whole(64), "numeric": numeric,
    "float4": floating("<f"), "float8": floating("<d"), "text": text, "varchar": text, "bpchar": text, "title": lambda draw: text(draw)[:20],
    "bytea": lambda draw: "\\x" + draw.randbytes(draw.randrange(20)).hex(), "uuid": lambda draw: draw.randbytes(16).hex(),
    "date": lambda draw: "".join(date(draw)), "time": clock, "timetz": lambda draw: clock(draw) + zone(draw), "timestamp": moment(False),
    "timestamptz": moment(True), "moment": moment(True), "interval": interval, "jsonb": lambda draw: write(document(draw)),
    "json": lambda draw: spaced(draw, document(draw)), "mood": lambda draw: draw.choice(("sad", "ok", 'it\'s "so,so"', "")),
    "numrange": numeric_range, "int4range": numeric_range, "nummultirange": lambda draw: "{" + numeric_range(draw) + "}",
    "varbit": lambda draw: "".join(draw.choice("01") for _ in range(draw.randrange(20))), "positive": lambda draw: str(draw.randint(1, 2**31 - 1)),
    "inet": lambda draw: ".".join(str(draw.randrange(256)) for _ in range(4)) + draw.choice(("", "/8")), "point": lambda draw: f"({draw.random()},-0)",
    "pg_lsn": lambda draw: f"{draw.randrange(2**32):X}/{draw.randrange(2**32):X}",
}


class Properties(GatewayTest):
    @classmethod
    def prepare(cls):
        cls.postgres.run(OWN_TYPES)

    def ask(self, sql, params, **options):
        """`params`: each as JSON text."""
        more = "".join(f', "{name}": {json.dumps(value)}' for name, value in options.items())
        answer = self.gateway.post("/query/main", '{"sql": %s, "params": [%s]%s}' % (json.dumps(sql), ", ".join(params), more))
        self.assertEqual(answer.status, 200, f"{sql} with {params}: {answer}")
        return read(answer.text)["rows"]

    def for_each_seed(self, check):
        for seed in RUN:
            for kind, one in TYPES.items():
                with self.subTest(seed=seed, kind=kind):
                    draw = random.Random(f"{seed} {kind}")
                    check(draw, kind, lambda: one(draw))

    def test_results_are_as_to_json_says(self):
        self.for_each_seed(self.check_results)

    def check_results(self, _, kind, one):
        given = [one() for _ in range(VALUES)]
        rows = self.ask(f"select x::{kind} as ours, to_json(x::{kind})::text as theirs from unnest($1::text[]) with ordinality g(x, n) order by n",
                        [json.dumps(given)])
        self.assertEqual(len(rows), VALUES)
        for text_given, row in zip(given, rows):
            self.assertEqual(row["ours"], read(row["theirs"]), text_given)

    def test_values_come_back_as_parameters(self):
        self.for_each_seed(self.check_parameters)

    def check_parameters(self, _, kind, one):
        given = json.dumps([one() for _ in range(VALUES)])
        ours = [row["v"] for row in self.ask(f"select x::{kind} as v from unnest($1::text[]) x", [given])]
        if kind in ("json", "jsonb"):  # a string is a document's text, and null is NULL
            ours = [value for value in ours if value is not None and not isinstance(value, str)]
        for value in ours[:10]:
            self.assertEqual(self.ask(f"select $1::{kind} as back", [write(value)]), [{"back": value}])
        self.assertEqual(self.ask(f"select $1::{kind}[] as back", [write(ours)]), [{"back": ours}])
        if kind not in ("json", "jsonb"):
            [row] = self.ask(f"select $1::{kind}[]::text = (select array_agg(x::{kind} order by n) from unnest($2::text[])"
                             " with ordinality g(x, n))::text as same", [write(ours), given])
            self.assertIs(row["same"], True)

    def test_nested_arrays(self):
        self.for_each_seed(self.check_arrays)

    def check_arrays(self, draw, kind, one):
        if kind in ("json", "jsonb"):
            return  # an array within one is a document
        lengths = [draw.randint(1, 3) for _ in range(draw.randint(1, 4))]

        def build(lengths):
            if not lengths:
                return None if draw.random() < 0.2 else one()
            return [build(lengths[1:]) for _ in range(lengths[0])]

        given = build(lengths)
        [row] = self.ask(f"select $1::{kind}[] as ours, to_json($1::{kind}[])::text as theirs, array_ndims($1::{kind}[]) as depth,"
                         f" $1::{kind}[]::text as literal", [json.dumps(given)])
        self.assertEqual(row["ours"], read(row["theirs"]), given)
        self.assertEqual(row["depth"], str(len(lengths)))
        bounds = "".join(f"[{low}:{low + length - 1}]" for length in lengths for low in [draw.randint(-3, 3)])
        [again] = self.ask(f"select $1::{kind}[] as ours, $2::{kind}[] as moved", [write(row["ours"]), json.dumps(f"{bounds}={row['literal']}")])
        self.assertEqual([again["ours"], again["moved"]], [row["ours"]] * 2)

    def test_documents_keep_every_character(self):
        for seed in RUN:
            draw = random.Random(f"{seed} documents")
            for _ in range(VALUES):
                sent = spaced(draw, [document(draw), {"a": document(draw)}])
                with self.subTest(seed=seed, sent=sent):
                    body = '{"sql": "select $1::json, $1::json::text", "params": [%s], "format": "arrays"}' % sent
                    answer = self.gateway.post("/query/main", body)
                    self.assertEqual(answer.status, 200, answer)
                    self.assertEqual(answer.json["rows"][0][1], sent)
                    self.assertIn(f'"rows":[[{sent},', answer.text)


if __name__ == "__main__":
    unittest.main()
