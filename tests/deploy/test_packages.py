"""The Debian packages, without building them: scripts/prove-packages.sh does that, installs them and uses them."""

import os
import pathlib
import re
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
DEBIAN = ROOT / "deploy/debian"


class Packages(unittest.TestCase):
    def configure(self, *arguments):
        with tempfile.TemporaryDirectory() as directory:
            done = subprocess.run(["cmake", "-G", "Ninja", "-S", ROOT, "-B", directory, "-DSLUICE_PACKAGES=ON",
                                   "-DSLUICE_BUILD_TESTS=OFF", "-DSLUICE_BUILD_EXAMPLES=OFF", *arguments],
                                  capture_output=True, text=True, check=False)
            file = pathlib.Path(directory) / "CPackConfig.cmake"
            return done, dict(re.findall(r'(?m)^set\((\w+) "(.*)"\)$', file.read_text())) if file.exists() else {}

    def test_there_are_three_and_the_librarys_name_has_its_abi(self):
        done, settings = self.configure("-DBUILD_SHARED_LIBS=ON", "-DCMAKE_INSTALL_PREFIX=/usr")
        self.assertEqual(done.returncode, 0, done.stderr)
        version = re.search(r"project\(sluice VERSION (\d+)\.(\d+)", (ROOT / "CMakeLists.txt").read_text())
        abi = f"{version[1]}.{version[2]}" if version[1] == "0" else version[1]
        self.assertEqual({settings[f"CPACK_DEBIAN_{part}_PACKAGE_NAME"] for part in ("GATEWAY", "RUNTIME", "LIBRARY")},
                         {"sluice", f"libsluice{abi}", "libsluice-dev"})
        self.assertIn(f"libsluice{abi} (= ", settings["CPACK_DEBIAN_LIBRARY_PACKAGE_DEPENDS"])
        for file in settings["CPACK_DEBIAN_GATEWAY_PACKAGE_CONTROL_EXTRA"].split(";"):
            self.assertTrue(os.path.exists(file), file)

    def test_other_choices_are_refused_with_a_word(self):
        done, _ = self.configure("-DCMAKE_INSTALL_PREFIX=/usr")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("SLUICE_PACKAGES wants", done.stderr)

    def test_scripts_are_shell_and_know_the_configuration(self):
        conffile = (DEBIAN / "conffiles").read_text(encoding="ascii").strip()
        for name in ("postinst", "prerm", "postrm"):
            subprocess.run(["sh", "-n", DEBIAN / name], check=True)
            self.assertTrue(os.access(DEBIAN / name, os.X_OK), name)
        self.assertIn(conffile, (DEBIAN / "postinst").read_text(encoding="utf-8"))
        self.assertIn(conffile, (ROOT / "deploy/systemd/sluice.service").read_text(encoding="utf-8"))


if __name__ == "__main__":
    unittest.main()
