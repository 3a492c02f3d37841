#!/usr/bin/env bash
# Installs what is missing, builds the release program, and wears it for a while: simulated lives from seeds that
# nobody has tried, two minutes of 64 clients that break off wherever they are, then mixed traffic and faults against a
# PostgreSQL of its own. Whenever it is quiet, descriptors, threads, connections, calls and memory have to be as they
# were; where they are not, the series is printed.
#
#   scripts/soak.sh [--minutes N] [--binary FILE]
#
#   --minutes N    how long, 60 unless told; a quarter of it is simulation
#   --binary FILE  this gateway instead of build/release
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib/packages.sh
. scripts/lib/gateway.sh

minutes=60 binary=
usage() { sed -n '2,10s/^# \{0,1\}//p' "$0"; }
while [ $# -gt 0 ]; do
  case $1 in
    --minutes) minutes=${2:?--minutes needs a number}; shift ;;
    --binary) binary=$(realpath "${2:?--binary needs a file}"); shift ;;
    -h | --help) usage; exit ;;
    *) echo "Unknown argument: $1" >&2; usage >&2; exit 2 ;;
  esac
  shift
done

ensure_packages "${build_packages[@]}" "${run_packages[@]}" "${test_packages[@]}"
mkdir -p build
[ -n "$binary" ] || gateway_build release sluice
gateway_build dev simulation_test wire_simulation_test http_test
seconds=$((minutes * 60))

# Seeds sixty at a time, from the clock on.
simulate() {
  local first program end=$((SECONDS + seconds / 4)) lives=0
  first=$(date +%s)
  while [ "$SECONDS" -lt "$end" ]; do
    for program in simulation_test wire_simulation_test; do
      SLUICE_FIRST_SEED=$((first + lives)) SLUICE_SEEDS=60 "build/dev/$program" >build/soak-simulation.log 2>&1 || {
        cat build/soak-simulation.log
        return 1
      }
    done
    lives=$((lives + 60))
  done
  echo "$lives simulated lives from seed $first on kept every promise"
}

simulate
SLUICE_STORM_SECONDS=60 build/dev/http_test --gtest_brief=1 --gtest_filter='Storm.Never*'
cd tests/faults
SLUICE_SOAK_SECONDS=$((seconds - seconds / 4)) SLUICE_SOURCE_DIR=$(cd ../.. && pwd) \
  SLUICE_BINARY=${binary:-$(cd ../.. && pwd)/build/release/sluice} \
  exec python3 -B -m unittest -v test_soak
