#!/usr/bin/env bash
# Fails on an #include that a layer may not have. The tables below are the rules.
set -euo pipefail
source "$(dirname "$0")/lib.sh"

usage() {
  cat <<TEXT
Usage: ${0##*/} [DIRECTORY]
Checks the includes of common/, operator/, agent/ and cli/ below DIRECTORY (default: this repository).
TEXT
}

# Folder, and below which folders the headers of ours are that its files may include, beside its own.
# The longest folder that fits decides.
readonly OWN_HEADERS='
common/base
common/api          common/base
common/flags        common/base
common/net          common/base
common/telemetry    common/base common/net
operator/plan       common/base common/api
operator/kube       common
operator/agents     common
operator            common operator
agent/tasks         common
agent/postgres      common
agent/redis         common
agent/load/read     common/base common/api
agent/load/map      common/base common/api agent/load/read
agent               common agent
cli                 common agent
'

# Pure files outside operator/plan, as glob patterns: they may include each other, common/base and
# common/api.
readonly PURE_FILES='
agent/load/input.* agent/load/csv_* agent/load/json_* agent/load/read/* agent/load/map/*
agent/load/record* agent/load/row_encoder.* agent/load/table.* agent/load/content_hash.*
agent/provision/desired.* agent/provision/migrations.* agent/provision/observed.*
agent/provision/plan.* agent/provision/templates.*
'

# Third-party header (as a prefix), and below which folders or file names it may be included.
readonly FOREIGN_HEADERS='
httplib.h         common/net
openssl/ssl.h     common/net
openssl/x509      common/net
openssl/          common/base/sha256 common/net agent
spdlog/           common/telemetry
prometheus/       common/telemetry
pqxx/             agent/postgres
libpq             agent/postgres
hiredis/          agent/redis
re2/              agent/load/map
curl/             agent/load/url_source
sqlite3.h         agent/load/sqlite_export
yaml-cpp/         common/flags operator/kube cli
CLI/              common/flags cli
nlohmann/         common/api operator/kube operator/agents operator/reconcile agent cli
'

# A header of ours that includes one of these is private to its folder: third-party types stay out of
# interfaces.
readonly HEAVY='httplib.h openssl/ spdlog/ prometheus/ pqxx/ libpq hiredis/ re2/ curl/ sqlite3.h yaml-cpp/ CLI/ nlohmann/json.hpp'
# Exceptions: Kubernetes objects are JSON, and hiding that in a client of its API would only rename it;
# and the guarded way from bytes to JSON and to typed fields, which codecs share.
readonly HEAVY_INTERFACES='operator/kube/client.h common/api/json_text.h common/api/json_reader.h'

# below PATH FOLDER...: whether the path begins with one of them.
below() {
  local path=$1 folder
  shift
  for folder in "$@"; do
    [[ $path != "$folder"* ]] || return 0
  done
  return 1
}

# find_rule TABLE PATH: sets `rule` to the words of the table's line whose first one is the longest
# that the path begins with; to nothing when there is none.
find_rule() {
  local words
  rule=()
  while read -r -a words; do
    if [ ${#words[@]} -gt 0 ] && below "$2" "${words[0]}" &&
      { [ ${#rule[@]} = 0 ] || [ ${#words[0]} -gt ${#rule[0]} ]; }; then
      rule=("${words[@]}")
    fi
  done <<<"$1"
}

is_pure() {
  local pattern
  for pattern in $PURE_FILES; do
    # shellcheck disable=SC2053  # a pattern on purpose
    [[ $1 != $pattern ]] || return 0
  done
  return 1
}

violations=0
complain() {
  printf '%s: %s\n' "$1" "$2" >&2
  violations=$((violations + 1))
}

# check_own FILE LINE HEADER
check_own() {
  local file=$1 header=$3 rule
  find_rule "$OWN_HEADERS" "$file"
  if [ ${#rule[@]} = 0 ]; then
    complain "$file:$2" "this folder has no rule in check_layers.sh: add one"
  elif ! below "$header" "${file%/*}/" "${rule[@]/%//}"; then
    complain "$file:$2" "a file of ${rule[0]}/ may not include \"$header\""
  elif is_pure "$file" && ! is_pure "$header" && ! below "$header" common/base/ common/api/; then
    complain "$file:$2" "a pure file may not include \"$header\""
  elif [[ -n ${private_headers[$header]:-} && ${header%/*} != "${file%/*}" ]]; then
    complain "$file:$2" "\"$header\" is private to ${header%/*}/: it includes <${private_headers[$header]}>"
  fi
}

# check_foreign FILE LINE HEADER
check_foreign() {
  local file=$1 header=$3 rule
  find_rule "$FOREIGN_HEADERS" "$header"
  # Without a rule it is the standard library's or the system's.
  if [ ${#rule[@]} -gt 0 ] && ! below "$file" "${rule[@]:1}"; then
    complain "$file:$2" "<$header> may only be included below: ${rule[*]:1}"
  fi
}

# Private headers: file → the heavy header that makes it private.
declare -A private_headers
note_private() {
  local file=$1 header=$2
  # shellcheck disable=SC2086  # lists of words
  if [[ $file == *.h ]] && ! below "$file" $HEAVY_INTERFACES && below "$header" $HEAVY; then
    private_headers[$file]=$header
  fi
}

main() {
  local includes file line header kind
  case "${1:-}" in
    -h | --help) usage && exit ;;
  esac
  cd "${1:-$REPO_ROOT}"
  includes=$(grep -rnoE --include='*.h' --include='*.cc' '^[[:space:]]*#[[:space:]]*include[[:space:]]*[<"][^>"]+' \
    common operator agent cli | sed -E 's/^([^:]+):([0-9]+):.*([<"])(.*)$/\1 \2 \3 \4/')
  [ -n "$includes" ] || fail "there are no sources below $PWD."
  while read -r file line kind header; do
    [ "$kind" != '<' ] || note_private "$file" "$header"
  done <<<"$includes"
  while read -r file line kind header; do
    if [ "$kind" = '"' ]; then
      check_own "$file" "$line" "$header"
    else
      check_foreign "$file" "$line" "$header"
    fi
  done <<<"$includes"
  [ "$violations" = 0 ] || fail "$violations forbidden includes; the layers are explained in the README."
}

main "$@"
