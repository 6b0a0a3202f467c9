#!/usr/bin/env bash
# Lints every shell script (shellcheck) and every YAML file (yamllint).
set -euo pipefail
source "$(dirname "$0")/lib.sh"

# Known files and new ones, but not those that are deleted and not yet committed.
list_files() {
  git ls-files --cached --others --exclude-standard --deduplicate -- "$@" |
    while read -r file; do [ ! -f "$file" ] || echo "$file"; done
}

# Scripts by name or, where a tool wants a name without ending, by their first line.
list_scripts() {
  list_files '*.sh'
  list_files .ci hack/hooks | while read -r file; do
    if [[ $file != *.sh ]] && head -n 1 "$file" | grep -q '^#!.*sh$'; then
      echo "$file"
    fi
  done
}

main() {
  local files
  cd "$REPO_ROOT"
  mapfile -t files < <(list_scripts)
  shellcheck --external-sources --source-path=SCRIPTDIR "${files[@]}"
  mapfile -t files < <(list_files '*.yaml' '*.yml' .clang-format .clang-tidy .yamllint)
  yamllint --strict "${files[@]}"
}

main "$@"
