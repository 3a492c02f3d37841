"""bench/run, once everything is installed."""

import contextlib
import dataclasses
import json
import os
import shutil
import signal
import sys
import tempfile

import build
import machine
import micro
import options as command_line
import report
import tables
from databases import Databases
from rounds import measure, running
from sections import DATABASES, SECTIONS, Setup


def _databases_of(section):
    return DATABASES.get(section, 5)


@contextlib.contextmanager
def setup(options):
    with contextlib.ExitStack() as stack:
        directory = tempfile.mkdtemp(prefix="sluice-bench-")
        stack.callback(shutil.rmtree, directory, ignore_errors=True)
        print("Starting PostgreSQL", flush=True)
        databases = Databases(max(_databases_of(name) for name in options.only))
        stack.callback(databases.close)
        yield Setup(binary=os.path.abspath(options.binary or build.GATEWAY), databases=databases, directory=directory,
                    pool=options.pool, peers=os.path.abspath(options.peers), peer_names=options.peer)


def measure_section(section, plan, databases):
    """Its samples, and whether all answers were right. Who cannot take part is taken out of the section."""
    print(f"\n[{section.name}] {section.title}", flush=True)
    contestants = list(dict.fromkeys(entry.contestant for entry in section.entries))
    with running(contestants) as (good, bad):
        for contestant, wrong in bad:
            print(f"  WRONG ANSWERS of {contestant.label}: " + "; ".join(wrong), flush=True)
        section.entries = [entry for entry in section.entries if entry.contestant in good]
        samples = measure(section, plan, databases) if section.entries else {}
    right = not bad and not any(one.errors for some in samples.values() for one in some)
    return samples, right


def run(options, arguments):
    """Measures, and writes what there is after each section; whether all answers were right."""
    results, all_right = [], True
    with setup(options) as made:
        for name in options.only:
            usual = max(_databases_of(other) for other in options.only if other != "hundred" or name == "hundred")
            section = SECTIONS[name](dataclasses.replace(made, databases=made.databases.first(usual)))
            samples, right = measure_section(section, command_line.plan(options), made.databases)
            all_right = all_right and right
            if not samples:
                continue
            found = report.rows(section, samples)
            results.append((section, found, samples))
            print(f"\n[{name}] {section.title}\n" + tables.as_text(report.table(section, found)), flush=True)
            write(options, arguments, results)
    return all_right


def write(options, arguments, results):
    source = machine.provenance(arguments, options.binary)
    if options.json:
        document = {"machine": machine.describe(), "source": source,
                    "sections": [report.as_json(*result) for result in results]}
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump(document, file, indent=1)
    if options.markdown:
        parts = {section.name: f"{tables.as_markdown(report.table(section, found))}\n\n{source}; "
                               f"{report.noise(samples)}." for section, found, samples in results}
        tables.fill(options.markdown, {"machine": machine.describe() + ".", **parts})


def run_micro(options, arguments):
    build.build_micro()
    if options.instructions:
        build.install("valgrind")
    found = micro.measure(build.MICRO, options.rounds or 5, options.instructions)
    lines = tables.without_empty_columns(micro.table(found))
    print(tables.as_text(lines))
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump([dataclasses.asdict(one) for one in found], file, indent=1)
    if options.markdown:
        source = machine.provenance(arguments, None)
        tables.fill(options.markdown, {"micro": f"{tables.as_markdown(lines)}\n\n{source}."})


def main(arguments):
    options = command_line.parse(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    if options.markdown:
        tables.require_markers(options.markdown, ["micro"] if options.micro else ["machine", *options.only])
    if options.micro:
        return run_micro(options, arguments)
    if not options.binary:
        build.build_gateway()
    if not run(options, arguments):
        sys.exit("There were wrong answers or errors; the rows they belong to are worth nothing.")


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except KeyboardInterrupt:
        sys.exit(130)
    except RuntimeError as error:  # something did not start, or stopped
        sys.exit(f"bench/run: {error}")
