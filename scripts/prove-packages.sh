#!/usr/bin/env bash
# Builds the Debian packages, looks at them with lintian, and uses them in a Debian 12 of their own, made with
# debootstrap from the mirrors of this machine's apt: installs them, starts the packaged program as the service's user
# with the packaged configuration and asks it, builds tests/consumer against the library, upgrades, removes, purges.
#
#   scripts/prove-packages.sh [--keep] [--build DIRECTORY]       as root; compiles everything, which takes its time
#
#   --keep    leave the Debian in $SLUICE_PROOF (/tmp/sluice-packages) for the next run
#   --build   a build directory that is there already, with -DSLUICE_PACKAGES=ON; default: build/packages
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib/packages.sh
. scripts/lib/postgres.sh

keep=false build=build/packages
usage() { sed -n '2,9s/^# \{0,1\}//p' "$0"; }
while [ $# -gt 0 ]; do
  case $1 in
    --keep) keep=true ;;
    --build) build=${2:?--build wants a directory}; shift ;;
    -h | --help) usage; exit ;;
    *) echo "Unknown argument: $1" >&2; usage >&2; exit 2 ;;
  esac
  shift
done
[ "$(id -u)" -eq 0 ] || { echo "This needs root: debootstrap and chroot" >&2; exit 1; }

proof=${SLUICE_PROOF:-/tmp/sluice-packages}
root=$proof/debian
say() { printf '\n=== %s\n' "$*"; }
pass() { echo "PASS  $*"; }
fail() { echo "FAIL  $*" >&2; exit 1; }

# shellcheck disable=SC2317  # called by the trap
cleanup() {
  local status=$?
  trap - EXIT
  if [ -n "${gateway_pid:-}" ]; then kill "$gateway_pid" 2>/dev/null || true; fi
  postgres_stop
  umount "$root/proc" 2>/dev/null || true
  $keep || rm -rf --one-file-system "$proof"
  exit "$status"
}

build_packages() {
  say "The packages"
  if [ ! -e "$build/build.ninja" ]; then
    # Debian's own flags, without the paths of this machine.
    CXXFLAGS="-fstack-protector-strong -Wformat -Werror=format-security -Wdate-time -D_FORTIFY_SOURCE=2" \
      LDFLAGS="-Wl,-z,relro -Wl,-z,now" \
      cmake -G Ninja -S . -B "$build" -DCMAKE_BUILD_TYPE=RelWithDebInfo -DCMAKE_CXX_FLAGS_RELWITHDEBINFO="-O2 -DNDEBUG" \
      -DCMAKE_INSTALL_PREFIX=/usr -DBUILD_SHARED_LIBS=ON -DSLUICE_PACKAGES=ON -DSLUICE_BUILD_TESTS=OFF \
      -DSLUICE_BUILD_EXAMPLES=OFF
  fi
  cmake --build "$build" --parallel "${SLUICE_JOBS:-2}"
  rm -f "$build"/*.deb
  (cd "$build" && cpack -G DEB)
  ls -l "$build"/*.deb
}

check_packages() {
  say "lintian"
  lintian --fail-on error,warning --suppress-tags initial-upload-closes-no-bugs "$build"/*.deb
  pass "lintian finds no errors and no warnings"
}

clean=(env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive)
in_root() { chroot "$root" "${clean[@]}" "$@"; }
apt_in_root() { in_root apt-get -qq --yes --no-install-recommends -o Dpkg::Use-Pty=0 "$@" >/dev/null; }

make_root() {
  say "A Debian 12"
  if [ ! -e "$root/etc/debian_version" ]; then
    local mirror
    mirror=$(debian_sources | awk '$2 == "bookworm" { print $1; exit }')
    [ -n "$mirror" ] || fail "apt knows no mirror of bookworm here"
    debootstrap --variant=minbase bookworm "$root" "$mirror" >"$proof/debootstrap.log" 2>&1 ||
      { tail "$proof/debootstrap.log" >&2; exit 1; }
    debian_sources | sed 's/^/deb /' >"$root/etc/apt/sources.list"
  fi
  cp /etc/resolv.conf "$root/etc/resolv.conf"
  mount -t proc proc "$root/proc"
  apt_in_root update
}

install_all() {
  say "Installed"
  rm -rf "$root/packages" && mkdir "$root/packages"
  cp "$build"/sluice_*.deb "$root/packages/sluice.deb"
  cp "$build"/libsluice-dev_*.deb "$root/packages/libsluice-dev.deb"
  cp "$build"/libsluice[0-9]*.deb "$root/packages/libsluice.deb"
  apt_in_root install ./packages/sluice.deb
  [ "$(in_root stat -c '%a %U:%G' /etc/sluice/sluice.yaml)" = "640 root:sluice" ] ||
    fail "the configuration: $(in_root stat -c '%a %U:%G' /etc/sluice/sluice.yaml)"
  pass "the configuration is for root to write and for the service to read"
  in_root test -e /lib/systemd/system/sluice.service
  in_root test -L /etc/systemd/system/multi-user.target.wants/sluice.service
  pass "the unit is there and enabled"
  in_root setpriv --reuid=sluice --regid=sluice --init-groups sluice check-config /etc/sluice/sluice.yaml >/dev/null
  pass "the program understands the packaged configuration"
}

# The service's command as the service's user; elsewhere than on 8080, which may be taken here.
serve() {
  say "In service"
  local command port
  port=$(free_port)
  command=$(sed -n 's/^ExecStart=//p' "$root/lib/systemd/system/sluice.service")
  # shellcheck disable=SC2086  # its words
  chroot "$root" "${clean[@]}" SLUICE_SERVER__LISTEN="127.0.0.1:$port" setpriv --reuid=sluice --regid=sluice \
    --init-groups --no-new-privs $command >"$proof/gateway.log" 2>&1 &
  gateway_pid=$!
  for _ in $(seq 200); do
    if curl -fsS -o /dev/null "http://127.0.0.1:$port/livez" 2>/dev/null; then break; fi
    sleep 0.05
  done
  curl -fsS "http://127.0.0.1:$port/livez" || { cat "$proof/gateway.log" >&2; fail "no answer"; }
  echo
  curl -fsS "http://127.0.0.1:$port/metrics?format=prometheus" | grep '^sluice_build_info'
  curl -fsS "http://127.0.0.1:$port/admin" | grep -qi '<title>' || fail "no dashboard"
  [ "$(stat -c %u "/proc/$gateway_pid")" = "$(in_root id -u sluice)" ] || fail "it runs as somebody else"
  pass "it answers, with its dashboard and metrics, as the user sluice"
  kill "$gateway_pid"
  wait "$gateway_pid" || fail "it ended with $?"
  gateway_pid=
  pass "SIGTERM ends it with 0"
}

build_consumer() {
  say "The library"
  apt_in_root install g++ cmake make pkg-config libpqxx-dev ./packages/libsluice.deb ./packages/libsluice-dev.deb
  rm -rf "$root/consumer" && mkdir "$root/consumer" && cp -r tests/consumer/installed tests/consumer/main.cc "$root/consumer"
  in_root cmake -S /consumer/installed -B /consumer/build >/dev/null
  in_root cmake --build /consumer/build >"$proof/consumer.log" 2>&1 || { tail -30 "$proof/consumer.log" >&2; fail "no consumer"; }
  in_root pkg-config --modversion sluice
  postgres_start "$proof/postgres"
  [ "$(in_root /consumer/build/consumer "postgresql://$PGUSER:$PGPASSWORD@127.0.0.1:$PGPORT/postgres")" = good ] ||
    fail "the consumer does not work"
  pass "a program built against libsluice-dev works with $(in_root ldd /consumer/build/consumer | awk '/libsluice/ { print $1 }')"
}

upgrade_and_remove() {
  say "Upgraded and removed"
  echo "# mine" >>"$root/etc/sluice/sluice.yaml"
  apt_in_root install --reinstall ./packages/sluice.deb
  grep -q '^# mine' "$root/etc/sluice/sluice.yaml" || fail "a changed configuration was overwritten"
  pass "a changed configuration stays"
  apt_in_root remove sluice
  in_root test -e /etc/sluice/sluice.yaml || fail "removing took the configuration away"
  in_root test ! -e /usr/bin/sluice || fail "removing left the program"
  apt_in_root purge sluice libsluice-dev "$(dpkg-deb -f "$root/packages/libsluice.deb" Package)"
  in_root test ! -e /etc/sluice || fail "purging left the configuration"
  in_root test ! -e /usr/include/sluice || fail "purging left headers"
  pass "removing keeps the configuration, purging leaves nothing"
}

ensure_packages "${build_packages[@]}" "${run_packages[@]}" "${package_packages[@]}"
mkdir -p "$proof"
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
build_packages
check_packages
make_root
install_all
serve
build_consumer
upgrade_and_remove
say "All of it works"
