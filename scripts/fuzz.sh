#!/usr/bin/env bash
# Fuzzes: installs what is missing, builds the libFuzzer programs with Clang, and runs each for a while.
#
#   scripts/fuzz.sh [--seconds N] [TARGET…]
#
#   --seconds N   how long each runs; 60 unless told
#   TARGET        array, config, http, replies, request, sql; all of them unless told
#
# What they learn is kept in build/fuzz/corpus and used the next time. What breaks a promise is kept in
# build/fuzz/failures, and named with the command that shows it again.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib/packages.sh
. scripts/lib/gateway.sh

seconds=60 targets=()
usage() { sed -n '2,10s/^# \{0,1\}//p' "$0"; }
while [ $# -gt 0 ]; do
  case $1 in
    --seconds) seconds=${2:?--seconds needs a number}; shift ;;
    -h | --help) usage; exit ;;
    -*) echo "Unknown argument: $1" >&2; usage >&2; exit 2 ;;
    *) [ -f "tests/fuzz/$1.dict" ] || { echo "No such target: $1" >&2; usage >&2; exit 2; }; targets+=("$1") ;;
  esac
  shift
done
[ ${#targets[@]} -gt 0 ] || targets=(array config http replies request sql)

# fuzz_one TARGET: prints one line, and what was wrong.
fuzz_one() {
  local target=$1 log=build/fuzz/$1.log
  mkdir -p "build/fuzz/corpus/$target" build/fuzz/failures
  local options=(-max_total_time="$seconds" -max_len=4096 -timeout=10 -rss_limit_mb=2048 -print_final_stats=1
                 -dict="tests/fuzz/$target.dict" -artifact_prefix="build/fuzz/failures/$target-")
  if "build/fuzz/fuzz_$target" "${options[@]}" "build/fuzz/corpus/$target" "tests/fuzz/corpus/$target" \
    >"$log" 2>&1 </dev/null; then
    printf '%-8s %s inputs, no promise broken\n' "$target" \
      "$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")"
    return
  fi
  printf '%-8s FAILED\n' "$target"
  grep -E 'broken promise|ERROR|SUMMARY|runtime error' -A 2 "$log" | head -n 20
  sed -n 's|^.*Test unit written to \(.*\)$|Again: build/fuzz/fuzz_'"$target"' \1|p' "$log"
  return 1
}
export -f fuzz_one
export seconds

ensure_packages "${build_packages[@]}" "${test_packages[@]}" "${fuzz_packages[@]}"
mkdir -p build
gateway_build fuzz fuzzers
printf '%s\n' "${targets[@]}" | xargs -P "$(nproc)" -I{} bash -c 'fuzz_one {}'
