#!/usr/bin/env bash
# Builds the Dockerfile from nothing and uses what came out, on a Debian 12 without Docker: the base image is
# made with debootstrap from the mirrors of this machine's apt, and buildah carries the Dockerfile out. Then the
# image's program runs in the image's file system, as the image's user, with the configuration of
# docker-compose.yml, against a PostgreSQL on loopback: the stack's tests, the health check, SIGTERM.
#
#   scripts/prove-dockerfile.sh [--tests] [--keep]          as root; compiles everything, which takes its time
#
#   --tests   instead: build the stage "tests" and run scripts/test.sh --fast in it, on a bare Debian 12
#   --keep    leave the images in $SLUICE_PROOF (/tmp/sluice-proof) for the next run
#
# With --tests, CCACHE_DIR may name a directory of compiled files to share.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib/packages.sh
. scripts/lib/postgres.sh
. scripts/lib/gateway.sh

keep=false stage=gateway
usage() { sed -n '2,12s/^# \{0,1\}//p' "$0"; }
for argument in "$@"; do
  case $argument in
    --tests) stage=tests ;;
    --keep) keep=true ;;
    -h | --help) usage; exit ;;
    *) echo "Unknown argument: $argument" >&2; usage >&2; exit 2 ;;
  esac
done
[ "$(id -u)" -eq 0 ] || { echo "This needs root: debootstrap and chroot" >&2; exit 1; }

proof=${SLUICE_PROOF:-/tmp/sluice-proof}
base=localhost/debian:bookworm-slim image=localhost/sluice-$stage
say() { printf '\n=== %s\n' "$*"; }
# shellcheck disable=SC2317  # called by the trap, too
images() {
  # Its caches, that of compiled files too, lie where TMPDIR says.
  TMPDIR=$proof/tmp buildah --root "$proof/images" --runroot "$proof/run" --storage-driver overlay "$@"
}

# shellcheck disable=SC2317  # called by the trap
cleanup() {
  local status=$?
  trap - EXIT
  gateway_stop
  postgres_stop
  if [ -n "${rootfs:-}" ]; then umount "$rootfs/proc" 2>/dev/null || true; fi
  images rm --all >/dev/null 2>&1 || true
  rm -rf "$proof/debian" "$proof/secrets" "$proof/gateway.log"
  $keep || { images rmi --all --force >/dev/null 2>&1 || true; rm -rf "$proof"; }
  exit "$status"
}

# Debian's own image is no more than this.
make_base() {
  if images inspect --type image "$base" >/dev/null 2>&1; then return; fi
  say "debootstrap"
  local mirror container
  mirror=$(debian_sources | awk '$2 == "bookworm" { print $1; exit }')
  [ -n "$mirror" ] || { echo "apt knows no mirror of bookworm here" >&2; exit 1; }
  debootstrap --variant=minbase bookworm "$proof/debian" "$mirror" >"$proof/debootstrap.log" 2>&1 || {
    tail "$proof/debootstrap.log" >&2
    exit 1
  }
  debian_sources | sed 's/^/deb /' >"$proof/debian/etc/apt/sources.list"
  rm -rf "$proof/debian"/var/cache/apt/archives/*.deb
  container=$(images from scratch)
  images copy --quiet "$container" "$proof/debian" / >/dev/null
  images commit --quiet --rm "$container" "$base" >/dev/null
  rm -rf "$proof/debian"
}

build() {
  say "The Dockerfile, stage $stage"
  # Docker's format: the other one has no HEALTHCHECK.
  images build --isolation chroot --format docker --layers --pull-never --build-arg "DEBIAN=$base" \
    --target "$stage" --tag "$image" .
}

# property JQ: of the image's configuration.
property() { images inspect --type image "$image" | jq -r ".Docker.config | $1"; }

# What docker-compose.yml mounts and sets; all three hosts are this one. Sets in_image: the command that runs
# another one as the image's user, with its environment, in its file system.
prepare_rootfs() {
  local container name settings
  container=$(images from --pull-never "$image")
  rootfs=$(images mount "$container")
  mount -t proc proc "$rootfs/proc"
  cp deploy/sluice.yaml "$rootfs/etc/sluice/"
  echo "127.0.0.1 localhost postgres-eu postgres-us postgres-asia" >"$rootfs/etc/hosts"
  install -d "$rootfs/run/sluice"
  deploy/make-secrets.sh "$rootfs/run/sluice"
  port=$(free_port)
  mapfile -t settings < <(property '.Env[]')
  settings+=("SLUICE_SERVER__LISTEN=0.0.0.0:$port")
  for name in EU US ASIA; do settings+=("SLUICE_DATABASES__SHOP_${name}__PORT=$PGPORT"); done
  in_image=(chroot --userspec="$(property .User)" "$rootfs" env -i "${settings[@]}")
}

make_databases() {
  local name
  for name in shop_eu shop_us shop_asia; do
    psql -Xqc "create database $name" -d postgres
    POSTGRES_DB=$name ROLE_PASSWORD_FILE=$rootfs/run/sluice/${name}_password deploy/create-role.sh
  done
}

start() {
  local program
  mapfile -t program < <(property '.Entrypoint[], .Cmd[]')
  "${in_image[@]}" "${program[@]}" >"$proof/gateway.log" 2>&1 &
  gateway_pid=$!
  for _ in $(seq 200); do
    if curl -fsS -o /dev/null "http://127.0.0.1:$port/readyz" 2>/dev/null; then return; fi
    sleep 0.05
  done
  cat "$proof/gateway.log" >&2
  exit 1
}

stop() {
  kill -s "$(property .StopSignal)" "$gateway_pid"
  local status=0
  wait "$gateway_pid" || status=$?
  gateway_pid=
  [ "$status" = 0 ] || { echo "FAIL  it ended with $status"; cat "$proof/gateway.log"; exit 1; }
  echo "PASS  $(property .StopSignal) ends it with 0"
}

use() {
  local health
  mapfile -t health < <(property '.Healthcheck.Test[1:][]')
  postgres_start "$proof/postgres"
  prepare_rootfs
  make_databases
  say "The image, with the configuration of docker-compose.yml"
  du -sh --exclude=proc "$rootfs" | awk '{ print "      " $1 " of files" }'
  start
  echo "PASS  /readyz says yes; user $(stat -c %u "/proc/$gateway_pid")"
  deploy/smoke.sh "http://127.0.0.1:$port" "$rootfs/run/sluice/api_key"
  "${in_image[@]}" "${health[@]}" >/dev/null
  echo "PASS  the health check (${health[*]}) says yes"
  stop
  if "${in_image[@]}" "${health[@]}" 2>/dev/null; then echo "FAIL  the health check says yes of nobody"; exit 1; fi
  echo "PASS  and now no"
}

run_tests() {
  local container cache=()
  if [ -n "${CCACHE_DIR:-}" ]; then cache=(--volume "$CCACHE_DIR:/root/.cache/ccache"); fi
  container=$(images from --pull-never "$image")
  say "scripts/test.sh --fast in it"
  images run --isolation chroot "${cache[@]}" "$container" -- scripts/test.sh --fast
}

ensure_packages "${image_build_packages[@]}" "${run_packages[@]}"
mkdir -p "$proof/tmp"
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
make_base
build
if [ "$stage" = tests ]; then run_tests; else use; fi
