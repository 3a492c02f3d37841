"""Holds every source to including its own header first, so that each header is complete by itself.
(Who may include whom is checked in tests/layers.)"""

import pathlib
import re
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', re.M)


def violations(root):
    found = []
    for source in sorted((root / "src").rglob("*.cc")):
        header = source.with_suffix(".h")
        if not header.exists():
            continue
        expected = header.relative_to(root / "src").as_posix()
        first = INCLUDE.search(source.read_text(encoding="utf-8"))
        if first is None or first.group(1) != expected:
            found.append(f'{source}: must include "{expected}" first')
    return found


class OwnHeaders(unittest.TestCase):
    def test_every_source_includes_its_own_first(self):
        self.assertEqual(violations(ROOT), [])

    def test_a_source_that_does_not_is_found(self):
        for text, is_good in (('#include "base/x.h"\n#include <string>\n', True),
                              ('// Why.\n\n#include "base/x.h"\n', True),
                              ('#include <string>\n#include "base/x.h"\n', False),
                              ("", False)):
            with self.subTest(text=text), tempfile.TemporaryDirectory() as directory:
                root = pathlib.Path(directory)
                (root / "src/base").mkdir(parents=True)
                (root / "src/base/x.h").write_text("#pragma once\n", encoding="utf-8")
                (root / "src/base/x.cc").write_text(text, encoding="utf-8")
                (root / "src/base/alone.cc").write_text("#include <string>\n", encoding="utf-8")
                self.assertEqual(len(violations(root)), 0 if is_good else 1)


if __name__ == "__main__":
    unittest.main()
