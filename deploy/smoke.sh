#!/usr/bin/env bash
# Looks at a running stack of docker-compose.yml as its users do: health, keys, the three databases one by one
# and together, what is refused. Says what it saw; fails at the first thing that is not so.
#
#   deploy/smoke.sh URL KEY_FILE       for instance http://127.0.0.1:8080 /run/sluice/api_key
set -euo pipefail
url=${1:?Usage: smoke.sh URL KEY_FILE} key=$(<"${2:?Usage: smoke.sh URL KEY_FILE}")

# request METHOD PATH [BODY]: sets status and answer.
request() {
  local reply
  reply=$(curl -sS --max-time 30 -w '\n%{http_code}' -X "$1" "$url$2" -H 'Accept: application/json' \
    "${credentials[@]}" ${3:+-H 'Content-Type: application/json' -d "$3"})
  status=${reply##*$'\n'} answer=${reply%$'\n'*}
}

# expect WHAT STATUS [JQ]: the last answer had this status, and the jq filter holds for it.
expect() {
  if [ "$status" = "$2" ] && jq -e "${3:-true}" >/dev/null <<<"$answer"; then
    printf 'PASS  %s\n' "$1"
  else
    printf 'FAIL  %s: %s %s\n' "$1" "$status" "$answer"
    exit 1
  fi
}

credentials=()
request GET /livez
expect "it lives" 200
request GET /readyz
expect "it takes traffic" 200
request GET /databases
expect "nobody gets in without a key" 401 '.code == "unauthenticated"'

credentials=(-H "Authorization: Bearer $key")
request GET /databases
expect "three databases are there from the start" 200 '[.databases[].db_id] | sort == ["shop_asia", "shop_eu", "shop_us"]'
# shellcheck disable=SC2016  # $1 belongs to SQL
for name in shop_eu shop_us shop_asia; do
  request POST "/query/$name" '{"sql": "SELECT current_database() = $1 AND current_user = $1 AS good", "params": ["'$name'"]}'
  expect "$name answers, as a role of its own" 200 '.rows == [{"good": true}]'
  request POST "/query/$name" '{"sql": "SELECT rolsuper FROM pg_roles WHERE rolname = current_user", "format": "scalar"}'
  expect "$name: that role is no superuser" 200 '.value == false'
done
request POST /query/shop_eu '{"sql": "CREATE TABLE IF NOT EXISTS smoke (n int)"}'
expect "a table can be made" 200
request POST /query/shop_eu '{"sql": "DROP TABLE smoke"}'
expect "and dropped" 200
request POST /query '{"sql": "SELECT 1 AS one", "selector": {"shop": "yes"}, "merge": true}'
expect "all three at once" 200 '[.rows[].one] == [1, 1, 1]'
request POST /databases/connect '{"host": "192.0.2.1", "database": "x", "user": "x", "password": "x"}'
expect "a connect elsewhere is forbidden" 403 '.code == "forbidden"'
request GET /health
expect "all databases are healthy" 200 '.status == "healthy" and .pools == {"total": 3, "healthy": 3}'
