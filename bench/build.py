"""Builds what is measured, with the scripts that everybody uses."""

import os
import subprocess

from databases import ROOT

GATEWAY = os.path.join(ROOT, "build", "release", "sluice")
MICRO = os.path.join(ROOT, "build", "bench", "sluice_micro")


def _run(script):
    libraries = 'cd "$1" && . scripts/lib/packages.sh && . scripts/lib/gateway.sh && mkdir -p build && '
    subprocess.run(["bash", "-euo", "pipefail", "-c", libraries + script, "bash", ROOT], check=True)


def build_gateway():
    _run('ensure_packages "${build_packages[@]}" && gateway_build release sluice')


def build_micro():
    _run('ensure_packages "${build_packages[@]}" && gateway_build bench sluice_micro')


def install(package):
    _run(f"ensure_packages {package}")
