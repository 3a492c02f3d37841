"""What docs/metrics.md promises, and what a gateway's text says."""

import os
import re

from gateway import SOURCES


def documented():
    """{name: type} of every table."""
    with open(os.path.join(SOURCES, "docs/metrics.md"), encoding="utf-8") as file:
        return dict(re.findall(r"(?m)^\| `(\w+)` \| (\w+) \|", file.read()))


def families(text):
    """{name: type} of what was scraped."""
    return dict(re.findall(r"(?m)^# TYPE (\w+) (\w+)$", text))


def samples(text):
    """(name, labels, value) of every line."""
    for name, labels, value in re.findall(r"(?m)^(\w+)(?:\{(.*)\})? (\S+)$", text):
        yield name, dict(re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', labels)), float(value)


def value(text, name, **labels):
    """The one sample that has these labels; None if there is none."""
    found = [number for other, given, number in samples(text)
             if other == name and labels.items() <= given.items()]
    assert len(found) < 2, f"{name}{labels}: {found}"
    return found[0] if found else None
