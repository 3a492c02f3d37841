"""What clients ask. bench/lua holds the requests of each."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Workload:
    script: str
    connections: int
    databases: int = 1  # over which point queries are spread


POINT = Workload("point", 64)
ROWS = Workload("rows", 16)
FANOUT = Workload("fanout", 16)
HEALTH = Workload("health", 64)
TWENTY = Workload("point", 64, databases=20)
