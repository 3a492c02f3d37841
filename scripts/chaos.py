#!/usr/bin/env python3
"""Stands between the demo's gateway and its PostgreSQL, and troubles one database when told to.

    chaos.py --control SOCKET --upstream PORT shop_eu=PORT [shop_us=PORT …]

Listens on 127.0.0.1 at the port of each database and passes everything on to 127.0.0.1:UPSTREAM. One
line of JSON on the Unix socket, {"db_id": "shop_eu", "action": "slow"}, changes what happens there; the
answer is a line, {"ok": true, "message": "…"}. The actions: `slow` delays every answer by half a second,
`stop` passes nothing on, as a server that hangs, `kill` drops every connection and refuses new ones, as a
server that is gone, `recover` ends all that.
"""

import argparse
import asyncio
import json
import os
import signal

DELAY = 0.5
MEANINGS = {
    "slow": f"every answer takes {DELAY} s longer",
    "stop": "nothing is answered any more, and connections stay open",
    "kill": "every connection is dropped, and new ones are refused",
    "recover": "it works as before",
}


class Database:
    """The way to one database."""

    def __init__(self, port, upstream):
        self.port, self.upstream = port, upstream
        self.delay = 0
        self.passing = asyncio.Event()
        self.passing.set()
        self.writers = set()
        self.server = None

    async def open(self):
        if self.server is None:
            self.server = await asyncio.start_server(self.accept, "127.0.0.1", self.port)

    async def close(self):
        if self.server is not None:
            self.server.close()
            self.server = None
        for writer in list(self.writers):
            writer.transport.abort()

    async def act(self, action):
        self.delay = DELAY if action == "slow" else 0
        if action == "stop":
            self.passing.clear()
        else:
            self.passing.set()
        await (self.close() if action == "kill" else self.open())

    async def accept(self, from_client, to_client):
        self.writers.add(to_client)
        try:
            await self.passing.wait()
            from_server, to_server = await asyncio.open_connection("127.0.0.1", self.upstream)
        except OSError:
            to_client.transport.abort()
            self.writers.discard(to_client)
            return
        self.writers.add(to_server)
        await asyncio.gather(self.pass_on(from_client, to_server, lambda: 0),
                             self.pass_on(from_server, to_client, lambda: self.delay))
        self.writers -= {to_client, to_server}

    async def pass_on(self, reader, writer, delay):
        """Until one side ends; then the other ends too."""
        try:
            while data := await reader.read(65536):
                await self.passing.wait()
                if delay():
                    await asyncio.sleep(delay())
                writer.write(data)
                await writer.drain()
        except OSError:
            pass
        finally:
            writer.close()


async def answer(databases, request):
    try:
        order = json.loads(request)
        database, action = databases[order["db_id"]], order["action"]
    except (ValueError, TypeError, KeyError):
        return {"ok": False, "message": "the demo has chaos for " + ", ".join(databases)}
    if action not in MEANINGS:
        return {"ok": False, "message": "action must be " + ", ".join(MEANINGS)}
    await database.act(action)
    return {"ok": True, "message": MEANINGS[action]}


async def serve(arguments):
    databases = {}
    for pair in arguments.databases:
        name, port = pair.split("=")
        databases[name] = Database(int(port), arguments.upstream)
        await databases[name].open()

    async def control(reader, writer):
        reply = await answer(databases, await reader.readline())
        writer.write(json.dumps(reply).encode() + b"\n")
        await writer.drain()
        writer.close()

    if os.path.exists(arguments.control):
        os.unlink(arguments.control)
    os.umask(0o077)
    await asyncio.start_unix_server(control, arguments.control)
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    print("ready", flush=True)
    await ended.wait()
    os.unlink(arguments.control)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--control", required=True, help="path of the Unix socket to listen on")
    parser.add_argument("--upstream", required=True, type=int, help="PostgreSQL's port")
    parser.add_argument("databases", nargs="+", metavar="NAME=PORT")
    asyncio.run(serve(parser.parse_args()))


if __name__ == "__main__":
    main()
