"""Every public declaration is documented: Doxygen says so, with the settings of the target `docs`."""

import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

HEADERS = pathlib.Path(os.environ["SLUICE_SOURCE_DIR"]) / "include" / "sluice"


class Reference(unittest.TestCase):
    def setUp(self):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="sluice-reference-", dir="/tmp"))
        self.addCleanup(shutil.rmtree, self.directory, ignore_errors=True)

    def doxygen(self, headers):
        with open(os.environ["SLUICE_DOXYFILE"], encoding="utf-8") as file:
            settings = f"{file.read()}\nINPUT = {headers}\nOUTPUT_DIRECTORY = {self.directory}\nQUIET = YES\n"
        return subprocess.run(["doxygen", "-"], input=settings, capture_output=True, text=True, timeout=100)

    def test_every_public_declaration_is_documented(self):
        done = self.doxygen(HEADERS)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        page = (self.directory / "html" / "classsluice_1_1PoolManager.html").read_text(encoding="utf-8")
        self.assertIn("Registers a database, or finds it", page)

    def test_one_that_is_not_is_noticed(self):
        copy = self.directory / "headers"
        shutil.copytree(HEADERS, copy)
        for name, after, member in (("lease.h", "void release();\n", "  void unheard_of();\n"),
                                    ("options.h", "struct QueryLimits {\n", "  int nameless = 5'000;\n")):
            with self.subTest(header=name):
                text = (HEADERS / name).read_text(encoding="utf-8")
                self.assertIn(after, text)
                (copy / name).write_text(text.replace(after, after + member), encoding="utf-8")
                done = self.doxygen(copy)
                self.assertNotEqual(done.returncode, 0)
                self.assertRegex(done.stderr, "Member (unheard_of|nameless).* is not documented")
                shutil.copy(HEADERS / name, copy / name)


if __name__ == "__main__":
    unittest.main()
