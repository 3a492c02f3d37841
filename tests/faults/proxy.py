"""A TCP proxy in front of a port of 127.0.0.1 that does to bytes what networks do to them. Each way (TO_SERVER,
TO_CLIENT) has a fault, which can be changed while connections are open; without one, bytes pass."""

import asyncio
import random
import socket
import struct
import threading

TO_SERVER, TO_CLIENT = "to server", "to client"


class Ended(Exception):
    """The connection has to end; `reset` says how rudely."""

    def __init__(self, reset):
        super().__init__()
        self.reset = reset


class Well:
    async def carry(self, data, send):
        await send(data)


class Delay(Well):
    """Everything comes later."""

    def __init__(self, seconds):
        self._seconds = seconds

    async def carry(self, data, send):
        await asyncio.sleep(self._seconds)
        await send(data)


class Trickle(Well):
    """One byte a packet, with a pause after each; without one, just many packets."""

    def __init__(self, bytes_per_second=None):
        self._pause = 1 / bytes_per_second if bytes_per_second else 0

    async def carry(self, data, send):
        for byte in data:
            await send(bytes([byte]))
            await asyncio.sleep(self._pause)


class Swallow(Well):
    """A black hole: takes everything, passes nothing on, not even the end of it."""

    async def carry(self, data, send):
        pass


class Corrupt(Well):
    """Flips a bit in about one byte of `every`: the same ones for the same seed."""

    def __init__(self, seed, every):
        self._random, self._every = random.Random(seed), every

    async def carry(self, data, send):
        mangled = bytearray(data)
        for place in range(len(mangled)):
            if self._random.randrange(self._every) == 0:
                mangled[place] ^= 1 << self._random.randrange(8)
        await send(bytes(mangled))


class Cut(Well):
    """Passes so many bytes, then ends the connection that has the next one; once. Others live on."""

    def __init__(self, after, reset=False):
        self._left, self._reset = after, reset
        self.happened = threading.Event()

    async def carry(self, data, send):
        if self.happened.is_set() or len(data) <= self._left:
            self._left -= len(data)
            return await send(data)
        self.happened.set()
        await send(data[:self._left])
        raise Ended(self._reset)


class Proxy:
    """Has a thread of its own."""

    def __init__(self, server_port):
        self._server_port = server_port
        self._faults = {TO_SERVER: Well(), TO_CLIENT: Well()}
        self._writers, self._listening = set(), None
        self.port = 0
        self.accepted = 0  # how many connections there were
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.accept()

    # ---- what happens ------------------------------------------------------------------------------

    def trouble(self, way, fault):
        """What happens to bytes from now on; gives the fault back."""
        self._faults[way] = fault
        return fault

    def heal(self):
        for way in self._faults:
            self._faults[way] = Well()
        self.accept()

    def end_all(self, reset=False):
        """FIN, or RST, to both sides of every connection."""
        self._do(self._end_all(reset))

    def refuse(self):
        """Refuses new connections; those that are open live on."""
        self._do(self._refuse())

    def accept(self):
        self._do(self._accept())

    def close(self):
        self.refuse()
        self.end_all(reset=True)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    # ---- how ---------------------------------------------------------------------------------------

    def _do(self, task):
        asyncio.run_coroutine_threadsafe(task, self._loop).result(timeout=60)

    async def _accept(self):
        if self._listening is None:
            self._listening = await asyncio.start_server(self._serve, "127.0.0.1", self.port, backlog=512)
            self.port = self._listening.sockets[0].getsockname()[1]

    async def _refuse(self):
        if self._listening is not None:
            self._listening.close()
            self._listening = None

    async def _end_all(self, reset):
        for writer in list(self._writers):
            _end(writer, reset)

    async def _serve(self, from_client, to_client):
        self.accepted += 1
        self._writers.add(to_client)
        try:
            from_server, to_server = await asyncio.open_connection("127.0.0.1", self._server_port)
        except OSError:
            self._writers.discard(to_client)
            return _end(to_client, reset=True)
        self._writers.add(to_server)
        ends = (to_client, to_server)
        await asyncio.gather(self._pump(from_client, to_server, TO_SERVER, ends),
                             self._pump(from_server, to_client, TO_CLIENT, ends))

    async def _pump(self, source, sink, way, ends):
        async def send(data):
            sink.write(data)
            await sink.drain()

        reset = False
        try:
            while data := await source.read(65536):
                await self._faults[way].carry(data, send)
            while isinstance(self._faults[way], Swallow):  # what swallows bytes swallows their end
                await asyncio.sleep(0.02)
        except Ended as end:
            reset = end.reset
        except OSError:
            pass
        for writer in ends:
            self._writers.discard(writer)
            _end(writer, reset)


def _end(writer, reset):
    """What was sent before still arrives, unless it is a reset."""
    if reset:
        plain = writer.get_extra_info("socket")
        if plain.fileno() >= 0:
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()
    else:
        writer.close()


class Silence:
    """A port of 127.0.0.1 where clients are let in and never answered."""

    def __init__(self):
        self._listening = socket.socket()
        self._listening.bind(("127.0.0.1", 0))
        self._listening.listen(512)
        self.port = self._listening.getsockname()[1]

    def close(self):
        self._listening.close()
