"""TLS records that are larger than what libpq takes in at once. What it leaves is nowhere to be seen for a poller, so that
answers would come late or never. libpq 15.20 leaves nothing any more; 15.18 does."""

import json

from faults import GatewayTest
from tls_proxy import TlsProxy

NDJSON = {"Accept": "application/x-ndjson"}
ROWS = "select n, repeat('x', $2::int) as filler from generate_series(1, $1::int) n"
PATIENCE_MS = 20_000


class TlsRecords(GatewayTest):
    @classmethod
    def configuration(cls):
        cls.proxy = TlsProxy(cls.postgres.port)
        cls.addClassCleanup(cls.proxy.close)
        target = {**cls.postgres.target(port=cls.proxy.port), "ssl": "require", "pool": {"max_size": 1}}
        return {"databases": {"main": target}}

    def sizes(self):
        """Results whose last record ends anywhere, with rows that are cut by it."""
        for width in (30, 700, 3000, 7000):
            for step in range(12):
                yield 60_000 // width + step * 16_384 // 12 // width + step, width

    def test_streams_end(self):
        for rows, width in self.sizes():
            answer = self.gateway.post("/query/main", {"sql": ROWS, "params": [rows, width], "timeout_ms": PATIENCE_MS}, NDJSON)
            lines = [json.loads(line) for line in answer.text.splitlines()]
            self.assertEqual(lines[-1].get("end", {}).get("count"), rows, (width, lines[-1]))

    def test_collected_results_end(self):
        for rows, width in self.sizes():
            answer = self.gateway.query(ROWS, [rows, width], timeout_ms=PATIENCE_MS)
            self.assertEqual((answer.status, answer.json.get("count")), (200, rows), width)
