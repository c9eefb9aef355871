#!/usr/bin/env bash
# Starts the whole system in containers and says where it is. Safe to run again: what has not changed stays, Connect takes what is new.
#
#   ./setup.sh [--bun]       start; the enricher is Redpanda Connect, or with --bun the same function on Bun
#   ./setup.sh --reload      after an edit of config/device-registry.json: check it, then take it; a bad one changes nothing
#                            (ends with 0: taken, 1: refused, 2: no enricher runs, 3: the enricher does not stay up)
#   ./setup.sh --logs [NAME] follow the logs, of all services or of one
#   ./setup.sh --down        stop everything; the messages stay (docker volume rm iot-cloud_redpanda forgets them)
set -euo pipefail
cd "$(dirname "$0")"

readonly WAIT_S="${SETUP_WAIT_S:-180}"
readonly DASHBOARD=http://localhost:5001 CONSOLE=http://localhost:8080 CONNECT=http://localhost:4195

fail() { end 1 "$@"; }

end() {
  printf '%s\n' "${@:2}" >&2
  exit "$1"
}

check_tools() {
  command -v docker >/dev/null || fail "docker is missing: https://docs.docker.com/get-docker/"
  docker compose version >/dev/null 2>&1 || fail "docker compose is missing: https://docs.docker.com/compose/install/"
  docker info >/dev/null 2>&1 || fail "docker does not answer: is it running, and is $(id -un) allowed to use it?"
  command -v curl >/dev/null || fail "curl is missing"
}

# What is mounted is read by other users in the containers; with umask 077 nobody but its owner may.
check_readable() {
  local hidden
  hidden=$(find config connect/pipeline.yaml \( -type f ! -perm -o=r -o -type d ! -perm -o=rx \) -print)
  [[ -z $hidden ]] ||
    fail "the containers' users may not read ${hidden//$'\n'/, }. Run: chmod -R o+rX config connect/pipeline.yaml"
}

# The shell's COMPOSE_PROFILES goes before the one of .env.
compose() { COMPOSE_PROFILES=$1 docker compose "${@:2}"; }
# Whichever enricher runs.
readonly ANY=connect,bun

# The enricher whose container is `running`, or `restarting` (it ends again and again); nothing when there is none.
enricher() { compose "$ANY" ps --status "$1" --services | grep -xE 'connect|enrich' | head -n 1 || true; }

# The third argument is the exit code where it does not become ready.
wait_for() {
  local name=$1 url=$2 code=${3:-1} deadline=$((SECONDS + WAIT_S))
  printf 'waiting for %s ' "$name"
  until curl --noproxy '*' -fsS --max-time 3 -o /dev/null "$url" 2>/dev/null; do
    ((SECONDS < deadline)) || { echo; end "$code" "$name is not ready after $WAIT_S s. Why: ./setup.sh --logs, docs/troubleshooting.md"; }
    printf .
    sleep 1
  done
  echo ready
}

start() {
  local profile=$1 other=$2 was
  check_tools
  check_readable
  was=$(enricher running)$(enricher restarting)
  compose "$profile" build --quiet
  # Two kinds of enricher cannot share a group: the other goes first, and its committed offsets are the hand-over.
  compose "$ANY" rm --stop --force "$other"
  compose "$profile" up --detach ||
    fail "docker compose could not start everything. Why: docker logs iot-cloud-preflight, docs/troubleshooting.md"
  # Preflight has built Connect's two files anew, but `up` leaves alone a container that has not changed itself.
  [[ $profile != connect || $was != *connect* ]] || compose "$profile" restart connect
  [[ $profile != connect ]] || wait_for "Redpanda Connect" "$CONNECT/ready"
  wait_for "the dashboard" "$DASHBOARD/readyz"
  addresses "$profile"
}

addresses() {
  cat <<TEXT

  Dashboard  $DASHBOARD
  API        $DASHBOARD/api/stats
  Console    $CONSOLE
  Kafka      localhost:9092
  Enricher   $1

  See the messages:
    docker exec iot-cloud-redpanda rpk topic consume iot.raw
    docker exec iot-cloud-redpanda rpk topic consume iot.enriched
    docker exec iot-cloud-redpanda rpk topic consume iot.raw.dlq
    docker exec iot-cloud-redpanda rpk group list

  ./setup.sh --logs    ./setup.sh --reload    ./setup.sh --down
TEXT
}

reload() {
  check_tools
  check_readable
  local running looping
  running=$(enricher running)
  looping=$(enricher restarting)
  # Builds only when the registry is sound; else it says every fault and leaves the old files.
  compose "$ANY" run --rm --no-deps preflight bun connect/build.ts --out /transform ||
    fail "config/device-registry.json is refused; what is running keeps the old one"
  case "$running,$looping" in
    connect,*) restart_connect ;;
    enrich,*) echo "accepted: the Bun services watch the file and have it already" ;;
    ,connect)
      echo "Redpanda Connect keeps failing; it is restarted with the current registry"
      restart_connect
      ;;
    ,enrich)
      end 3 "the registry is valid, but the Bun enricher keeps failing. Why: docker logs iot-cloud-enrichment-bun"
      ;;
    *) end 2 "the registry is valid, but no enricher is running: ./setup.sh starts one" ;;
  esac
}

restart_connect() {
  compose "$ANY" restart connect
  wait_for "Redpanda Connect" "$CONNECT/ready" 3
}

case "${1:-}" in
  "") start connect enrich ;;
  --bun) start bun connect ;;
  --reload) reload ;;
  --logs) shift && check_tools && compose "$ANY" logs --follow --tail 100 "$@" ;;
  --down) check_tools && compose "$ANY" down --remove-orphans ;;
  *) sed -n '2,8s/^# \{0,1\}//p' "$0" && exit 1 ;;
esac
