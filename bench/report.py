"""From samples to rows: medians and ratios."""

import dataclasses
import statistics

from tables import without_empty_columns


@dataclasses.dataclass
class Row:
    """Medians over the rounds; the ratios are medians of each round's ratio, None where there is nothing to
    compare with."""

    label: str
    kind: str
    rate: float
    lowest: float
    highest: float
    p50_ms: float
    p99_ms: float
    cpu_us: float
    memory_mb: float
    errors: int
    to_reference: float = None
    to_best_peer: float = None
    p99_to_reference: float = None


def _median(samples, field):
    values = [getattr(one, field) for one in samples if getattr(one, field) is not None]
    return statistics.median(values) if values else None


def _row(entry, samples):
    rates = [one.rate for one in samples]
    medians = {field: _median(samples, field) for field in ("rate", "p50_ms", "p99_ms", "cpu_us", "memory_mb")}
    return Row(label=entry.label, kind=entry.contestant.kind, lowest=min(rates), highest=max(rates),
               errors=sum(sum(one.errors.values()) for one in samples), **medians)


def _ratio(samples, others, field="rate"):
    return statistics.median(getattr(one, field) / getattr(other, field) for one, other in zip(samples, others))


def rows(section, samples):
    """A row with errors does not count as anybody's best."""
    found = [_row(entry, samples[entry.label]) for entry in section.entries]
    peers = [row for row in found if row.kind == "peer" and not row.errors]
    best = max(peers, key=lambda row: row.rate).label if peers else None
    for row in found:
        if section.reference in samples:
            row.to_reference = _ratio(samples[row.label], samples[section.reference])
        if section.compares_p99:
            row.p99_to_reference = _ratio(samples[row.label], samples[section.reference], "p99_ms")
        if best:
            row.to_best_peer = _ratio(samples[row.label], samples[best])
    return sorted(found, key=lambda row: -row.rate) if section.ranked else found


def _number(value, form):
    return "–" if value is None else format(value, form)


def _cells(row):
    invalid = f" INVALID: {row.errors} errors" if row.errors else ""
    return [row.label + invalid, f"{row.rate:,.0f}", f"{row.lowest:,.0f}–{row.highest:,.0f}",
            _number(row.p50_ms, ".2f"), _number(row.p99_ms, ".2f"), _number(row.cpu_us, ".1f"),
            _number(row.memory_mb, ".0f"), str(row.errors),
            _number(row.to_reference, ".2f"), _number(row.p99_to_reference, ".2f"), _number(row.to_best_peer, ".2f")]


def table(section, found):
    headers = ["", "requests/s", "min–max", "p50 ms", "p99 ms", "CPU µs", "RSS MB", "errors",
               f"× {section.reference}", f"p99 × {section.reference}", "× best peer"]
    return without_empty_columns([headers, *map(_cells, found)])


def noise(samples):
    """In words: how steady the machine was."""
    every = [one for some in samples.values() for one in some]
    loops = [one.calibration_ms for one in every]
    return (f"a fixed loop took {min(loops):.1f} to {max(loops):.1f} ms, other processes had at most "
            f"{max(one.foreign for one in every):.0%} of the cores")


def as_json(section, found, samples):
    return {"name": section.name, "title": section.title, "rows": [dataclasses.asdict(row) for row in found],
            "samples": {label: [dataclasses.asdict(one) for one in some] for label, some in samples.items()}}
