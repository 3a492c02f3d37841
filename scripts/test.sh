#!/usr/bin/env bash
# Installs what is missing, builds, runs the tests.
#
#   scripts/test.sh [--sanitize=address|thread] [--fast] [--patient] [-R REGEX]
#
#   --sanitize=S   build and run under AddressSanitizer and UBSan, or under ThreadSanitizer
#   --fast         without the tests labelled e2e and slow
#   --patient      a test that fails is run once more, for machines that others keep busy; what a
#                  sanitizer has found counts all the same
#   -R REGEX       only the tests whose name matches
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib/packages.sh
. scripts/lib/gateway.sh

preset=dev selection=() repeat=()
usage() { sed -n '2,10s/^# \{0,1\}//p' "$0"; }
while [ $# -gt 0 ]; do
  case $1 in
    --sanitize=address) preset=asan ;;
    --sanitize=thread) preset=tsan ;;
    --fast) selection+=(-LE '^(e2e|slow)$') ;;
    --patient) repeat=(--repeat until-pass:2) ;;
    -R) selection+=(-R "${2:?-R needs a regular expression}"); shift ;;
    -h | --help) usage; exit ;;
    *) echo "Unknown argument: $1" >&2; usage >&2; exit 2 ;;
  esac
  shift
done

# ThreadSanitizer of GCC 12 cannot live with the address randomisation of newer kernels.
plainly=()
if [ "$preset" = tsan ] && setarch -R true 2>/dev/null; then plainly=(setarch -R); fi

ensure_packages "${build_packages[@]}" "${run_packages[@]}" "${test_packages[@]}" "${bench_packages[@]}"
mkdir -p build
gateway_build "$preset"

# What sanitizers find is kept in files: a second run that finds nothing does not take it back.
findings=$PWD/build/$preset/findings
rm -rf "$findings" && mkdir "$findings"
for sanitizer in ASAN TSAN UBSAN; do export "${sanitizer}_OPTIONS=log_path=$findings/$sanitizer"; done
export LSAN_OPTIONS=print_suppressions=0  # what is suppressed is no finding

verdict=0
"${plainly[@]}" ctest --test-dir "build/$preset" -j "$(nproc)" --output-on-failure --no-tests=error \
  "${repeat[@]}" "${selection[@]}" || verdict=$?
for finding in "$findings"/*; do
  [ -e "$finding" ] || break
  echo "=== $finding"
  cat "$finding"
  verdict=1
done
exit "$verdict"
