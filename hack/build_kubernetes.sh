#!/usr/bin/env bash
# Builds kube-apiserver and kubectl from the Go module proxy: no prebuilt programs are downloaded.
# 4 minutes on 2 cores with an empty Go cache; nothing when they are there already.
set -euo pipefail
source "$(dirname "$0")/lib.sh"

usage() {
  cat <<TEXT
Usage: ${0##*/} [DIRECTORY]
Builds kube-apiserver and kubectl $KUBERNETES_VERSION into DIRECTORY (default: $TOOLS_DIR).
Programs of that version that are there already are left alone. Needs Go $GO_MINIMUM or newer.
TEXT
}

# The k8s.io/* staging modules of release v1.N.P are published as v0.N.P.
readonly STAGING_VERSION=v0${KUBERNETES_VERSION#v1}

has_right_version() {
  local answer
  case "$1" in
    */kubectl) answer=$("$1" version --client 2>/dev/null) ;;
    *) answer=$("$1" --version 2>/dev/null) ;;
  esac
  [[ $answer == *"$KUBERNETES_VERSION"* ]]
}

# k8s.io/kubernetes cannot be `go install`ed: its go.mod replaces the staging modules by local folders.
# So take its own go.mod and go.sum, and point the replacements at the published staging modules.
write_module() {
  local go=$1 gomod dir description
  description=$("$go" mod download -json "k8s.io/kubernetes@$KUBERNETES_VERSION")
  gomod=$(jq -r .GoMod <<<"$description")
  dir=$(jq -r .Dir <<<"$description")
  sed -E -e 's#^module .*#module controlplane#' \
    -e "s#^\t(k8s\.io/[a-z-]+) => \./staging/.*#\t\1 => \1 $STAGING_VERSION#" "$gomod" >go.mod
  cp "$dir/go.sum" go.sum
  chmod u+w go.mod go.sum
  "$go" mod edit -require "k8s.io/kubernetes@$KUBERNETES_VERSION"
}

build() {
  local out=$1 go work package=k8s.io/component-base/version minor
  shift
  go=$(find_go) || fail "Go $GO_MINIMUM or newer is needed: run hack/install_deps.sh."
  work=$(mktemp -d)
  # shellcheck disable=SC2064  # now, while $work is known
  trap "rm -rf '$work'" EXIT
  cd "$work"
  write_module "$go"
  minor=${KUBERNETES_VERSION#v1.}
  "$go" build -mod=mod -trimpath -o "$out/" -ldflags "-s -w \
    -X $package.gitVersion=$KUBERNETES_VERSION -X $package.gitMajor=1 \
    -X $package.gitMinor=${minor%%.*}" "${@/#/k8s.io/kubernetes/cmd/}"
}

main() {
  local out name missing=()
  case "${1:-}" in
    -h | --help) usage && exit ;;
  esac
  mkdir -p "${1:-$TOOLS_DIR}"
  out=$(cd "${1:-$TOOLS_DIR}" && pwd)
  for name in kube-apiserver kubectl; do
    has_right_version "$out/$name" || missing+=("$name")
  done
  if [ ${#missing[@]} -gt 0 ]; then
    say "Building ${missing[*]} $KUBERNETES_VERSION into $out (minutes, the first time) ..."
    build "$out" "${missing[@]}"
  fi
}

main "$@"
