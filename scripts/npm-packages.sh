#!/usr/bin/env bash
# Fetches what a folder's package-lock.json names into its node_modules; nothing when that is done already. Nobody's
# scripts are run.
#
#   scripts/npm-packages.sh FOLDER
set -euo pipefail
cd "${1:?a folder with a package-lock.json}"

if ! command -v npm >/dev/null; then
  echo "npm is missing. scripts/test.sh installs it." >&2
  exit 1
fi

# Anew when the lock file is newer than what was fetched last.
[ node_modules/.package-lock.json -nt package-lock.json ] && exit
npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
touch node_modules/.package-lock.json
