"""bench/run, once everything is installed."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile

import machine
import options as command_line
import report
from databases import ROOT, Databases
from load import LoadError
from markdown import fill
from rounds import measure, running
from sections import SECTIONS, Setup


def build():
    """build/release, as everybody builds it."""
    script = ('cd "$1" && . scripts/lib/packages.sh && . scripts/lib/gateway.sh && mkdir -p build && '
              'ensure_packages "${build_packages[@]}" && gateway_build release sluice')
    subprocess.run(["bash", "-euo", "pipefail", "-c", script, "bash", ROOT], check=True)


@contextlib.contextmanager
def setup(options):
    with contextlib.ExitStack() as stack:
        directory = tempfile.mkdtemp(prefix="sluice-bench-")
        stack.callback(shutil.rmtree, directory, ignore_errors=True)
        print("Starting PostgreSQL", flush=True)
        databases = Databases(20 if {"spread", "workers", "pools"} & set(options.only) else 5)
        stack.callback(databases.close)
        yield Setup(binary=command_line.binary(options), databases=databases, directory=directory, pool=options.pool,
                    peers=os.path.abspath(options.peers), peer_names=options.peer)


def run_section(section, plan, postgres):
    """The section without those that cannot take part, its samples, and whether all answers were right."""
    print(f"\n[{section.name}] {section.title}", flush=True)
    contestants = list(dict.fromkeys(entry.contestant for entry in section.entries))
    with running(contestants) as (good, bad):
        for contestant, wrong in bad:
            print(f"  WRONG ANSWERS of {contestant.label}: " + "; ".join(wrong), flush=True)
        section.entries = [entry for entry in section.entries if entry.contestant in good]
        samples = measure(section, plan, postgres)
    right = not bad and not any(one.errors for some in samples.values() for one in some)
    return samples, right


def run(options):
    """Measures; the results of each section, and whether all answers were right."""
    results, all_right = [], True
    plan = command_line.plan(options)
    with setup(options) as made:
        for name in options.only:
            section = SECTIONS[name](made)
            samples, right = run_section(section, plan, made.databases.pid)
            found = report.rows(section, samples)
            results.append((section, found, samples))
            all_right = all_right and right
            print("\n" + report.as_text(section, found), flush=True)
    return results, all_right


def write(options, arguments, results):
    facts = machine.facts(arguments)
    if options.json:
        document = {"machine": facts, "sections": [report.as_json(*result) for result in results]}
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump(document, file, indent=1)
    if options.markdown:
        parts = {section.name: report.as_markdown(section, found) for section, found, _ in results}
        fill(options.markdown, {**parts, "machine": machine.as_markdown(facts, results)})


def main(arguments):
    options = command_line.parse(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    if not options.binary:
        build()
    try:
        results, all_right = run(options)
    except LoadError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit(130)
    write(options, arguments, results)
    if not all_right:
        sys.exit("There were wrong answers or errors: what they belong to is worth nothing.")


if __name__ == "__main__":
    main(sys.argv[1:])
