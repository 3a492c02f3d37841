"""Ends TLS in front of a PostgreSQL, as the proxies of hosted databases do: what the server says until it falls silent
goes out at once, in records that are as large as TLS allows. PostgreSQL 15 itself never sends more than 8 KiB in one."""

import asyncio
import os
import ssl
import subprocess
import tempfile
import threading

SILENCE = 0.02  # seconds, after which the server is taken to wait
SSL_REQUEST = bytes.fromhex("0000000804d2162f")


def certificate(directory):
    """(certificate, key) for localhost, which signs itself."""
    files = [os.path.join(directory, name) for name in ("certificate.pem", "key.pem")]
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-days", "2", "-subj", "/CN=localhost", "-out", files[0], "-keyout", files[1]],
                   check=True, stderr=subprocess.DEVNULL)
    return files


class TlsProxy:
    """Has a thread of its own."""

    def __init__(self, server_port):
        self._server_port = server_port
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with tempfile.TemporaryDirectory() as directory:
            self._context.load_cert_chain(*certificate(directory))
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        listening = asyncio.run_coroutine_threadsafe(asyncio.start_server(self._serve, "127.0.0.1"), self._loop)
        self.port = listening.result(timeout=60).sockets[0].getsockname()[1]

    def close(self):
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    async def _serve(self, from_client, to_client):
        first = await from_client.readexactly(len(SSL_REQUEST))
        from_server, to_server = await asyncio.open_connection("127.0.0.1", self._server_port)
        try:
            if first == SSL_REQUEST:
                to_client.write(b"S")
                await to_client.start_tls(self._context)
            else:  # a cancel request, which libpq 15 never encrypts
                to_server.write(first)
            await asyncio.gather(self._pass_on(from_client, to_server), self._collect(from_server, to_client))
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            to_client.close()
            to_server.close()

    async def _pass_on(self, source, sink):
        while data := await source.read(65536):
            sink.write(data)
            await sink.drain()
        sink.close()

    async def _collect(self, source, sink):
        while data := await source.read(65536):
            sink.write(data + await self._until_silent(source))
            await sink.drain()
        sink.close()

    async def _until_silent(self, source):
        collected = b""
        try:
            while data := await asyncio.wait_for(source.read(65536), SILENCE):
                collected += data
        except asyncio.TimeoutError:
            pass
        return collected
