# shellcheck shell=bash
# Builds, starts and asks the gateway. Needs scripts/lib/postgres.sh for free_port.

# gateway_build PRESET [TARGET]: configures once, builds what has changed.
gateway_build() {
  [ -f "build/$1/build.ninja" ] || cmake --preset "$1" >"build/$1.configure.log" 2>&1 || {
    cat "build/$1.configure.log" >&2
    return 1
  }
  ninja -C "build/$1" -j "$(nproc)" ${2:+"$2"}
}

# gateway_start BINARY CONFIG PORT LOG: returns when it answers; sets gateway_pid and gateway_url.
gateway_start() {
  "$1" serve --config "$2" --listen "127.0.0.1:$3" >"$4" 2>&1 </dev/null 9>&- &
  gateway_pid=$!
  gateway_url=http://127.0.0.1:$3
  for _ in $(seq 200); do
    if curl -fsS --max-time 2 -o /dev/null "$gateway_url/readyz" 2>/dev/null; then return; fi
    kill -0 "$gateway_pid" 2>/dev/null || break
    sleep 0.05
  done
  echo "The gateway did not start; the end of its log:" >&2
  tail -n 20 "$4" >&2
  return 1
}

gateway_stop() {
  [ -n "${gateway_pid:-}" ] || return 0
  kill "$gateway_pid" 2>/dev/null || true
  for _ in $(seq 200); do
    kill -0 "$gateway_pid" 2>/dev/null || break
    sleep 0.05
  done
  kill -KILL "$gateway_pid" 2>/dev/null || true
  wait "$gateway_pid" 2>/dev/null || true
  gateway_pid=
}

# gateway_sweep PIDFILE: stops the gateway of a script that was killed.
gateway_sweep() {
  [ -f "$1" ] || return 0
  local pid
  pid=$(<"$1")
  if grep -qs -- config/demo.yaml "/proc/$pid/cmdline"; then kill -KILL "$pid" || true; fi
  rm -f "$1"
}

# port_is_free PORT
port_is_free() {
  ! (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

# ask METHOD PATH [BODY [STATUS]]: one request, shown as the curl command that it is, and its answer. Fails
# when the answer has another status (2xx unless given), so that nothing that is broken looks well.
ask() {
  local method=$1 path=$2 body=${3:-} expected=${4:-2[0-9][0-9]} answer status
  local arguments=(-sS --max-time 30 -w '\n%{http_code}' -X "$method" "$gateway_url$path" -H 'Accept: application/json')
  if [ -n "$body" ]; then
    arguments+=(-H 'Content-Type: application/json' -d "$body")
    printf "%s$ curl -sS %s%s -H 'Content-Type: application/json' -d '%s'%s\n" \
      "$bold" "$gateway_url" "$path" "$(hide_password <<<"$body")" "$plain"
  else
    printf '%s$ curl -sS %s%s%s\n' "$bold" "$gateway_url" "$path" "$plain"
  fi
  answer=$(curl "${arguments[@]}")
  status=${answer##*$'\n'}
  jq "${jq_colour}" . <<<"${answer%$'\n'*}"
  # shellcheck disable=SC2053  # a pattern
  [[ $status = $expected ]] || { echo "The answer was $status" >&2; return 1; }
  echo
}

hide_password() {
  sed -E 's/("password": *")[^"]*/\1…/'
}

# Colours on a terminal only, and not when somebody wants none (https://no-color.org).
if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then
  bold=$'\e[1m' plain=$'\e[0m' jq_colour=-C
else
  bold='' plain='' jq_colour=-M
fi
