#!/usr/bin/env bash
# Makes the certificates that operator and agent know each other by: one CA and a leaf for each side.
set -euo pipefail
source "$(dirname "$0")/lib.sh"

usage() {
  cat <<TEXT
Usage: ${0##*/} DIRECTORY [NAMESPACE [AGENT_NAME...]]
Writes ca.{crt,key}, operator.{crt,key} and AGENT_NAME.{crt,key} (default: agent, whose name is
"local") into DIRECTORY: P-256, mutual TLS on 127.0.0.1 and localhost, and the names
  spiffe://tenantry.dev/ns/NAMESPACE/operator/tenantry-operator
  spiffe://tenantry.dev/ns/NAMESPACE/agent/AGENT_NAME
NAMESPACE is tenantry-system unless given. A CA that is there already is used again; leaves are made
anew, so that running this again renews them.
TEXT
}

# make_peer DIRECTORY FILE NAMESPACE ROLE NAME
make_peer() {
  make_leaf "$1" ca "$2" "$5" \
    "URI:spiffe://tenantry.dev/ns/$3/$4/$5,IP:127.0.0.1,DNS:localhost"
}

main() {
  local directory namespace agent
  case "${1:-}" in
    -h | --help) usage && exit ;;
    "") usage >&2 && exit 2 ;;
  esac
  directory=$1
  namespace=${2:-tenantry-system}
  shift $(($# < 2 ? $# : 2))
  umask 077
  mkdir -p "$directory"
  make_ca "$directory" ca tenantry-ca
  make_peer "$directory" operator "$namespace" operator tenantry-operator
  [ $# -gt 0 ] || make_peer "$directory" agent "$namespace" agent local
  for agent in "$@"; do
    make_peer "$directory" "$agent" "$namespace" agent "$agent"
  done
}

main "$@"
