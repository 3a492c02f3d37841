"""Goes through what users of connection pools try first, on the demo or on a gateway that runs already.

Without --url the demo is started (scripts/demo.sh) with the gateway that --binary names, and everything is
stopped and removed at the end. With --url only items run that harm nothing and need nothing else: they make
and drop tables of their own (verify_…), in the database that --db names."""

import argparse
import json
import os
import signal
import sys
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.append(os.path.join(ROOT, "tests", "e2e"))


def parse_arguments():
    parser = argparse.ArgumentParser(prog="scripts/verify.sh", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--binary", metavar="FILE", help="the gateway's program")
    where.add_argument("--url", help="a gateway that runs already, as http://127.0.0.1:8080")
    parser.add_argument("--key", help="its API key, if it wants one (or SLUICE_KEY in the environment)")
    parser.add_argument("--db", metavar="ID", help="the database to use there; the first unless given")
    parser.add_argument("--only", metavar="NAME", action="append", default=[],
                        help="only this item, or these (stress is stress-5 and its like); repeatable")
    parser.add_argument("--json", metavar="FILE", help="write everything that was seen into this file")
    parser.add_argument("--list", action="store_true", help="name the items, run none")
    arguments = parser.parse_args()
    if not (arguments.binary or arguments.url or arguments.list):
        parser.error("name a gateway: --binary FILE or --url URL")
    if arguments.url and not arguments.url.startswith(("http://", "https://")):
        parser.error(f"--url needs http:// or https://, not {arguments.url}")
    return arguments


def load_items():
    """In the order of the run."""
    import basics  # noqa: F401
    import load  # noqa: F401
    import pool  # noqa: F401
    import faults  # noqa: F401
    import recovery  # noqa: F401
    import process  # noqa: F401


def run_item(item, world, place):
    from report import Report
    report = Report(item, place)
    try:
        item.run(world, report)
    except Exception as error:  # whatever went wrong, the item failed and the others go on
        where = traceback.extract_tb(error.__traceback__)[-1]
        seen = f"{type(error).__name__}: {error} ({os.path.basename(where.filename)}:{where.lineno})"
        report.expect(False, "the item runs to its end", seen)
    report.finish()
    return report


def run_all(items, world):
    return [run_item(item, world, f"{number}/{len(items)}") for number, item in enumerate(items, 1)]


def write_json(path, reports, counts):
    with open(path, "w", encoding="utf-8") as file:
        json.dump({**counts, "items": [report.to_json() for report in reports]}, file, indent=1,
                  default=str)


def show_list(items):
    for item in items:
        print(f"{item.name:<12}  {item.title}{'' if item.anywhere else '  (demo only)'}")


def verify(arguments, items):
    from world import World
    print("Starting the demo" if arguments.binary else f"Asking {arguments.url}", flush=True)
    key = arguments.key or os.environ.get("SLUICE_KEY")
    try:
        world = World(arguments.url, key, arguments.db, arguments.binary)
    except (OSError, RuntimeError) as error:
        print(f"There is nothing to work on: {error}", file=sys.stderr)
        sys.exit(2)
    try:
        print(f"The gateway is at {world.url}. Behaviour decides; figures of speed include this client,"
              " in Python.\n", flush=True)
        return run_all(items, world)
    finally:
        world.close()


def stop_on_sigterm():
    def stop(*_):
        sys.exit(143)
    signal.signal(signal.SIGTERM, stop)


def main():
    arguments = parse_arguments()
    if arguments.binary:
        arguments.binary = os.path.abspath(arguments.binary)
        os.environ["SLUICE_BINARY"] = arguments.binary  # for tests/e2e
    load_items()
    from items import all_items, selected
    if arguments.list:
        return show_list(all_items())
    try:
        items = selected(arguments.only, anywhere_only=bool(arguments.url))
    except ValueError as error:
        print(f"scripts/verify.sh: {error}", file=sys.stderr)
        sys.exit(2)
    stop_on_sigterm()
    reports = verify(arguments, items)
    failed = [report.item.name for report in reports if not report.passed]
    counts = {"passed": len(reports) - len(failed), "failed": len(failed)}
    if arguments.json:
        write_json(arguments.json, reports, counts)
    if failed:
        print("Failed: " + ", ".join(failed))
    if len(items) < len(all_items()):
        print(f"{len(all_items()) - len(items)} items were left out")
    print(f"{counts['passed']} passed, {counts['failed']} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
