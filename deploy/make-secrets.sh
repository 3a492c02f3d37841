#!/bin/sh
# Makes the secrets of docker-compose.yml, those that are not there yet: an API key and one that may only read
# metrics and ask, PostgreSQL's superuser password, one for each database, and Grafana's. The API key may be given in SLUICE_API_KEY instead.
#
#   deploy/make-secrets.sh DIRECTORY
#
# Files can be read by everybody who can enter the directory, because the gateway and PostgreSQL are different
# users in their containers; the superuser's password only by root. On a server, chmod 700 the directory.
set -eu
cd "${1:?Usage: make-secrets.sh DIRECTORY}"

# write NAME MODE VALUE: all of it or nothing, also when we are stopped on the way.
write() {
  printf '%s\n' "$3" >".$1.new"
  chmod "$2" ".$1.new"
  mv -f ".$1.new" "$1"
}

random() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }

umask 077
if [ -n "${SLUICE_API_KEY:-}" ]; then write api_key 444 "$SLUICE_API_KEY"; fi
for name in api_key metrics_key shop_eu_password shop_us_password shop_asia_password grafana_password; do
  [ -s "$name" ] || write "$name" 444 "$(random)"
done
[ -s postgres_password ] || write postgres_password 400 "$(random)"
