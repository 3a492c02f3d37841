"""docs/coming-from.md names only settings that there are, and misses none of ours that others have too."""

import os
import pathlib
import re
import subprocess
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = os.environ.get("SLUICE_BINARY", str(ROOT / "build/dev/sluice"))
PAGE = (ROOT / "docs/coming-from.md").read_text(encoding="utf-8")
CONFIGURATION = (ROOT / "docs/configuration.md").read_text(encoding="utf-8")
SECTIONS = ("server", "security", "log", "metrics", "pool", "query", "breaker", "session")


def ours():
    """Every setting that the program knows, and the two that are maps or lists."""
    said = subprocess.run([BINARY, "settings"], capture_output=True, text=True, check=True).stdout
    names, section = {"security.api_keys", "session.settings"}, None
    for line in said.splitlines():
        if title := re.match(r"### `(\w+)`", line):
            section = title.group(1)
        if row := re.match(r"\| `(\w+)` \|", line):
            names.add(f"{section}.{row.group(1)}")
    return names


def rows():
    """(their names, what it is here) of every table."""
    for line in PAGE.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        if line.startswith("| `") and len(cells) == 2:
            yield re.findall(r"`([^`]+)`", cells[0]), cells[1]


class ComingFrom(unittest.TestCase):
    def test_every_setting_that_is_named_is_there(self):
        named = set(re.findall(rf"`((?:{'|'.join(SECTIONS)})\.\w+)`", PAGE))
        self.assertGreater(len(named), 30)
        self.assertLessEqual(named, ours())

    def test_keys_of_a_database_are_documented(self):
        table = CONFIGURATION[CONFIGURATION.index("## Databases"):]
        for key in ("url", "host", "port", "user", "password_file", "ssl", "ssl_root_cert", "database"):
            self.assertIn(f"`{key}`", table)

    def test_every_row_says_what_to_do(self):
        found = list(rows())
        self.assertGreater(len(found), 100)
        for theirs, here in found:
            self.assertTrue(theirs)
            self.assertTrue("`" in here or "not " in here or "the roles" in here or "always" in here, here)

    def test_nothing_is_said_twice_of_the_same_program(self):
        for chapter in re.split(r"(?m)^## ", PAGE)[1:]:
            theirs = [name for line in chapter.splitlines() if line.startswith("| `")
                      for name in re.findall(r"`([^`]+)`", line.split(" | ")[0])]
            twice = {name for name in theirs if theirs.count(name) > 1} - {"user"}  # PgBouncer's means two things
            self.assertEqual(twice, set(), chapter.split("\n")[0])

    def test_what_all_pools_have_is_named_for_each(self):
        for chapter in re.split(r"(?m)^## ", PAGE)[1:]:
            for setting in ("pool.max_size", "pool.acquire_timeout_ms", "session.settings"):
                self.assertIn(f"`{setting}`", chapter, chapter.split("\n")[0])


if __name__ == "__main__":
    unittest.main()
