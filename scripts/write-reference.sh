#!/bin/sh
# Writes what the program says about its settings into docs/configuration.md. Usage: write-reference.sh [SLUICE]
set -eu
cd "$(dirname "$0")/.."
sluice=${1:-build/dev/sluice}
page=docs/configuration.md
{ sed '/^<!-- The rest is what/q' "$page" && echo && "$sluice" settings; } >"$page.new"
mv "$page.new" "$page"
