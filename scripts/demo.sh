#!/usr/bin/env bash
# Sluice on a real PostgreSQL, from nothing: installs what is missing, builds, starts a private PostgreSQL
# with four small shops and the gateway in front of it, shows a handful of requests, and stays until Ctrl-C.
#
#   scripts/demo.sh [--once] [--chaos] [--port N] [--binary FILE] [--state DIRECTORY]
#
#   --once        show the requests, clean up, exit 0
#   --chaos       let the dashboard slow, stop or kill the databases (scripts/chaos.py)
#   --port N      the gateway's port (8080, or a free one if that is taken; 0: a free one)
#   --binary F    use this gateway; installs and builds nothing
#   --state D     where data and addresses are kept while it runs (build/demo)
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
. scripts/lib/packages.sh
. scripts/lib/postgres.sh
. scripts/lib/gateway.sh

once=false chaos=false port='' binary='' state=$root/build/demo
usage() { sed -n '2,12s/^# \{0,1\}//p' "$0"; }
while [ $# -gt 0 ]; do
  case $1 in
    --once) once=true ;;
    --chaos) chaos=true ;;
    --port) port=${2:?--port needs a number}; shift ;;
    --binary) binary=$(realpath "${2:?--binary needs a file}"); shift ;;
    --state) state=$(realpath -m "${2:?--state needs a directory}"); shift ;;
    -h | --help) usage; exit ;;
    *) echo "Unknown argument: $1" >&2; usage >&2; exit 2 ;;
  esac
  shift
done
case $port in *[!0-9]*) echo "--port needs a number, not '$port'" >&2; exit 2 ;; esac

say() { printf '\n%s== %s%s\n\n' "$bold" "$*" "$plain"; }

# Runs once, whatever ends us: the end, an error, Ctrl-C, a terminal that goes away.
# shellcheck disable=SC2317  # called by the trap
cleanup() {
  local status=$?
  trap - EXIT
  trap '' INT TERM HUP
  if [ -n "${gateway_pid:-}" ] || [ -n "${postgres_link:-}" ]; then echo "Cleaning up"; fi
  gateway_stop
  chaos_stop
  postgres_stop
  if [ "${mine:-}" = true ]; then rm -f "$state/env" "$state/gateway.log" "$state/gateway.pid"; fi
  exit "$status"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

prepare() {
  mkdir -p build "$state"
  exec 9>"$state/lock"
  flock -n 9 || { echo "A demo is running already, in $state" >&2; exit 1; }
  mine=true
  postgres_sweep "$state/postgres"
  gateway_sweep "$state/gateway.pid"
  if [ -z "$binary" ]; then
    ensure_packages "${build_packages[@]}" "${run_packages[@]}"
    say "Building the gateway (build/release)"
    gateway_build release sluice
    binary=$root/build/release/sluice
  fi
  if [ "${port:-8080}" = 0 ]; then
    port=$(free_port)
  elif ! port_is_free "${port:-8080}"; then
    [ -z "$port" ] || { echo "Port $port is taken" >&2; exit 1; }
    port=$(free_port)
    echo "Port 8080 is taken; using $port"
  fi
  port=${port:-8080}
}

# One database, owned by the user `shop`, who is nobody special.
create_shop() {
  psql -Xq -d postgres -c "create database shop_$1 owner shop"
  PGUSER=shop PGPASSWORD=$DEMO_PASSWORD psql -Xq -d "shop_$1" -v region="$1" -v seed="$2" -f config/demo.sql
}

start_databases() {
  say "Starting a private PostgreSQL with four shops"
  DEMO_PASSWORD=$(od -An -N12 -tx1 /dev/urandom | tr -d ' \n')
  postgres_start "$state/postgres"
  psql -Xq -d postgres <<<"create role shop login password '$DEMO_PASSWORD'"
  create_shop eu 1
  create_shop us 2
  create_shop asia 3
  create_shop africa 4
  export DEMO_PASSWORD DEMO_PGPORT=$PGPORT
  echo "PostgreSQL listens on 127.0.0.1:$PGPORT"
}

# Every shop behind a port of its own, where scripts/chaos.py can trouble it alone.
start_chaos() {
  $chaos || return 0
  say "Starting the chaos between the gateway and the shops"
  local shop port pairs=()
  for shop in shop_eu shop_us shop_asia; do
    port=$(free_port)
    pairs+=("$shop=$port")
    export "SLUICE_DATABASES__${shop^^}__PORT=$port"
  done
  export SLUICE_SERVER__CHAOS_SOCKET=$state/chaos.socket
  coproc CHAOS { exec setpriv --pdeathsig TERM python3 scripts/chaos.py --control "$SLUICE_SERVER__CHAOS_SOCKET" --upstream "$PGPORT" "${pairs[@]}" 9>&-; }
  # shellcheck disable=SC2153  # coproc sets it
  chaos_pid=$CHAOS_PID
  read -r -t 10 <&"${CHAOS[0]}" || { echo "scripts/chaos.py did not start" >&2; return 1; }
  echo "shop_eu, shop_us and shop_asia can be slowed, stopped and killed"
}

# shellcheck disable=SC2317  # called by cleanup
chaos_stop() {
  [ -n "${chaos_pid:-}" ] || return 0
  kill "$chaos_pid" 2>/dev/null || true
  wait "$chaos_pid" 2>/dev/null || true
  rm -f "$state/chaos.socket"
}

start_gateway() {
  say "Starting the gateway with config/demo.yaml"
  gateway_start "$binary" config/demo.yaml "$port" "$state/gateway.log"
  echo "$gateway_pid" >"$state/gateway.pid"
  (umask 077 && printf 'SLUICE=%s\nDEMO_PGPORT=%s\nDEMO_PASSWORD=%s\n' "$gateway_url" "$PGPORT" "$DEMO_PASSWORD" >"$state/env")
  echo "The gateway listens on $gateway_url"
}

# shellcheck disable=SC2016  # $1 belongs to SQL
show_requests() {
  say "Connect a fourth database while it runs"
  ask POST /databases/connect '{"host": "127.0.0.1", "port": '"$PGPORT"', "database": "shop_africa", "user": "shop", "password": "'"$DEMO_PASSWORD"'", "db_id": "shop_africa", "labels": {"region": "africa", "shop": "yes"}}'
  say "Ask one database, with parameters"
  ask POST /query/shop_eu '{"sql": "SELECT id, name, price, tags, attributes FROM products WHERE price < $1 AND tags @> $2 ORDER BY price LIMIT 2", "params": [100, ["sale"]]}'
  say "Ask all of them at once"
  ask POST /query '{"sql": "SELECT count(*) AS orders, sum(total) AS turnover FROM orders", "selector": {"shop": "yes"}, "merge": true}'
  say "A mistake, in PostgreSQL's own words"
  ask POST /query/shop_eu '{"sql": "SELECT nme FROM users"}' 400
  say "How is it?"
  ask GET /health
}

prepare
start_databases
start_chaos
start_gateway
show_requests

if $once; then
  exit 0
fi
say "Ready"
cat <<EOT
  dashboard    $gateway_url/admin
  queries      $gateway_url/query/shop_eu   (shop_us, shop_asia, shop_africa)
  metrics      $gateway_url/metrics
  PostgreSQL   127.0.0.1:$PGPORT, user shop, databases shop_eu, shop_us, shop_asia, shop_africa
  log          ${state#"$root/"}/gateway.log
  addresses for the README's tour:  . ${state#"$root/"}/env

Ctrl-C stops everything and removes the data.
EOT
if $chaos; then
  cat <<EOT

Trouble a shop (slow, stop, kill) and let it recover, from the dashboard or here:
  curl -sS -H 'Content-Type: application/json' $gateway_url/admin/chaos/shop_eu -d '{"action": "kill"}'
EOT
fi
wait "$gateway_pid" || true
echo "The gateway has ended; the end of its log:" >&2
tail -n 20 "$state/gateway.log" >&2
exit 1
