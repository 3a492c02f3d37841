"""Values of every type that PostgreSQL has, as SQL writes them: what the tests of types go through."""

import json


class Digits(str):
    """A number as JSON has it: 1.10 is not 1.1, -0 is not 0."""


def read(text):
    return json.loads(text, parse_float=Digits, parse_int=Digits)


def write(value):
    if isinstance(value, Digits):
        return str(value)
    if isinstance(value, list):
        return "[" + ", ".join(map(write, value)) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(name)}: {write(each)}" for name, each in value.items()) + "}"
    return json.dumps(value)

DAY, MOMENT = "'2026-01-28'", "'2026-01-28 12:34:56.123456+02'"

# Type: the texts of some values. '…'::type is one of them.
BUILTIN = {
    "bool": ["t", "f"],
    "bytea": ["", r"\x00ff41", r"\x" + "ab" * 5000],
    "char": ["", "a", '"', "\\"],
    "name": ["", "n", 'quo"te', "名" * 21],
    "int2": ["0", "-32768", "32767"],
    "int4": ["0", "-2147483648", "2147483647"],
    "int8": ["0", "9007199254740993", "-9223372036854775808", "9223372036854775807"],
    "int2vector": ["", "1", "1 2 -3"],
    "oidvector": ["", "0 4294967295"],
    "oid": ["0", "4294967295"],
    "xid": ["0", "4294967295"],
    "cid": ["7"],
    "xid8": ["18446744073709551615"],
    "tid": ["(0,1)", "(4294967295,65535)"],
    "regproc": ["now", "-"], "regprocedure": ["abs(integer)"], "regoper": ["pg_catalog.|/"],
    "regoperator": ["+(integer,integer)"], "regclass": ["pg_class", '"Odd ""table"" 🐘"'], "regtype": ["timestamp with time zone", "int4[]"],
    "regconfig": ["english"], "regdictionary": ["simple"], "regnamespace": ["pg_catalog"], "regrole": ["postgres"],
    "regcollation": ['"C"'],
    "text": ["", "quote \" backslash \\ slash / newline \n tab \t bell \a del \x7f", "žluťoučký 🐘 kůň", "null", "NULL", "{}", "{a,b}",
             "[1]", " a ", "\u2028\ufeff\ufffd\U0010ffff", "a" * 100_000],
    "bpchar": ["a", "a  "], "varchar": ["", "x,y"], "cstring": ["c"], "refcursor": ["portal"],
    "json": ["null", '"null"', ' { "b" : [1, 2.50,null , {"c": "\\u00e9"}],\n "a"\t: 1e5 } ', '{"a": 1, "a": 2}', "[]",
             "123456789012345678901234567890.1234567890", "1e400", '"\\ud83d\\ude00 \\/ \\u2028"', "true"],
    "jsonb": ["null", '{"b": [1, 2.50, null], "a": true}', "-0.000000000000000000000000000000000001", '"a\\"b\\\\c"', "[]", "{}", "1e400"],
    "jsonpath": ['$."a"[*]?(@ > 5)'],
    "xml": ['<a b="c">é &amp; <d/></a>', "<!-- x -->text"],
    "point": ["(1,2)", "(-0,1e+300)", "(NaN,Infinity)"], "lseg": ["[(0,0),(1,1)]"], "path": ["[(0,0),(1,1)]", "((0,0),(1,1))"],
    "box": ["(1,1),(0,0)"], "polygon": ["((0,0),(1,1),(2,0))"], "line": ["{1,-1,0}"], "circle": ["<(0,0),5>"],
    "cidr": ["10.1.0.0/16", "2001:db8::/32"], "inet": ["10.1.2.3", "10.1.2.3/24", "::1"],
    "macaddr": ["08:00:2b:01:02:03"], "macaddr8": ["08:00:2b:01:02:03:04:05"],
    "float4": ["0", "1.5", "-0", "3.4028235e+38", "1e-45", "NaN", "Infinity", "-Infinity", "0.1"],
    "float8": ["0", "0.1", "-0", "1.7976931348623157e+308", "5e-324", "2.2250738585072014e-308", "NaN", "Infinity", "-Infinity", "1e+15",
               "123456789012345680", "0.30000000000000004"],
    "numeric": ["0", "1.10", "-0.00000000000000000001", "123456789012345678901234567890.123456789012345678901234567890", "NaN", "Infinity",
                "-Infinity", "9" * 300, "0." + "0" * 16382 + "1", "1.000"],
    "money": ["$12.34", "-$1,234,567.89"],
    "aclitem": ["postgres=arwdDxt/postgres"],
    "date": ["2026-01-28", "infinity", "-infinity", "0044-03-15 BC", "4713-11-24 BC", "10000-01-01", "5874897-12-31"],
    "time": ["12:34:56.5", "00:00:00", "24:00:00", "23:59:59.999999"],
    "timetz": ["12:34:56+00", "24:00:00-15:59:59", "12:34:56.123456+05:30"],
    "timestamp": ["2026-01-28 12:34:56", "2026-01-28 12:34:56.123456", "infinity", "-infinity", "0044-03-15 12:00:00 BC",
                  "4713-11-24 00:00:00 BC", "294276-12-31 23:59:59.999999", "10000-01-01 00:00:00", "2026-01-28 24:00:00"],
    "timestamptz": ["2026-01-28 12:34:56.123456+02", "infinity", "-infinity", "0044-03-15 12:00:00+00 BC", "294276-12-31 23:59:59.999999+00",
                    "12026-01-28 00:00:00-15:59:59"],
    "interval": ["1 year 2 months 3 days 4 hours 5.5 seconds", "-1 day", "0", "-1 year 2 days -00:00:00.000001", "178000000 years",
                 "P1Y2M3DT4H5.5S", "1 mon -1 day"],
    "bit": ["", "101"], "varbit": ["", "0111"], "uuid": ["6f1d2c3a-0000-4000-8000-000000000001"],
    "txid_snapshot": ["10:20:10,14"], "pg_snapshot": ["10:20:10,14"], "pg_lsn": ["0/0", "FFFFFFFF/FFFFFFFF"],
    "tsvector": ["", "a b", "'it''s':1A,2 'qu\"ote':3"], "tsquery": ["", "'a' & !'b' | 'c':*"],
    "int4range": ["empty", "[1,5)", "(,)"], "int8range": ["[1,9223372036854775807)"], "numrange": ["(1.10,2.50]"], "daterange": ["[2026-01-28,infinity)"],
    "tsrange": ['["2026-01-28 12:00:00",)'], "tstzrange": ['["2026-01-28 12:00:00+00","2026-01-29 00:00:00+00")'],
    "int4multirange": ["{}", "{[1,5),[7,9)}"], "int8multirange": ["{[1,5)}"], "nummultirange": ["{(1.10,2.50]}"],
    "datemultirange": ["{[2026-01-28,2026-01-30)}"], "tsmultirange": ['{["2026-01-28 12:00:00",)}'], "tstzmultirange": ['{(,"2026-01-28 12:00:00+00"]}'],
}

# PostgreSQL refuses to read these from text; an expression that has a value of the type, or none.
WITHOUT_INPUT = {
    "pg_node_tree": "(select adbin from pg_attrdef limit 1)",
    "pg_ndistinct": "(select stxdndistinct from pg_statistic_ext_data limit 1)",
    "pg_dependencies": "(select stxddependencies from pg_statistic_ext_data limit 1)",
    "pg_mcv_list": "(select stxdmcv from pg_statistic_ext_data limit 1)",
    "gtsvector": None, "pg_brin_bloom_summary": None, "pg_brin_minmax_multi_summary": None,
}

OWN_TYPES = """
create type mood as enum ('sad', 'ok', 'it''s "so,so"', '');
create domain positive as int check (value > 0);
create domain small as positive check (value < 100);
create domain amount as numeric(20,5);
create domain title as varchar(20);
create domain doc as jsonb;
create domain moment as timestamptz;
create domain bytes as bytea;
create domain ints as int[];
create domain boxes as box[];
create domain docs as jsonb[];
create domain many_ints as ints[];
create domain moods as mood[];
create type pair as (n int, t text);
create type deep as (p pair, ps pair[], j jsonb);
create domain good_pair as pair check ((value).n > 0);
create type floats as range (subtype = float8, multirange_type_name = manyfloats);
create type "Odd ""type"" 🐘, {}" as enum ('x');
create table "Odd ""table"" 🐘" (id int default 7, "col""umn" text);
"""

OWN = {
    "mood": ["sad", 'it\'s "so,so"', ""], '"Odd ""type"" 🐘, {}"': ["x"],
    "positive": ["5"], "small": ["99"], "amount": ["1.10000", "NaN"], "title": ["a\"b", ""], "doc": ['{"a": [1]}', "null"],
    "moment": [MOMENT.strip("'"), "infinity"], "bytes": [r"\x00ff"],
    "ints": ["{}", "{1,NULL,3}", "[0:1]={1,2}", "{{1,2},{3,4}}"], "boxes": ["{(1,1),(0,0);(2,2),(1,1)}"],
    "docs": [r'{"{\"a\": 1}",NULL,"null","[1, [2]]"}'], "moods": ['{sad,"it\'s \\"so,so\\"",""}'],
    "many_ints": ['{"{1,2}",NULL,"{}","{NULL}"}'],
    "pair": ["(1,a)", '(,"q""uo,te")', "(,)"], "good_pair": ["(1,a)"], "deep": [r'("(1,a)","{""(2,b)"",NULL}","{""k"": 1}")'],
    "floats": ["[0.1,2.5)", "empty"], "manyfloats": ["{[0.1,2.5)}"],
    "information_schema.cardinal_number": ["7"], "information_schema.yes_or_no": ["YES"], "information_schema.sql_identifier": ["id"],
    "information_schema.character_data": ["c"], "information_schema.time_stamp": ["2026-01-28 12:34:56+00"],
}

# Extensions that come with PostgreSQL, and their types.
EXTENSIONS = {
    "citext": {"citext": ["", "MixEd", "a\"b"]},
    "hstore": {"hstore": ["", '"a"=>"1", "b c"=>NULL, "q\\""=>"\\\\"']},
    "ltree": {"ltree": ["", "Top.Science"], "lquery": ["*.Sci*{1,2}.!b"], "ltxtquery": ["Europe & !Asia*@"]},
    "cube": {"cube": ["(1, 2, 3)", "(0, 0),(1, 1)"]},
    "earthdistance": {"earth": ["(6378168, 0, 0)"]},
    "seg": {"seg": ["1.5 .. 2.0", "< 5"]},
    "isn": {"ean13": ["978-0-393-04002-9"], "isbn": ["0-393-04002-X"], "isbn13": ["978-0-393-04002-9"], "issn": ["1436-4522"],
            "ismn": ["M-706-84000-0"], "upc": ["220356483481"]},
    "intarray": {"query_int": ["1 & (2 | !3)"]},
    "lo": {"lo": ["0", "4294967295"]},
    "tablefunc": {"tablefunc_crosstab_2": ["(a,b,)"]},
}

# Types whose JSON is not what to_json makes of them: PostgreSQL's own text instead, or a number.
UNLIKE_TO_JSON = {
    "pair": "an object there", "good_pair": "an object there", "deep": "an object there", "tablefunc_crosstab_2": "an object there",
    "int2vector": "an array there", "oidvector": "an array there", "hstore": "an object there, through its own cast",
    "oid": "a string there; a number here", "lo": "as oid",
}


def sql_text(text):
    return "'" + text.replace("'", "''") + "'" if "\\" not in text else " E'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def sql_name(kind):
    """"char" is a type of its own with quotes only, and bit is one of any length then."""
    return f'"{kind}"' if kind in ("char", "bit") else kind


def values(types):
    """(type as SQL writes it, expression) of each."""
    return [(sql_name(kind), f"{sql_text(text)}::{sql_name(kind)}") for kind, texts in types.items() for text in texts]
