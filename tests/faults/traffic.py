"""Clients of all kinds, well and badly behaved."""

import functools
import http.client
import itertools
import json
import random
import socket
import struct
import time

from faults import Crew


class Traffic(Crew):
    """Each of them does one kind of thing, at any of the databases. `guest` is one that is connected and removed."""

    def __init__(self, gateway, databases, guest, seed):
        kinds = [self.read, self.read, self.read_much, self.stream, self.stream, self.fan_out, self.stream_from_all,
                 self.transact, self.use_a_session, self.take_too_long, self.leave, self.come_and_go, self.err,
                 self.leave_a_session_dirty]
        super().__init__([functools.partial(self._ask, kind) for kind in kinds], pause=0.01)
        self._gateway, self._databases, self._guest = gateway, databases, guest
        self._random, self._numbers = random.Random(seed), itertools.count()
        self.statuses, self.whole_streams = set(), 0

    def _ask(self, kind):
        answer = kind()
        if answer is not None:
            self.statuses.add(answer.status)

    def _any(self):
        return self._random.choice(self._databases)

    def read(self):
        return self._gateway.query("select $1::int + 1", [next(self._numbers)], db=self._any(), timeout_ms=2000)

    def read_much(self):
        return self._gateway.query("select number, repeat('x', 100) from generate_series(1, 3000) number", db=self._any(),
                                   timeout_ms=5000)

    def fan_out(self):
        return self._gateway.post("/query", {"sql": "select 1 as one", "all": True, "deadline_ms": 2000})

    def transact(self):
        statements = [{"sql": "select $1::int as a", "params": [next(self._numbers)]}, {"sql": "select repeat('x', 1000)"}]
        return self._gateway.post(f"/transaction/{self._any()}", {"statements": statements, "timeout_ms": 2000})

    def use_a_session(self):
        """One in four is left to its idle timeout."""
        path = f"/databases/{self._any()}/sessions"
        opened = self._gateway.post(path, {"idle_timeout_ms": 500, "timeout_ms": 2000})
        if opened.status != 201:
            return opened
        path, secret = f"{path}/{opened.json['session_id']}", {"Sluice-Session-Secret": opened.json["secret"]}
        for sql in ("begin", "create temp table mine(x int) on commit drop", "insert into mine values (1)"):
            self._gateway.post(path + "/query", {"sql": sql, "timeout_ms": 2000}, secret)
        return self._gateway.request("DELETE", path, headers=secret) if self._random.random() < 0.75 else opened

    def stream(self):
        """CSV begins with a line of names, NDJSON ends with the account of itself."""
        rows, form = self._random.choice((1, 1000, 200_000)), self._random.choice(("application/x-ndjson", "text/csv"))
        self._read_rows(f"/query/{self._any()}", rows + 1, form,
                        {"sql": f"select generate_series(1, {rows}) as n, repeat('x', 80) as filler"})

    def stream_from_all(self):
        self._read_rows("/query", None, "application/x-ndjson", {"sql": "select generate_series(1, 1000)", "all": True})

    def _read_rows(self, path, lines, form, query):
        """At its own pace, and now and then not to the end. What ends well is whole; nothing stands still for a minute."""
        connection, found = self._gateway.connection(timeout=60), 0
        try:
            connection.request("POST", path, json.dumps(query), {"Content-Type": "application/json", "Accept": form})
            answer = connection.getresponse()
            while piece := answer.read1(self._random.randint(1, 300_000)):
                found += piece.count(b"\n")
                if self._random.random() < 0.02:
                    time.sleep(self._random.random() / 5)
                elif self._random.random() < 0.002:
                    return
        except (http.client.IncompleteRead, ConnectionError):
            return  # it was told that this is not all
        finally:
            connection.close()
        self.statuses.add(answer.status)
        if answer.status == 200 and lines is not None:
            assert found == lines, f"{found} lines instead of {lines}"
            self.whole_streams += 1

    def take_too_long(self):
        return self._gateway.query("select pg_sleep(5)", db=self._any(), timeout_ms=100)

    def err(self):
        return self._gateway.query(f"select {next(self._numbers)} / 0", db=self._any(), timeout_ms=2000)

    def leave_a_session_dirty(self):
        return self._gateway.query("set work_mem = '8MB'", db=self._any(), timeout_ms=2000)

    def leave(self):
        """A client that goes away, rudely, while its statement runs."""
        body = json.dumps({"sql": "select pg_sleep(3)"}).encode()
        head = f"POST /query/{self._any()} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n" \
               f"Content-Length: {len(body)}\r\n\r\n"
        with socket.create_connection(("127.0.0.1", self._gateway.port), timeout=30) as client:
            client.sendall(head.encode() + body)
            self._stopping.wait(self._random.random() / 5)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def come_and_go(self):
        name = f"guest{next(self._numbers)}"
        answer = self._gateway.post("/databases/connect", {**self._guest, "db_id": name})
        if answer.status == 201:
            self._gateway.query("select 1", db=name, timeout_ms=2000)
            self._gateway.request("DELETE", f"/databases/{name}?force={self._random.choice(('true', 'false'))}")
        return answer
