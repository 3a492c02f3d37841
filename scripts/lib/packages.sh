# shellcheck shell=bash
# The Debian packages that building, testing and running need: the only list of them.
# shellcheck disable=SC2034

build_packages=(build-essential ccache cmake ninja-build pkg-config
                libpistache-dev libpqxx-dev libpq-dev rapidjson-dev libyaml-cpp-dev libspdlog-dev libfmt-dev
                libcli11-dev libexpected-dev libboost-dev prometheus-cpp-dev libsodium-dev zlib1g-dev)
run_packages=(postgresql curl jq ca-certificates)
test_packages=(libgtest-dev libgmock-dev python3 python3-yaml docker-compose procps clang-format git systemd)
test_packages+=(prometheus)  # promtool, and a Prometheus of the tests' own
test_packages+=(doxygen libcpp-httplib-dev nlohmann-json3-dev)  # the reference of the headers, examples/shop
test_packages+=(man-db bash zsh fish tmux)  # the manual, shell completion, sluice top
test_packages+=(pgbouncer)  # to connect through
test_packages+=(chromium)  # the dashboard
test_packages+=(iproute2 iptables)  # networks of the fault tests' own
test_packages+=(python3-jsonschema)  # the API's description
# The dashboard's own packages come by npm (web/package-lock.json), and so do the drivers for Neon, with the newer node
# that they need (tests/e2e/neon). Some have node and npm from elsewhere.
command -v npm >/dev/null || test_packages+=(nodejs npm)
fuzz_packages=(clang libclang-rt-dev)  # libFuzzer is a part of Clang's run-time libraries
bench_packages=(wrk libbenchmark-dev python3 procps)

# In the container's image, besides the libraries that the gateway is linked with.
image_packages=(ca-certificates)
# To build Debian packages, and a Debian to try them in.
package_packages=(dpkg-dev lintian debootstrap)
# To build that image where there is no Docker.
image_build_packages=(buildah debootstrap)

# ensure_packages NAME…: installs those that are missing, and nothing else.
ensure_packages() {
  if ! command -v dpkg-query >/dev/null; then
    echo "This is no Debian system; make sure that you have what these packages hold: $*" >&2
    return
  fi
  local name missing=()
  for name in "$@"; do
    package_installed "$name" || missing+=("$name")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  if [ "$(id -u)" -ne 0 ] && ! command -v sudo >/dev/null; then
    echo "Missing packages, and this is neither root nor is there sudo. As root: apt-get install ${missing[*]}" >&2
    return 1
  fi
  echo "Installing Debian packages: ${missing[*]}"
  if [[ " ${missing[*]} " == *" postgresql "* ]]; then
    install_packages postgresql-common
    without_main_cluster without_new_services install_packages "${missing[@]}"
  else
    without_new_services install_packages "${missing[@]}"
  fi
}

package_installed() {
  [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# The package lists are fetched only when installing fails without: none there yet, or out of date.
install_packages() {
  run_apt install "$@" >/dev/null 2>&1 && return
  run_apt update && run_apt install "$@" && return
  echo "These packages could not be installed: $*" >&2
  return 1
}

run_apt() {
  local options=(-qq -o DPkg::Lock::Timeout=120)
  if [ "$1" = install ]; then options+=(--yes --no-install-recommends); fi
  as_root env DEBIAN_FRONTEND=noninteractive apt-get "${options[@]}" "$@" </dev/null
}

as_root() {
  if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

# Runs a command during which a newly installed PostgreSQL creates and starts no cluster of the
# system's. Clusters that exist are not touched, and the setting is as before afterwards.
without_main_cluster() (
  local file=/etc/postgresql-common/createcluster.conf
  trap 'as_root sed -i "/ # of sluice, for a moment$/d" "$file"' EXIT
  echo "create_main_cluster = false # of sluice, for a moment" | as_root tee -a "$file" >/dev/null
  "$@"
)

# Runs a command during which newly installed packages start no service: the tests start their own Prometheus.
# A policy that is there already is left to decide.
without_new_services() (
  local file=/usr/sbin/policy-rc.d
  if [ -e "$file" ]; then "$@"; return; fi
  trap 'as_root rm -f "$file"' EXIT
  printf '#!/bin/sh\nexit 101\n' | as_root tee "$file" >/dev/null
  as_root chmod +x "$file"
  "$@"
)

# shellcheck disable=SC2016  # the words are apt-get's
# Where this machine's apt gets Debian 12 from: "URL SUITE COMPONENT", one a line.
debian_sources() {
  apt-get indextargets --format '$(SITE) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
    grep -E ' bookworm(-updates|-security)? main$' | sort -u
}
