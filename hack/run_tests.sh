#!/usr/bin/env bash
# Runs tests of a build against a local cluster that is made for this run and removed after it.
set -euo pipefail
source "$(dirname "$0")/lib.sh"

usage() {
  cat <<TEXT
Usage: ${0##*/} [PRESET [CTEST_ARGUMENT...]]
Starts a local cluster, applies crds/, runs "ctest --preset PRESET CTEST_ARGUMENT..." (default: dev,
all tests) and stops the cluster again. The build must be there. The exit code is ctest's.
TEXT
}

main() {
  local preset code=0
  case "${1:-}" in
    -h | --help) usage && exit ;;
  esac
  preset=${1:-dev}
  shift $(($# < 1 ? $# : 1))
  TENANTRY_CLUSTER_DIR=$(mktemp -d "${TMPDIR:-/tmp}/tenantry-test-XXXXXX")
  export TENANTRY_CLUSTER_DIR
  trap '"$REPO_ROOT/hack/local_cluster.sh" down' EXIT
  "$REPO_ROOT/hack/local_cluster.sh" up
  eval "$("$REPO_ROOT/hack/local_cluster.sh" env)"
  export TENANTRY_BIN_DIR=$REPO_ROOT/build/$preset/bin
  kubectl apply --filename "$REPO_ROOT/crds" >/dev/null
  kubectl wait --for=condition=Established crd --all --timeout=30s >/dev/null
  cd "$REPO_ROOT"
  ctest --preset "$preset" --parallel "$(nproc)" "$@" || code=$?
  return "$code"
}

main "$@"
