"""Tables of text, as columns for a terminal or in Markdown. The first line is the header; "–" is nothing."""


def without_empty_columns(lines):
    kept = [column for column in zip(*lines) if any(cell != "–" for cell in column[1:])]
    return list(zip(*kept))


def as_text(lines):
    widths = [max(map(len, column)) for column in zip(*lines)]
    return "\n".join("  ".join(cell.ljust(width) if number == 0 else cell.rjust(width)
                               for number, (cell, width) in enumerate(zip(line, widths))) for line in lines)


def as_markdown(lines):
    rule = ["---"] + ["---:"] * (len(lines[0]) - 1)
    return "\n".join("| " + " | ".join(line) + " |" for line in [lines[0], rule, *lines[1:]])


def _markers(name):
    return f"<!-- {name} -->", f"<!-- end of {name} -->"


def require_markers(file_name, names):
    """Ends the program with words unless `fill` will find its places."""
    with open(file_name, encoding="utf-8") as file:
        text = file.read()
    for start, end in map(_markers, names):
        if text.count(start) != 1 or text.count(end) != 1:
            raise SystemExit(f"{file_name} needs '{start}' and '{end}', once each")


def fill(file_name, parts):
    """Puts each part of {name: text} between <!-- name --> and <!-- end of name --> of a document."""
    with open(file_name, encoding="utf-8") as file:
        text = file.read()
    for name, part in parts.items():
        start, end = _markers(name)
        before, rest = text.split(start)
        text = before + f"{start}\n{part}\n{end}" + rest.split(end)[1]
    with open(file_name, "w", encoding="utf-8") as file:
        file.write(text)
