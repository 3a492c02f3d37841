"""Puts text between the markers of a document: <!-- NAME --> … <!-- end of NAME -->."""

import re


def fill(file_name, parts):
    with open(file_name, encoding="utf-8") as file:
        text = file.read()
    for name, part in parts.items():
        start, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
        pattern = re.compile(re.escape(start) + ".*?" + re.escape(end), re.S)
        text, count = pattern.subn(lambda _, new=f"{start}\n{part}\n{end}": new, text)
        if count != 1:
            raise SystemExit(f"{file_name} needs the marker '{start}' with '{end}' once, and has it {count} times")
    with open(file_name, "w", encoding="utf-8") as file:
        file.write(text)
