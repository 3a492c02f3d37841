"""The command line of bench/run."""

import argparse
import os

from contestants import peers_in
from rounds import Plan
from sections import QUICK, SECTIONS


def _list(allowed):
    def parse(text):
        names = text.split(",")
        for name in names:
            if name not in allowed:
                raise argparse.ArgumentTypeError(f"'{name}' is none of {', '.join(allowed)}")
        return names
    return parse


def _count(text):
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"'{text}' is no number from 1")
    return int(text)


def parse(arguments):
    parser = argparse.ArgumentParser(
        prog="bench/run", description="Measures the gateway beside pgbench and peers, in interleaved rounds.")
    parser.add_argument("--only", type=_list(SECTIONS), metavar="NAME,…", help=f"of {', '.join(SECTIONS)}")
    parser.add_argument("--quick", action="store_true", help="about a minute: one round of 1 s, only "
                        + ", ".join(QUICK))
    parser.add_argument("--rounds", type=_count, help="default 3")
    parser.add_argument("--seconds", type=_count, help="of each measurement, default 5")
    parser.add_argument("--warm-up", type=_count, metavar="SECONDS", help="before each, default 3")
    parser.add_argument("--pool", type=_count, default=10, metavar="N",
                        help="connections per database, of the gateway and of peers; default 10, as the gateway's")
    parser.add_argument("--binary", metavar="FILE", help="measure this gateway instead of building build/release")
    parser.add_argument("--peers", metavar="DIRECTORY", default=os.environ.get("SLUICE_BENCH_PEERS", ""),
                        help="a folder with NAME/run.sh of each peer; default $SLUICE_BENCH_PEERS")
    parser.add_argument("--peer", action="append", metavar="NAME[:VARIABLE=VALUE,…]",
                        help="only this peer, with more environment; may be repeated. 'none': no peer")
    parser.add_argument("--disturbance", type=float, default=0.08, metavar="SHARE",
                        help="repeat a measurement when others took more of the cores; default 0.08")
    parser.add_argument("--retries", type=int, metavar="N", help="how often, default 3 (0 with --quick)")
    parser.add_argument("--micro", action="store_true", help="run the micro-benchmarks instead")
    parser.add_argument("--instructions", action="store_true", help="with --micro: count instructions, with valgrind")
    parser.add_argument("--json", metavar="FILE", help="write every sample there")
    parser.add_argument("--markdown", metavar="FILE", help="put the tables between the markers of this document")
    options = parser.parse_args(arguments)
    options.only = options.only or (QUICK if options.quick else list(SECTIONS))
    options.peer = _peers(options, parser)
    return options


def _peers(options, parser):
    there = peers_in(options.peers)
    if options.peer == ["none"]:
        return []
    for description in options.peer or []:
        if description.split(":")[0] not in there:
            parser.error(f"no peer '{description}' in '{options.peers}'; there are: {', '.join(there) or 'none'}")
    return options.peer or there


def plan(options):
    def default(value, quick, full):
        return value if value is not None else (quick if options.quick else full)
    return Plan(rounds=default(options.rounds, 1, 3), seconds=default(options.seconds, 1, 5),
                warm_up=default(options.warm_up, 1, 3), retries=default(options.retries, 0, 3),
                disturbance=options.disturbance)
