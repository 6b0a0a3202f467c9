#!/usr/bin/env bash
# Builds the Go programs that judge ours (tests/judges) and that ours are measured against
# (tests/bench/peer).
set -euo pipefail
source "$(dirname "$0")/lib.sh"

usage() {
  cat <<TEXT
Usage: ${0##*/} [--into DIRECTORY] [NAME...]
Builds tests/judges/NAME or tests/bench/peer/NAME (default: kstatus) into DIRECTORY (default:
$TOOLS_DIR). Needs Go $GO_MINIMUM or newer.
TEXT
}

# Prints the folder of that name.
find_module() {
  local folder
  for folder in tests/judges tests/bench/peer; do
    if [ -f "$REPO_ROOT/$folder/$1/go.mod" ]; then
      printf '%s\n' "$REPO_ROOT/$folder/$1"
      return
    fi
  done
  fail "there is neither tests/judges/$1 nor tests/bench/peer/$1."
}

main() {
  local go name module directory=$TOOLS_DIR
  case "${1:-}" in
    -h | --help) usage && exit ;;
    --into)
      mkdir -p "$2"
      directory=$(cd "$2" && pwd)
      shift 2
      ;;
  esac
  [ $# -gt 0 ] || set -- kstatus
  go=$(find_go) || fail "Go $GO_MINIMUM or newer is needed: run hack/install_deps.sh."
  mkdir -p "$directory"
  for name in "$@"; do
    module=$(find_module "$name")
    (cd "$module" && "$go" build -trimpath -o "$directory/$name" .)
  done
}

main "$@"
