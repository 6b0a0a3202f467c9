#!/usr/bin/env bash
# Runs every fuzz target for a short while, from its seed corpus.
set -euo pipefail
source "$(dirname "$0")/lib.sh"

usage() {
  cat <<TEXT
Usage: ${0##*/} [TARGET...]
Runs build/fuzz/bin/TARGET (default: all *_fuzz) for FUZZ_SECONDS seconds each (now: $FUZZ_SECONDS).
Seeds are in tests/fuzz/corpus/NAME (TARGET without "_fuzz"); new inputs go to build/fuzz/corpus/NAME.
An input that crashes a target is kept in build/fuzz/crashes: turn it into a unit test.
TEXT
}

readonly FUZZ_SECONDS=${FUZZ_SECONDS:-20}
readonly BUILD=$REPO_ROOT/build/fuzz

# run_target NAME
run_target() {
  local target=$1 name=${1%_fuzz} log code=0
  local found=$BUILD/corpus/$name seeds=$REPO_ROOT/tests/fuzz/corpus/$name
  [ -n "$(ls -A "$seeds" 2>/dev/null)" ] || fail "$target has no seeds in tests/fuzz/corpus/$name."
  mkdir -p "$found" "$BUILD/crashes"
  log=$BUILD/$target.log
  "$BUILD/bin/$target" -max_total_time="$FUZZ_SECONDS" -timeout=10 -rss_limit_mb=2048 \
    -artifact_prefix="$BUILD/crashes/$name-" -print_final_stats=1 "$found" "$seeds" >"$log" 2>&1 || code=$?
  if [ "$code" != 0 ]; then
    tail -n 40 "$log" >&2
    fail "$target failed; the input is in build/fuzz/crashes, all output in $log."
  fi
  printf '%-24s %9s runs, no finding\n' "$target" \
    "$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")"
}

main() {
  local target targets=("$@")
  case "${1:-}" in
    -h | --help) usage && exit ;;
  esac
  if [ $# = 0 ]; then
    mapfile -t targets < <(cd "$BUILD/bin" 2>/dev/null && ls -- *_fuzz)
  fi
  [ ${#targets[@]} -gt 0 ] || fail "there is no fuzz target in build/fuzz/bin: run make fuzz-smoke."
  for target in "${targets[@]}"; do
    run_target "$target"
  done
}

main "$@"
