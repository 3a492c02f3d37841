"""docs/library.md: its C++ does what it says, and its CMake is what tests/consumer tries."""

import os
import pathlib
import re
import subprocess
import unittest

from cpp_blocks import blocks, program
from private_postgres import PrivatePostgres

SOURCES = pathlib.Path(os.environ["SLUICE_SOURCE_DIR"])
PROGRAM = os.path.join(os.environ["SLUICE_BINARY_DIR"], "page_library")

SCHEMA = """
create table items (id int primary key, name text not null, price numeric(10, 2));
insert into items values (1, 'table', 129.90), (2, 'chair', null), (3, 'lamp', 19.99);
create table accounts (id int primary key, balance int not null);
insert into accounts values (1, 100), (2, 100);
create table events (at timestamptz, kind int, tags text[], payload jsonb, note text);
"""


def matches(expected, actual):
    """`…` on the page stands for anything on that line."""
    return re.fullmatch("[^\n]*".join(re.escape(part) for part in expected.split("…")), actual) is not None


class LibraryPage(unittest.TestCase):
    def setUp(self):
        self.text = (SOURCES / "docs" / "library.md").read_text(encoding="utf-8")

    def test_every_block_prints_what_is_below_it(self):
        postgres = PrivatePostgres()
        self.addCleanup(postgres.close)
        postgres.run(f"set role app; {SCHEMA}")
        url = f"postgresql://app:{postgres.password}@127.0.0.1:{postgres.port}/app"
        steps = blocks(self.text)
        self.assertGreater(len(steps), 15)
        for number, (code, expected) in enumerate(steps):
            with self.subTest(code=code):
                done = subprocess.run([PROGRAM, str(number)], capture_output=True, text=True, timeout=60,
                                      env={**os.environ, "DATABASE_URL": url})
                self.assertEqual((done.returncode, done.stderr), (0, ""))
                self.assertTrue(matches(expected or "", done.stdout), f"expected:\n{expected}\ncame:\n{done.stdout}")

    def test_the_cmake_is_what_the_consumer_test_tries(self):
        shown = re.findall(r"<!-- (tests/consumer/[^ ]*) -->\n```cmake\n(.*?)```", self.text, re.S)
        self.assertEqual(len(shown), 2)
        for file, code in shown:
            tried = (SOURCES / file).read_text(encoding="utf-8").replace("../main.cc", "main.cc")
            self.assertIn(code, tried)

    def test_a_wrong_expectation_is_noticed(self):
        self.assertTrue(matches("a … c\n", "a b c\n"))
        self.assertFalse(matches("a … c\n", "a b d\n"))
        self.assertEqual(blocks("```cpp\nx\n```\n```text\ny\n```\n```cpp\nz\n```\n"), [("x\n", "y\n"), ("z\n", None)])
        self.assertIn("block_0::main()", program(["int main() {\n}\n"]))


if __name__ == "__main__":
    unittest.main()
