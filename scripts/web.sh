#!/usr/bin/env bash
# Builds the dashboard's files, web/dist, from web/src. They are committed, so building the gateway needs no node.
#
#   scripts/web.sh [--packages|--check]
#
#   --packages   only fetches what it is built with, as web/package-lock.json says
#   --check      writes nothing, and fails when web/dist is not what web/src makes
set -euo pipefail
cd "$(dirname "$0")/../web"

packages() { ../scripts/npm-packages.sh .; }

check() {
  local made
  made=$(mktemp -d)
  trap 'rm -rf "$made"' RETURN
  node build.mjs "$made/dist"
  diff -r dist "$made/dist" >/dev/null && return
  echo "web/dist is not what web/src makes: run scripts/web.sh, and commit what it writes" >&2
  return 1
}

case ${1:-} in
  '') packages && node build.mjs ;;
  --packages) packages ;;
  --check) packages && check ;;
  *) sed -n '2,7s/^# \{0,1\}//p' ../scripts/web.sh >&2; exit 2 ;;
esac
