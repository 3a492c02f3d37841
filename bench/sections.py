"""What is compared with what: each section becomes one table."""

import dataclasses

import isolation
from contestants import Gateway, Peer
from pgbench import Pgbench
from processes import CORES
from streams import Copy
from workloads import (BUSY, CSV, FANOUT, FOUR_READERS, HEALTH, HUNDRED, NDJSON, NINETEEN, POINT, ROWS, TWENTIETH, TWENTY, WORK, ZIPPED,
                       Workload)


@dataclasses.dataclass
class Setup:
    """What contestants are made from."""

    binary: str
    databases: object
    directory: str  # for logs and configurations
    pool: int  # connections per database
    peers: str  # the folder that holds them
    peer_names: list  # NAME or NAME:VARIABLE=VALUE,…


@dataclasses.dataclass
class Entry:
    contestant: object
    workload: Workload
    label: str = ""

    def __post_init__(self):
        self.label = self.label or self.contestant.label


@dataclasses.dataclass
class Section:
    name: str
    title: str
    entries: list
    reference: str = ""  # label of the entry that the others are compared with
    ranked: bool = False  # list the fastest first
    compares_p99: bool = False  # with the reference, too


def _main(name, title, workload, setup, pgbench=(), others=()):
    servers = [Gateway("sluice", setup), Gateway("sluice, access log", setup, access_log=True),
               *others, *(Peer(peer, setup) for peer in setup.peer_names)]
    entries = [Entry(server, workload) for server in [*servers, *(Pgbench(clients, setup) for clients in pgbench)]]
    reference = f"pgbench -c {workload.connections}" if pgbench else ""
    return Section(name, f"{title}, {workload.connections} connections", entries, reference, ranked=True)


def _without_batches(setup):
    return Gateway("sluice, no batches", setup, pipeline_depth=1)


def point(setup):
    return _main("point", "One row by primary key", POINT, setup, pgbench=(64, 20, 4), others=[_without_batches(setup)])


def rows(setup):
    return _main("rows", "1,000 rows of five columns", ROWS, setup, pgbench=(16,))


def fanout(setup):
    return _main("fanout", "One row from each of five databases", FANOUT, setup, others=[_without_batches(setup)])


def streams(setup):
    gateway, copy = Gateway("sluice", setup), Copy(setup)
    entries = [Entry(copy, CSV), Entry(gateway, NDJSON, "sluice, NDJSON"), Entry(gateway, CSV, "sluice, CSV"),
               Entry(gateway, ZIPPED, "sluice, NDJSON, gzip"), Entry(gateway, FOUR_READERS, "sluice, a thousand at a time"),
               *(Entry(Peer(peer, setup), FOUR_READERS, f"{peer}, a thousand at a time") for peer in setup.peer_names)]
    return Section("streams", "Large results, four readers; a request is 1,000 rows", entries, reference=copy.label, ranked=True)


def hundred(setup):
    one = dataclasses.replace(setup, pool=1)
    servers = [Gateway("sluice", one), *(Peer(peer, one) for peer in setup.peer_names)]
    return Section("hundred", f"One row from each of a hundred databases, {HUNDRED.connections} connections",
                   [Entry(server, HUNDRED) for server in servers], ranked=True)


def health(setup):
    return _main("health", "Liveness", HEALTH, setup)


def _hot_and_twenty(server):
    return [Entry(server, POINT, f"{server.label}, one database"),
            Entry(server, TWENTY, f"{server.label}, twenty databases")]


def spread(setup):
    servers = [Gateway("sluice", setup), Gateway(f"sluice, {CORES} shards", setup, shards=CORES),
               *(Peer(peer, setup) for peer in setup.peer_names)]
    entries = [entry for server in servers for entry in _hot_and_twenty(server)]
    return Section("spread", "One hot database against twenty, 64 connections", entries)


def workers(setup):
    counts = {"1 worker": 1, "2 workers": 2, "4 workers": 4}
    servers = [Gateway(label, setup, workers=count) for label, count in counts.items()]
    entries = [entry for server in servers for entry in _hot_and_twenty(server)]
    return Section("workers", "Workers of the gateway, 64 connections", entries)


def pools(setup):
    sized = {size: dataclasses.replace(setup, pool=size) for size in (1, 2, 4, 8, 20)}
    pairs = [_hot_and_twenty(Gateway(f"sluice, pool of {size}", changed)) for size, changed in sized.items()]
    entries = [pair[0] for pair in pairs] + [pair[1] for pair in pairs]
    entries += [Entry(Peer(peer, sized[size]), POINT, f"{peer}, pool of {size}, one database")
                for peer in setup.peer_names for size in (4, 20)]  # enough to see what suits them
    return Section("pools", "Connections per database, 64 connections of clients", entries)


def pipelining(setup):
    few = dataclasses.replace(setup, pool=4)
    depths = [Gateway(f"sluice, depth {depth}", few, pipeline_depth=depth) for depth in (1, 4, 16)]
    servers = [*depths, *(Peer(peer, few) for peer in setup.peer_names)]
    return Section("pipelining", "Batches: pool.pipeline_depth with four connections, 64 connections of clients",
                   [Entry(server, POINT) for server in servers], ranked=True)


def sizing(setup):
    fixed = [Gateway(f"sluice, pool of {size}", dataclasses.replace(setup, pool=size)) for size in (2, 3, 4, setup.pool)]
    servers = [*fixed, Gateway(f"sluice, sizing dynamic, at most {setup.pool}", setup, sizing="dynamic")]
    return Section("sizing", "pool.sizing: dynamic beside fixed sizes, 64 connections of clients",
                   [Entry(server, workload, f"{server.label}, {name}") for name, workload in (("one row", POINT), ("5 ms", BUSY))
                    for server in servers])


def isolated(setup):
    pairs = isolation.of_databases(setup, NINETEEN, TWENTIETH)
    return Section("isolation", "Nineteen databases beside a twentieth that falls sick",
                   [Entry(*pair) for pair in pairs], reference=pairs[0][0].label, compares_p99=True)


def fair_shares(setup):
    pairs = isolation.of_clients(setup, WORK, isolation.ten_times(WORK))
    return Section("shares", "One client of a database, and another that asks ten times as much",
                   [Entry(*pair) for pair in pairs], reference=pairs[0][0].label, compares_p99=True)


SECTIONS = {"point": point, "rows": rows, "fanout": fanout, "health": health, "streams": streams, "hundred": hundred,
            "spread": spread, "workers": workers, "pools": pools,
            "pipelining": pipelining, "sizing": sizing, "isolation": isolated, "shares": fair_shares}
QUICK = ["point", "rows", "fanout", "health"]
# How many databases a section needs; the others need five.
DATABASES = {"spread": 20, "workers": 20, "pools": 20, "isolation": 20, "hundred": 100}
