#!/usr/bin/env bash
# Renews the texts that are generated: the tables of flags, which the programs print themselves.
set -euo pipefail
source "$(dirname "$0")/lib.sh"

usage() {
  cat <<TEXT
Usage: ${0##*/} [--check]
Fills what stands between <!-- flags:operator --> and <!-- /flags:operator --> (and the same for
agent) in README.md and docs/*.md with the flags of the program in build/dev/bin.
  --check   changes nothing; fails when something would change
TEXT
}

readonly PROGRAMS=(operator agent)

# fill NAME TABLE_FILE <TEXT: copies the text with the table between NAME's markers.
fill() {
  awk -v open="<!-- flags:$1 -->" -v close_mark="<!-- /flags:$1 -->" -v table="$2" '
    $0 == close_mark { inside = 0 }
    !inside { print }
    $0 == open { inside = 1; while ((getline line < table) > 0) print line; close(table) }'
}

main() {
  local mode=${1:-} work name program file stale=0
  case "$mode" in
    "" | --check) ;;
    -h | --help) usage && exit ;;
    *) usage >&2 && exit 2 ;;
  esac
  cd "$REPO_ROOT"
  work=$(mktemp -d)
  # shellcheck disable=SC2064  # now, while $work is known
  trap "rm -rf '$work'" EXIT
  for name in "${PROGRAMS[@]}"; do
    program=build/dev/bin/tenantry-$name
    [ -x "$program" ] || fail "there is no $program: run make generate."
    "$program" --print-flags-markdown >"$work/$name"
  done
  for file in README.md docs/*.md; do
    grep -q '^<!-- flags:' "$file" 2>/dev/null || continue
    cp "$file" "$work/text"
    for name in "${PROGRAMS[@]}"; do
      fill "$name" "$work/$name" <"$work/text" >"$work/filled"
      mv "$work/filled" "$work/text"
    done
    if ! cmp -s "$file" "$work/text"; then
      say "$file: the flag tables differ from the programs' flags."
      stale=1
      [ "$mode" = --check ] || cp "$work/text" "$file"
    fi
  done
  [ "$mode" != --check ] || [ "$stale" = 0 ] || fail "run make generate and commit the result."
}

main "$@"
