#!/usr/bin/env bash
# Formats the C++ sources, or checks that they are formatted.
set -euo pipefail
source "$(dirname "$0")/lib.sh"

usage() {
  cat <<TEXT
Usage: ${0##*/} [--fix] [FILE...]
Checks FILEs (default: all .cc and .h that git knows or could know) against .clang-format; --fix
rewrites them. Uses clang-format-14 where it is installed: the versions differ in details.
TEXT
}

main() {
  local mode=(--dry-run -Werror) program files=()
  case "${1:-}" in
    -h | --help) usage && exit ;;
    --fix) mode=(-i) && shift ;;
  esac
  cd "$REPO_ROOT"
  program=$(command -v clang-format-14 || command -v clang-format) ||
    fail "there is no clang-format: run hack/install_deps.sh."
  files=("$@")
  if [ $# = 0 ]; then
    mapfile -t files < <(git ls-files --cached --others --exclude-standard --deduplicate \
      -- '*.cc' '*.h' | while read -r file; do [ ! -f "$file" ] || echo "$file"; done)
  fi
  [ ${#files[@]} = 0 ] || printf '%s\0' "${files[@]}" |
    xargs -0 --max-procs="$(nproc)" --max-args=20 "$program" "${mode[@]}"
}

main "$@"
