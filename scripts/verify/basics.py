"""Health, databases, rows, and PostgreSQL's own view."""

import secrets

from client import outcome_of
from items import item

PATHS = ("/livez", "/health/ping", "/readyz", "/health", "/health?probe=true")


@item("health", "Health answers", anywhere=True)
def health(world, report):
    report.did("GET " + ", ".join(PATHS))
    answers = {path: world.get(path) for path in PATHS}
    verdict = answers["/health?probe=true"].json
    pools = verdict.get("pools", {})
    report.saw(("status", verdict.get("status")),
               ("healthy databases", f"{pools.get('healthy')} of {pools.get('total')}"),
               ("slowest answer", max(answer.seconds for answer in answers.values()) * 1000, "ms"))
    bad = {path: outcome_of(answer) for path, answer in answers.items() if answer.status != 200}
    report.expect(not bad, "every path answers 200", bad)
    ping = answers["/health/ping"].json
    report.expect(ping.get("message") == "pong", "the ping is answered with pong", ping)
    if world.demo:
        report.expect(verdict["status"] == "healthy" and pools["healthy"] == pools["total"],
                      "every database is healthy", verdict)


class Steps:
    """A row of requests, each with the status it must have; becomes one table."""

    def __init__(self, report, client):
        self._report = report
        self._client = client
        self._rows = []
        self._wrong = {}

    def take(self, name, status, method, path, body=None):
        answer = self._client.request(method, path, body)
        self._rows.append((name, outcome_of(answer), answer.seconds * 1000))
        if answer.status != status:
            self._wrong[name] = answer
        return answer

    def show(self):
        self._report.table(["step", "answer", "ms"], self._rows)
        self._report.expect(not self._wrong, "every step has the answer it should have", self._wrong)


@item("databases", "Databases come and go: connect, list, inspect, change, remove")
def databases(world, report):
    report.did("POST /databases/connect, GET /databases, GET, PATCH and DELETE /databases/<db_id>")
    target = {**world.demo.target("shop_us"), "db_id": "visitor", "labels": {"tier": "gold"}}
    with world.client() as client:
        steps = Steps(report, client)
        connect = lambda name, status, **changes: steps.take(
            name, status, "POST", "/databases/connect", {**target, **changes})
        created = connect("connect a new one", 201)
        again = connect("connect it again", 200)
        connect("its id for another database", 409, database="shop_asia")
        connect("a wrong password", 422, password="not this one", db_id="nobody")
        listed = steps.take("list all", 200, "GET", "/databases")
        shown = steps.take("inspect it", 200, "GET", "/databases/visitor")
        changed = steps.take("change its pool", 200, "PATCH", "/databases/visitor",
                             {"pool": {"max_size": 3}})
        steps.take("query it", 200, "POST", "/query/visitor", {"sql": "SELECT count(*) FROM users"})
        steps.take("remove it", 200, "DELETE", "/databases/visitor")
        steps.take("inspect it once more", 404, "GET", "/databases/visitor")
        steps.take("query one that never was", 404, "POST", "/query/nobody", {"sql": "SELECT 1"})
    steps.show()
    report.expect((created.json.get("created"), again.json.get("created")) == (True, False),
                  "the second connect creates nothing")
    report.expect("visitor" in [each["db_id"] for each in listed.json["databases"]], "the list has it")
    report.expect(shown.json["labels"] == {"tier": "gold"} and world.demo.password not in shown.text,
                  "labels are shown and passwords are not")
    report.expect(changed.json["pool"]["max_size"] == 3, "the change holds at once")


@item("rows", "Rows: create, list, read, change, a duplicate, a missing one", anywhere=True)
def rows(world, report):
    table = "verify_" + secrets.token_hex(4)
    report.did(f"POST /query/<db_id> with statements on a table of its own ({table})")
    with world.database("rows") as db, world.client() as client:
        steps = Steps(report, client)

        def ask(name, status, sql, *params, **options):
            body = {"sql": sql, "params": params, **options}
            return steps.take(name, status, "POST", f"/query/{db.db_id}", body).json

        ask("create the table", 200, f"CREATE TABLE {table} (id int PRIMARY KEY, name text NOT NULL)")
        try:
            use_table(report, ask, table)
        finally:
            ask("drop the table", 200, f"DROP TABLE {table}")
        ask("a table that is not there", 400, f"SELECT * FROM {table}")
        steps.show()


def use_table(report, ask, table):
    insert = f"INSERT INTO {table} VALUES ($1, $2)"
    for number, name in enumerate(("Ada", "Grace", "Edgar"), 1):
        ask(f"create {name}", 200, insert, number, name)
    duplicate = ask("create Ada once more", 409, insert, 1, "Ada")
    listed = ask("list two from the second on", 200,
                 f"SELECT id, name FROM {table} ORDER BY id LIMIT $1 OFFSET $2", 2, 1)
    found = ask("read one by its key", 200, f"SELECT name FROM {table} WHERE id = $1", 2)
    changed = ask("change it", 200, f"UPDATE {table} SET name = $2 WHERE id = $1", 2, "Barbara")
    missing = ask("read one that is missing", 200, f"SELECT name FROM {table} WHERE id = $1", 99)
    ask("write when reading was promised", 403, insert, 4, "Alan", read_only=True)
    report.expect(duplicate.get("sqlstate") == "23505", "a duplicate is told by its SQLSTATE, 23505",
                  duplicate)
    report.expect([row["name"] for row in listed["rows"]] == ["Grace", "Edgar"], "the list is right",
                  listed["rows"])
    report.expect(found["rows"] == [{"name": "Grace"}] and changed["affected"] == 1,
                  "one row is read, one is changed", (found, changed))
    report.expect(missing["count"] == 0 and missing["rows"] == [],
                  "a missing row is an empty answer, no error", missing)


@item("server-view", "PostgreSQL counts what we count")
def server_view(world, report):
    report.did("opened 5 connections and kept 3 of them busy, then compared"
               " /metrics/<db_id>?server=true with pg_stat_activity and pg_database_size()")
    with world.database("server-view") as db:
        with db.held(5):
            pass
        db.settled()
        with db.held(3):
            ours = db.metrics()
            theirs = db.witness.look()
        size = "select pg_database_size(current_database())"
        sizes = [int(db.witness.ask(size))]
        asked = world.get("/metrics/server-view?server=true").json["server"]
        sizes.append(int(db.witness.ask(size)))  # autovacuum may change it meanwhile
        limit = int(db.witness.ask("show max_connections"))
    counted = (ours["pool_size"], ours["used_connections"], ours["free_connections"])
    report.table(["figure", "ours", "PostgreSQL's"],
                 [("connections", counted[0], theirs.total), ("active", counted[1], theirs.active),
                  ("idle", counted[2], theirs.idle),
                  ("connections allowed", asked["max_connections"], limit),
                  ("database size in bytes", asked["database_size_bytes"], sizes[1])])
    report.expect(counted == (5, 3, 2), "5 are open, 3 in use, 2 free", counted)
    report.expect(counted == tuple(theirs), "pg_stat_activity says the same", theirs)
    report.expect(asked["max_connections"] == limit, "max_connections is the server's", asked)
    report.expect(min(sizes) <= asked["database_size_bytes"] <= max(sizes),
                  "so is the database's size", (asked, sizes))
