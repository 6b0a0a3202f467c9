#!/usr/bin/env bash
# Memory of tenantry-operator and tenantry-agent with nothing to do, beside a Go operator that does
# the operator's work (tests/judges/twin), all in the same run against the same empty cluster.
set -euo pipefail
source "$(dirname "$0")/../../hack/lib.sh"

usage() {
  cat <<TEXT
Usage: ${0##*/}
Prints a table: resident (RSS) and proportional (PSS) memory, and the ratio to the peer. The programs
are those of build/release/bin; TENANTRY_BIN_DIR names another folder. They idle for SETTLE_SECONDS
(now: $SETTLE_SECONDS) before they are measured.
TEXT
}

readonly SETTLE_SECONDS=${SETTLE_SECONDS:-10}
readonly BIN_DIR=${TENANTRY_BIN_DIR:-$REPO_ROOT/build/release/bin}
readonly PROGRAMS=(tenantry-operator tenantry-agent)

# run NAME READY_URL COMMAND...: starts it and waits until it is ready.
run() {
  local name=$1 url=$2
  shift 2
  start_process "$WORK/$name.pid" "$WORK/$name.log" "$@"
  if ! wait_until 60 curl --silent --fail --max-time 2 --output /dev/null "$url"; then
    tail -n 20 "$WORK/$name.log" >&2
    fail "$name is not ready after 60 s; its last words are above."
  fi
}

start_programs() {
  local ports pki=$TENANTRY_PKI_DIR
  mapfile -t ports < <(free_ports 6)
  run tenantry-agent "http://127.0.0.1:${ports[1]}/readyz" "$BIN_DIR/tenantry-agent" \
    --name local --listen-address "127.0.0.1:${ports[0]}" --tls-ca-file "$pki/ca.crt" \
    --tls-cert-file "$pki/agent.crt" --tls-key-file "$pki/agent.key" \
    --health-probe-bind-address "127.0.0.1:${ports[1]}" \
    --metrics-bind-address "127.0.0.1:${ports[2]}"
  run tenantry-operator "http://127.0.0.1:${ports[3]}/readyz" "$BIN_DIR/tenantry-operator" \
    --kubeconfig "$TENANTRY_OPERATOR_KUBECONFIG" --agent-ca-file "$pki/ca.crt" \
    --agent-cert-file "$pki/operator.crt" --agent-key-file "$pki/operator.key" \
    --health-probe-bind-address "127.0.0.1:${ports[3]}" \
    --metrics-bind-address "127.0.0.1:${ports[4]}"
  if command -v twin >/dev/null; then
    run twin "http://127.0.0.1:${ports[5]}/metrics" twin \
      -agent http://127.0.0.1:9 -metrics-bind-address "127.0.0.1:${ports[5]}"
  fi
}

# kibibytes NAME FIELD: of /proc/PID/smaps_rollup.
kibibytes() {
  local pid
  read -r pid _ <"$WORK/$1.pid"
  awk -v field="$2:" '$1 == field { print $2 }' "/proc/$pid/smaps_rollup"
}

print_table() {
  local name peer_rss=0
  [ ! -f "$WORK/twin.pid" ] || peer_rss=$(kibibytes twin Rss)
  printf '%-22s %10s %10s %14s\n' program RSS PSS 'RSS : Go peer'
  for name in "${PROGRAMS[@]}" twin; do
    [ -f "$WORK/$name.pid" ] || continue
    awk -v name="$name" -v rss="$(kibibytes "$name" Rss)" -v pss="$(kibibytes "$name" Pss)" \
      -v peer="$peer_rss" 'BEGIN {
        ratio = peer ? sprintf("%.2f", rss / peer) : "unknown"
        printf "%-22s %6.1f MiB %6.1f MiB %14s\n", name, rss / 1024, pss / 1024, ratio }'
  done
}

stop_all() {
  local name
  for name in "${PROGRAMS[@]}" twin; do
    stop_process "$WORK/$name.pid"
  done
  "$REPO_ROOT/hack/local_cluster.sh" down
}

main() {
  local name
  case "${1:-}" in
    -h | --help) usage && exit ;;
  esac
  for name in "${PROGRAMS[@]}"; do
    [ -x "$BIN_DIR/$name" ] || fail "there is no $BIN_DIR/$name: run make build."
  done
  if find_go >/dev/null; then
    "$REPO_ROOT/hack/build_judges.sh" twin
  else
    say "Without Go there is no peer to compare with: run hack/install_deps.sh."
  fi
  TENANTRY_CLUSTER_DIR=$(mktemp -d "${TMPDIR:-/tmp}/tenantry-bench-XXXXXX")
  export TENANTRY_CLUSTER_DIR
  readonly WORK=$TENANTRY_CLUSTER_DIR/bench
  trap stop_all EXIT
  "$REPO_ROOT/hack/local_cluster.sh" up
  eval "$("$REPO_ROOT/hack/local_cluster.sh" env)"
  mkdir -p "$WORK"
  kubectl apply --filename "$REPO_ROOT/crds" >/dev/null
  kubectl wait --for=condition=Established crd --all --timeout=30s >/dev/null
  start_programs
  say "Idling for $SETTLE_SECONDS s ..."
  sleep "$SETTLE_SECONDS"
  print_table
}

main "$@"
