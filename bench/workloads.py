"""What clients ask. bench/lua holds the requests of each."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Workload:
    script: str
    connections: int
    databases: int = 1  # over which point queries are spread
    first: int = 1  # the number of the first of them
    think_ms: int = 0  # how long a client pauses after an answer, on average
    accept: str = ""  # of a stream: its type
    gzip: bool = False  # likewise


POINT = Workload("point", 64)
ROWS = Workload("rows", 16)
FANOUT = Workload("fanout", 16, databases=5)
HUNDRED = Workload("fanout", 4, databases=100)
HEALTH = Workload("health", 64)
TWENTY = Workload("point", 64, databases=20)
NINETEEN = Workload("point", 76, databases=19, think_ms=20)  # four clients each: enough answers for a p99
TWENTIETH = Workload("point", 4, first=20, think_ms=20)
WORK = Workload("work", 4, think_ms=5)
BUSY = Workload("work", 64)
FOUR_READERS = Workload("rows", 4)
NDJSON = Workload("stream", 4, accept="application/x-ndjson")
CSV = Workload("stream", 4, accept="text/csv")
ZIPPED = Workload("stream", 4, accept="application/x-ndjson", gzip=True)
