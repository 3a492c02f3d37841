"""cmake --install --component gateway: the program, its manual, shell completion and a sample of its
configuration, and nothing else."""

import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest


class InstallGateway(unittest.TestCase):
    def test_it_is_complete_and_works(self):
        prefix = pathlib.Path(tempfile.mkdtemp(prefix="sluice-install-", dir="/tmp"))
        self.addCleanup(shutil.rmtree, prefix, ignore_errors=True)
        subprocess.run(["cmake", "--install", os.environ["SLUICE_BINARY_DIR"], "--component", "gateway", "--prefix",
                        prefix], check=True, stdout=subprocess.DEVNULL)
        files = {str(path.relative_to(prefix)) for path in prefix.rglob("*") if path.is_file()}
        self.assertEqual(files, {"bin/sluice", "etc/sluice/sluice.sample.yaml", "share/man/man1/sluice.1",
                                 "share/man/man5/sluice.yaml.5", "share/bash-completion/completions/sluice",
                                 "share/zsh/vendor-completions/_sluice",
                                 "share/fish/vendor_completions.d/sluice.fish"})
        for path in files:
            self.assertGreater((prefix / path).stat().st_size, 0, path)
        checked = subprocess.run([prefix / "bin" / "sluice", "check-config", prefix / "etc/sluice/sluice.sample.yaml"],
                                 capture_output=True, text=True, timeout=30)
        self.assertEqual(checked.returncode, 0, checked.stdout + checked.stderr)


if __name__ == "__main__":
    unittest.main()
