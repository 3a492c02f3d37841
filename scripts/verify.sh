#!/usr/bin/env bash
# Starts the demo and goes through what users of connection pools try first. Says for each item what it did
# and what it saw, PASS or FAIL; ends with a count, and with status 0 when nothing failed.
#
#   scripts/verify.sh [--only NAME]… [--json FILE] [--list] [--binary FILE | --url URL [--key KEY] [--db ID]]
#
# Installs what is missing and builds the gateway, unless --binary or --url names one. --help says more.
set -euo pipefail
root=$(dirname "$(dirname "$(realpath "$0")")")
. "$root/scripts/lib/packages.sh"
. "$root/scripts/lib/gateway.sh"

prepare() (
  cd "$root"
  ensure_packages "${build_packages[@]}" "${run_packages[@]}" python3
  mkdir -p build
  gateway_build release sluice
)

needs_gateway=true
for argument in "$@"; do
  case $argument in --binary* | --url* | --list | -h | --help) needs_gateway=false ;; esac
done
if $needs_gateway; then
  prepare
  set -- --binary "$root/build/release/sluice" "$@"
fi
exec python3 -B "$root/scripts/verify" "$@"
