# shellcheck shell=bash disable=SC2016
# A private PostgreSQL: data directory and port of its own, on loopback only, nothing of the system's
# is touched. It never runs as root, and everybody needs a password (SCRAM). For one server at a time:
#
#   postgres_start DIRECTORY   creates and starts it; sets PGHOST, PGPORT, PGUSER, PGPASSWORD
#   postgres_stop              stops it and removes its data
#   postgres_sweep DIRECTORY   the same for one that a killed script left behind

# As root we become somebody who may run PostgreSQL.
as_postgres() {
  if [ "$(id -u)" -ne 0 ]; then "$@"; else runuser -u postgres -- "$@"; fi
}

postgres_programs() {
  local newest
  newest=$(find /usr/lib/postgresql -mindepth 3 -maxdepth 3 -path '*/bin/initdb' 2>/dev/null | sort -V | tail -n 1)
  if [ -n "$newest" ]; then dirname "$newest"; else dirname "$(command -v initdb)"; fi
}

# Port numbers below those that the kernel gives to outgoing connections.
free_port() {
  local port
  for _ in $(seq 100); do
    port=$((10000 + RANDOM % 20000))
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || { echo "$port"; return; }
  done
  echo "No free port found between 10000 and 30000" >&2
  return 1
}

# The data live in the directory asked for, or, where the unprivileged user cannot reach it (a checkout
# under /root), in one under /tmp, with a link to it.
postgres_directory() {
  local wanted=$1
  rm -rf "$wanted"
  mkdir -p "$wanted"
  if [ "$(id -u)" -eq 0 ]; then chown postgres: "$wanted"; fi
  if as_postgres test -w "$wanted"; then
    postgres_data=$wanted
    return
  fi
  postgres_data=$(as_postgres mktemp -d /tmp/sluice-postgres.XXXXXX)
  rmdir "$wanted"
  ln -s "$postgres_data" "$wanted"
  echo "The user postgres cannot enter $(dirname "$wanted"); its data are in $postgres_data until the end"
}

postgres_start() {
  postgres_link=$1
  postgres_directory "$1"
  postgres_bin=$(postgres_programs)
  export PGHOST=127.0.0.1 PGUSER=postgres PGPASSWORD PGCONNECT_TIMEOUT=5
  PGPASSWORD=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
  as_postgres sh -c 'umask 077; cat >"$1"' sh "$postgres_data/password" <<<"$PGPASSWORD"
  (cd / && as_postgres "$postgres_bin/initdb" -D "$postgres_data/data" -U postgres --auth=scram-sha-256 \
    --pwfile="$postgres_data/password" --encoding=UTF8 --locale=C.UTF-8 --no-sync >/dev/null)
  as_postgres tee -a "$postgres_data/data/postgresql.conf" >/dev/null <<'SETTINGS'
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
max_connections = 200
fsync = off
synchronous_commit = off
full_page_writes = off
timezone = 'UTC'
SETTINGS
  local attempt
  for attempt in 1 2 3 4 5; do
    PGPORT=$(free_port)
    export PGPORT
    if postgres_launch; then return; fi
    if [ "$attempt" = 5 ]; then cat "$postgres_data/log" >&2; fi
  done
  echo "The private PostgreSQL did not start; its log is above" >&2
  return 1
}

# In a session of its own, so that Ctrl-C reaches the script alone, which then stops things in order.
postgres_launch() {
  (cd / && as_postgres setsid "$postgres_bin/pg_ctl" -D "$postgres_data/data" -l "$postgres_data/log" -o "-p $PGPORT" \
    -w -t 60 start >/dev/null 2>&1 9>&-)
}

postgres_stop() {
  [ -n "${postgres_link:-}" ] || return 0
  postgres_sweep "$postgres_link"
  postgres_link=
}

postgres_sweep() {
  [ -e "$1" ] || [ -L "$1" ] || return 0
  local data
  data=$(readlink -f "$1")
  if [ -f "$data/data/postmaster.pid" ]; then
    (cd / && as_postgres "$(postgres_programs)/pg_ctl" -D "$data/data" -m immediate -w -t 20 stop >/dev/null 2>&1) || true
  fi
  rm -rf "$data" "$1"
}
