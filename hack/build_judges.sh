#!/usr/bin/env bash
# Builds the Go programs of tests/judges: they judge and measure ours from outside.
set -euo pipefail
source "$(dirname "$0")/lib.sh"

usage() {
  cat <<TEXT
Usage: ${0##*/} [NAME...]
Builds tests/judges/NAME (default: kstatus) into $TOOLS_DIR. Needs Go $GO_MINIMUM or newer.
TEXT
}

main() {
  local go name
  case "${1:-}" in
    -h | --help) usage && exit ;;
  esac
  [ $# -gt 0 ] || set -- kstatus
  go=$(find_go) || fail "Go $GO_MINIMUM or newer is needed: run hack/install_deps.sh."
  mkdir -p "$TOOLS_DIR"
  for name in "$@"; do
    [ -f "$REPO_ROOT/tests/judges/$name/go.mod" ] || fail "there is no tests/judges/$name."
    (cd "$REPO_ROOT/tests/judges/$name" && "$go" build -trimpath -o "$TOOLS_DIR/$name" .)
  done
}

main "$@"
