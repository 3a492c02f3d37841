"""What an item did and saw, printed as it comes, and kept for --json."""

import os
import sys
import textwrap
import time

WIDTH = 100
INDENT = " " * 8
NO_BREAK = "\u00a0"  # textwrap keeps what it joins on one line


def format_value(value):
    """Numbers with about three digits that matter."""
    if value is None:
        return "-"
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return str(value)
    if isinstance(value, int):
        return f"{value:,}"
    digits = 0 if value >= 100 else 1 if value >= 10 else 2
    return f"{value:,.{digits}f}"


def format_figure(name, value, unit=""):
    """Name, value and unit, which stay on one line when they are short."""
    text = " ".join(part for part in (name, format_value(value), unit) if part)
    return text.replace(" ", NO_BREAK) if len(text) < 40 else text


class Report:
    """`did`, `saw` and `table` tell; `expect` decides."""

    def __init__(self, item, place, output=sys.stdout):
        self.item = item
        self._output = output
        self._colours = output.isatty() and not os.environ.get("NO_COLOR")
        self._start = time.monotonic()
        self._label = None
        self.seconds = 0.0
        self.actions = []
        self.figures = []
        self.tables = []
        self.expectations = []
        self._line(f"{place:>5}   {self._bold(item.name)} · {item.title}")

    @property
    def passed(self):
        return bool(self.expectations) and all(ok for ok, _, _ in self.expectations)

    def did(self, text):
        self.actions.append(text)
        self._entry("did", text)

    def saw(self, *figures):
        """Each a name, a value and perhaps a unit."""
        self.figures += figures
        self._entry("saw", " · ".join(format_figure(*figure) for figure in figures))

    def table(self, columns, rows):
        """Columns of text stand left, columns of figures right."""
        self.tables.append([dict(zip(columns, row)) for row in rows])
        cells = [list(columns)] + [[format_value(cell) for cell in row] for row in rows]
        for i in range(len(columns)):
            width = max(len(row[i]) for row in cells)
            left = all(isinstance(row[i], str) for row in rows)
            for row in cells:
                row[i] = row[i].ljust(width) if left else row[i].rjust(width)
        for row in cells:
            self._entry("saw", "   ".join(row).rstrip().replace(" ", NO_BREAK))

    def expect(self, ok, what, seen=None):
        seen = None if seen is None else textwrap.shorten(str(seen), 600, placeholder=" …")
        self.expectations.append((bool(ok), what, seen))

    def finish(self):
        self.seconds = time.monotonic() - self._start
        if not self.expectations:
            self.expect(False, "the item checks something")
        for ok, what, seen in self.expectations:
            if not ok:
                self._entry("FAIL", what if seen is None else f"{what}; seen: {seen}", 31)
        if self.passed:
            texts = dict.fromkeys(what for _, what, _ in self.expectations)
            self._entry("PASS", "; ".join(texts) + f" ({self.seconds:.1f}{NO_BREAK}s)", 32)
        self._line("")

    def to_json(self):
        return {"name": self.item.name, "title": self.item.title, "passed": self.passed,
                "seconds": round(self.seconds, 3), "did": self.actions,
                "saw": [dict(zip(("name", "value", "unit"), figure)) for figure in self.figures],
                "tables": self.tables,
                "expected": [{"what": what, "ok": ok, "seen": seen}
                             for ok, what, seen in self.expectations]}

    def _entry(self, label, text, colour=None):
        head = (label if label != self._label or colour else "").ljust(4)
        self._label = label
        shown = f"\x1b[{colour};1m{head}\x1b[0m" if colour and self._colours else head
        lines = textwrap.wrap(text, WIDTH - len(INDENT) - 6, break_long_words=False) or [""]
        self._line(INDENT + shown + "  " + lines[0])
        for line in lines[1:]:
            self._line(INDENT + " " * 6 + line)

    def _bold(self, text):
        return f"\x1b[1m{text}\x1b[0m" if self._colours else text

    def _line(self, text):
        print(text.replace(NO_BREAK, " "), file=self._output, flush=True)
