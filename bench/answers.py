"""Whether a server gives the right answers, asked before it is measured: a fast wrong answer is no answer.
The gateway and the peers may name things a little differently; types and values must be right."""

import json
import urllib.error
import urllib.request

POINT = "SELECT id,name,price,qty FROM items WHERE id=$1"
ROWS = "SELECT id,name,price,qty,created_at FROM items WHERE id>$1 ORDER BY id LIMIT 1000"
TYPES = ("SELECT tags, NULL::int AS n, id%2=1 AS b, 1.5::float8 AS f, E'q\"\\\\\\nz'::text AS t "
         "FROM items WHERE id=$1")


def ask(server, path, body=None):
    """Status and JSON."""
    headers = {"Content-Type": "application/json", "Authorization": "Bearer " + server.key}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(server.url + path, data=data, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read() or b"null")


def query(server, database, sql, *params):
    return ask(server, "/query/" + database, {"sql": sql, "params": params})


def count(answer):
    return answer.get("count", answer.get("row_count"))


def column_names(answer):
    return [column["name"] if isinstance(column, dict) else column for column in answer["columns"]]


def check_point(server):
    for database in server.database_names:
        status, answer = query(server, database, POINT, 17)
        assert status == 200 and count(answer) == 1, answer
        row = answer["rows"][0]
        assert column_names(answer) == list(row) == ["id", "name", "price", "qty"], answer
        assert (row["id"], row["name"], row["qty"]) == (17, f"item 17 of {database}", 17000051), answer
        assert float(row["price"]) == 1346.23, answer


def check_rows(server):
    status, answer = query(server, "db2", ROWS, 500)
    assert status == 200 and count(answer) == len(answer["rows"]) == 1000, status
    assert [row["id"] for row in answer["rows"]] == list(range(501, 1501)), answer["rows"][0]
    assert answer["rows"][0]["created_at"].startswith("2024-01-01T08:29:21"), answer["rows"][0]


def check_types(server):
    status, answer = query(server, "db3", TYPES, 3)
    expected = {"tags": {"n": 3, "ok": False, "color": "red"}, "n": None, "b": True, "f": 1.5, "t": 'q"\\\nz'}
    assert status == 200 and answer["rows"] == [expected], answer


def check_no_rows(server):
    status, answer = query(server, "db1", "SELECT id FROM items WHERE id=$1", -1)
    assert status == 200 and count(answer) == 0 and answer["rows"] == [], answer


def check_mistakes(server):
    status, answer = query(server, "db1", "SELECT nope FROM items")
    assert 400 <= status < 500 and "nope" in json.dumps(answer), answer
    status, answer = query(server, "none", "SELECT 1")
    assert 400 <= status < 500, answer


def check_fan_out(server):
    databases = [f"db{number}" for number in range(1, 6)]
    status, answer = ask(server, "/query", {"sql": POINT, "params": [9], "db_ids": [*databases, "none"]})
    found = sorted((leg["db_id"], leg["rows"][0]["name"]) for leg in answer["successes"])
    assert status in (200, 207) and found == [(name, f"item 9 of {name}") for name in databases], answer
    assert [leg["db_id"] for leg in answer["failures"]] == ["none"], answer


def check_health(server):
    status, answer = ask(server, server.health_path)
    assert status == 200, answer


def mistakes(server):
    """What is wrong with its answers, in words; empty if they are right."""
    found = []
    for check in (check_point, check_rows, check_types, check_no_rows, check_mistakes, check_fan_out, check_health):
        try:
            check(server)
        except (AssertionError, LookupError, TypeError, ValueError, OSError) as error:
            found.append(f"{check.__name__}: {type(error).__name__} {str(error)[:300]}")
    return found
