#!/bin/sh
# Shows that Pistache's own endpoint gives one client's answer to another, and that ours does not.
# See docs/adr/0001-own-transport-on-pistache.md. Loopback only. Usage: reproduce-crosstalk.sh [SECONDS]
set -eu
cd "$(dirname "$0")/.."
cmake --preset dev > /dev/null
cmake --build build/dev --target sluice_crosstalk --parallel 2 > /dev/null
exec build/dev/sluice_crosstalk "${1:-5}"
