#!/usr/bin/env python3
"""Records what a real PostgreSQL answers to the gateway, as inputs for the fuzz target `replies`:

    SLUICE_BINARY=build/dev/sluice tests/fuzz/record_replies.py tests/fuzz/corpus/replies

The log-in is left out: it differs each time. What stays says the same to everybody."""

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "e2e"))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "faults"))

from gateway import Gateway  # noqa: E402
from private_postgres import PrivatePostgres  # noqa: E402
from proxy import TO_CLIENT, TO_SERVER, Proxy, Well  # noqa: E402

END_OF_LINE = b"\x00\xff\x00\xff"
LOGGED_IN = b"R\x00\x00\x00\x08\x00\x00\x00\x00"

STATEMENTS = {
    "one": "select 1 as one",
    "types": "select 1::int8, 1.50::numeric, true, null::text, array[1,2], '{\"a\":1}'::jsonb, now(), '\\x00'::bytea",
    "parameter": "select $1::int + 1 as sum",
    "many": "select number from generate_series(1, 50) number",
    "insert": "insert into tokens values ($1) returning token",
    "update": "update tokens set token = 'x'",
    "mistake": "selec 1",
    "late_mistake": "select 1 / (3 - number) from generate_series(1, 5) number",
    "enum": "select 'sad'::mood, array['sad'::mood]",
    "notice": "do $$ begin raise notice 'something'; end $$",
    "dirty": "set work_mem = '8MB'",
    "notify": "select pg_notify('nobody', 'nothing')",
    "nothing": "select",
}


class Recorder:
    """Both ways together: what the server says between two words of the client is one line."""

    def __init__(self):
        self.lines, self._answering = [], False

    def way(self, to_server):
        recorder = self

        class Way(Well):
            async def carry(self, data, send):
                if to_server:
                    recorder._answering = False
                elif recorder._answering:
                    recorder.lines[-1] += data
                else:
                    recorder.lines.append(data)
                    recorder._answering = True
                await send(data)
        return Way()

    def conversation(self):
        """From the end of the log-in on."""
        for number, line in enumerate(self.lines):
            if LOGGED_IN in line:
                first = line[line.index(LOGGED_IN):]
                return END_OF_LINE.join([first, *self.lines[number + 1:]])
        raise RuntimeError("nobody logged in")


def record(postgres, sql):
    proxy, recorder = Proxy(postgres.port), Recorder()
    proxy.trouble(TO_SERVER, recorder.way(True))
    proxy.trouble(TO_CLIENT, recorder.way(False))
    target = {**postgres.target(port=proxy.port, ssl="disable"), "pool": {"max_size": 1}}
    gateway = Gateway({"databases": {"main": target}})
    for _ in range(2):
        gateway.query(sql, [1] if "$1" in sql else [], format="arrays")
    gateway.close()
    proxy.close()
    return sql.encode() + b"\n" + recorder.conversation()


def main(directory):
    os.makedirs(directory, exist_ok=True)
    postgres = PrivatePostgres()
    try:
        postgres.run("create table tokens(token text); alter table tokens owner to app; create type mood as enum('sad')")
        for name, sql in STATEMENTS.items():
            with open(os.path.join(directory, name), "wb") as file:
                file.write(record(postgres, sql))
    finally:
        postgres.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
