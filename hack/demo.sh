#!/usr/bin/env bash
# Shows what Tenantry does, on this machine and with real servers: three tenants and their data.
set -euo pipefail
source "$(dirname "$0")/lib.sh"

usage() {
  cat <<TEXT
Usage: ${0##*/} up|down
  up     starts the servers, tenantry-operator and tenantry-agent, and shows tenants from YAML to rows
  down   stops and removes all of it
The programs are those of build/release/bin; TENANTRY_BIN_DIR names another folder. Everything is in
TENANTRY_CLUSTER_DIR (now: $TENANTRY_CLUSTER_DIR).
TEXT
}

TENANTRY_CLUSTER_DIR=${TENANTRY_CLUSTER_DIR:-${TMPDIR:-/tmp}/tenantry-demo-$UID}
export TENANTRY_CLUSTER_DIR
readonly BIN_DIR=${TENANTRY_BIN_DIR:-$REPO_ROOT/build/release/bin}
readonly DEMO_DIR=$TENANTRY_CLUSTER_DIR/demo
readonly FIXTURES_DIR=$DEMO_DIR/fixtures MANIFESTS_DIR=$DEMO_DIR/manifests
readonly ISO_CODES=/usr/share/iso-codes/json
readonly KINDS=datastores,tenants,fixturesets

# ---- talk ----

now() { printf '%s\n' "${EPOCHREALTIME/[.,]/}"; }  # microseconds
seconds_since() { awk -v from="$1" -v to="$(now)" 'BEGIN { printf "%.1f s", (to - from) / 1e6 }'; }

step_number=0
step_started=$(now)
demo_started=$step_started
step() {
  step_number=$((step_number + 1))
  step_started=$(now)
  printf '\n%d. %s\n' "$step_number" "$1"
}
took() { printf '   (%s)\n' "$(seconds_since "$step_started")"; }
indented() { sed 's/^/   /'; }

# shown COMMAND...: prints the command as one would type it, and runs it.
shown() {
  printf '   $ %s\n' "$*"
  "$@" 2>&1 | indented
}

# ---- processes ----

# start_program NAME FLAG...
start_program() {
  local name=$1
  shift
  if ! process_runs "$DEMO_DIR/$name.pid"; then
    start_process "$DEMO_DIR/$name.pid" "$DEMO_DIR/$name.log" "$BIN_DIR/$name" "$@"
  fi
}

# await_ready NAME PORT: its /readyz; shows its last words when it does not come up.
await_ready() {
  if ! wait_until 60 curl --silent --fail --max-time 2 "http://127.0.0.1:$2/readyz"; then
    tail -n 20 "$DEMO_DIR/$1.log" >&2
    fail "$1 is not ready after 60 s; the end of $DEMO_DIR/$1.log is above."
  fi
}

choose_ports() {
  [ -s "$DEMO_DIR/ports" ] || free_ports 5 >"$DEMO_DIR/ports"
  mapfile -t PORTS <"$DEMO_DIR/ports"
  AGENT_PORT=${PORTS[0]} AGENT_HEALTH_PORT=${PORTS[1]} AGENT_METRICS_PORT=${PORTS[2]}
  OPERATOR_HEALTH_PORT=${PORTS[3]} OPERATOR_METRICS_PORT=${PORTS[4]}
}

start_agent() {
  start_program tenantry-agent --name local --listen-address "127.0.0.1:$AGENT_PORT" \
    --tls-ca-file "$TENANTRY_PKI_DIR/ca.crt" --tls-cert-file "$TENANTRY_PKI_DIR/agent.crt" \
    --tls-key-file "$TENANTRY_PKI_DIR/agent.key" --fixtures-dir "$FIXTURES_DIR" \
    --health-probe-bind-address "127.0.0.1:$AGENT_HEALTH_PORT" \
    --metrics-bind-address "127.0.0.1:$AGENT_METRICS_PORT"
}

start_operator() {
  start_program tenantry-operator --kubeconfig "$TENANTRY_OPERATOR_KUBECONFIG" \
    --agent-ca-file "$TENANTRY_PKI_DIR/ca.crt" --agent-cert-file "$TENANTRY_PKI_DIR/operator.crt" \
    --agent-key-file "$TENANTRY_PKI_DIR/operator.key" \
    --health-probe-bind-address "127.0.0.1:$OPERATOR_HEALTH_PORT" \
    --metrics-bind-address "127.0.0.1:$OPERATOR_METRICS_PORT"
}

# ---- what a user would have ----

# The files of iso-codes wrap their list into an object with one key.
write_fixtures() {
  mkdir -p "$FIXTURES_DIR/iso-codes"
  jq '."3166-1"' "$ISO_CODES/iso_3166-1.json" >"$FIXTURES_DIR/iso-codes/countries.json"
  jq '."639-3"' "$ISO_CODES/iso_639-3.json" >"$FIXTURES_DIR/iso-codes/languages.json"
}

write_manifests() {
  local file
  mkdir -p "$MANIFESTS_DIR"
  for file in "$REPO_ROOT"/hack/demo/*.yaml; do
    sed -e "s/\${POSTGRES_PORT}/$TENANTRY_POSTGRES_PORT/" -e "s/\${REDIS_PORT}/$TENANTRY_REDIS_PORT/" \
      -e "s/\${AGENT_PORT}/$AGENT_PORT/" "$file" >"$MANIFESTS_DIR/${file##*/}"
  done
}

# make_secret NAME ARGUMENT...: creates or updates it; a change wakes the operator at once.
make_secret() {
  printf '   $ kubectl create secret generic %s\n' "$*"
  kubectl create secret generic "$@" --dry-run=client --output yaml |
    kubectl label --local --filename - --output yaml tenantry.dev/watch=true |
    kubectl apply --filename - | indented
}

explain_failure() {
  kubectl get "$KINDS" || true
  kubectl get events --field-selector type=Warning --sort-by .metadata.creationTimestamp || true
  fail "not everything became Ready within 120 s. Look at it with
  export KUBECONFIG=$KUBECONFIG
  kubectl describe $KINDS
and at the logs $DEMO_DIR/*.log, then stop it with: make demo-down"
}

# ---- the tenants' own view ----

binding_value() { kubectl get secret "$1" --output "jsonpath={.data['$2']}" | base64 --decode; }

# psql_as TENANT DATABASE [ARGUMENT...]: with the credentials of the tenant's binding Secret, and only
# those. An empty DATABASE is the tenant's own.
psql_as() {
  local secret=$1-connection ca=$DEMO_DIR/$1-ca.crt database=$2
  shift 2
  binding_value "$secret" 'ca\.crt' >"$ca"
  PGHOST=$(binding_value "$secret" host) PGPORT=$(binding_value "$secret" port) \
    PGDATABASE=${database:-$(binding_value "$secret" database)} \
    PGUSER=$(binding_value "$secret" username) PGPASSWORD=$(binding_value "$secret" password) \
    PGSSLMODE=verify-full PGSSLROOTCERT=$ca psql --no-psqlrc --quiet "$@"
}

# redis_as TENANT COMMAND...
redis_as() {
  local secret=$1-cache
  shift
  REDISCLI_AUTH=$(binding_value "$secret" password) redis-cli --no-auth-warning \
    -h "$(binding_value "$secret" host)" -p "$(binding_value "$secret" port)" \
    --user "$(binding_value "$secret" username)" "$@"
}

# show_rows TENANT TABLE...
show_rows() {
  local tenant=$1 schema table query=
  shift
  schema=$(binding_value "$tenant-connection" schema)
  for table in "$@"; do
    query="$query${query:+ UNION ALL }SELECT '$table' AS \"table\", count(*) AS rows FROM $schema.$table"
  done
  printf '   $ psql  # as %s, with host, username and password of Secret %s\n' \
    "$(binding_value "$tenant-connection" username)" "$tenant-connection"
  psql_as "$tenant" "" --set ON_ERROR_STOP=1 --pset footer=off --command "$query" | indented
}

# show_refusal WHAT PATTERN COMMAND...: the command must be refused, in those words.
show_refusal() {
  local what=$1 pattern=$2 answer
  shift 2
  answer=$("$@" 2>&1) || true
  printf '   %s:\n      %s\n' "$what" "$(grep -m 1 . <<<"$answer")"
  grep -q -- "$pattern" <<<"$answer" ||
    fail "this had to be refused. Please report it as a security bug."
}

show_refusals() {
  local acme_schema
  acme_schema=$(binding_value acme-connection schema)
  show_refusal "globex reads a table of acme" "permission denied" \
    psql_as globex "" --command "SELECT * FROM $acme_schema.users"
  show_refusal "globex connects to the database of atlas" "permission denied" \
    psql_as globex "$(binding_value atlas-connection database)" --command "SELECT 1"
  show_refusal "globex reads a Redis key of acme" "NOPERM" \
    redis_as globex HGETALL acme:session:acme_user_000001
}

# ---- the story ----

prepare() {
  local file
  for file in tenantry-operator tenantry-agent; do
    [ -x "$BIN_DIR/$file" ] || fail "there is no $BIN_DIR/$file: run make build."
  done
  [ -s "$ISO_CODES/iso_639-3.json" ] || fail "Debian's iso-codes is missing: run hack/install_deps.sh."
  step "Start a Kubernetes API server, PostgreSQL and Redis"
  shown "$REPO_ROOT/hack/local_cluster.sh" up
  eval "$("$REPO_ROOT/hack/local_cluster.sh" env)"
  mkdir -p "$DEMO_DIR"
  choose_ports
  write_fixtures
  write_manifests
  took
}

install() {
  step "Install the kinds DataStore, Tenant and FixtureSet, and what the operator may do"
  shown kubectl apply --filename "$REPO_ROOT/crds"
  shown kubectl apply --filename "$REPO_ROOT/hack/manifests/operator-rbac.yaml"
  kubectl wait --for=condition=Established crd --all --timeout=30s >/dev/null
  took
  step "Start one agent and the operator (mutual TLS between them)"
  start_agent
  start_operator
  await_ready tenantry-agent "$AGENT_HEALTH_PORT"
  await_ready tenantry-operator "$OPERATOR_HEALTH_PORT"
  printf '   logs: %s/tenantry-{operator,agent}.log\n' "$DEMO_DIR"
  took
}

apply() {
  step "Say where tenants live: a DataStore, and the Secrets it names"
  make_secret main-admin --from-literal=username="$TENANTRY_POSTGRES_ADMIN_USER" \
    --from-file=password="$TENANTRY_POSTGRES_ADMIN_PASSWORD_FILE"
  make_secret main-ca --from-file=ca.crt="$TENANTRY_POSTGRES_CA_FILE"
  make_secret main-redis-admin --from-file=password="$TENANTRY_REDIS_PASSWORD_FILE"
  shown kubectl apply --filename "$MANIFESTS_DIR/1-data-store.yaml"
  took
  step "Make three tenants and load their data: one YAML each"
  shown kubectl apply --filename "$MANIFESTS_DIR/2-tenants.yaml"
  shown kubectl apply --filename "$MANIFESTS_DIR/3-fixture-sets.yaml"
  printf '   $ kubectl wait --for=condition=Ready %s --all\n' "$KINDS"
  kubectl wait --for=condition=Ready "$KINDS" --all --timeout=120s | indented || explain_failure
  printf '   everything Ready %s after the first kubectl apply of this step\n' \
    "$(seconds_since "$step_started")"
}

show() {
  local kind
  step "Look at it"
  for kind in ${KINDS//,/ }; do
    shown kubectl get "$kind"
  done
  step "Read the rows as the tenants' own applications would"
  show_rows acme artists albums tracks users listening_history
  show_rows globex artists tracks users
  show_rows atlas countries languages
  printf '   $ redis-cli HGETALL acme:session:acme_user_000001  # with Secret acme-cache\n'
  redis_as acme HGETALL acme:session:acme_user_000001 | indented
  took
  step "Try to reach another tenant's data"
  show_refusals
  took
}

up() {
  prepare
  install
  apply
  show
  printf '\nDone in %s. Look around with:\n' "$(seconds_since "$demo_started")"
  printf '  export KUBECONFIG=%q\n' "$KUBECONFIG"
  printf '  kubectl describe tenant acme\n'
  printf 'Stop it with: make demo-down\n'
}

down() {
  stop_process "$DEMO_DIR/tenantry-operator.pid"
  stop_process "$DEMO_DIR/tenantry-agent.pid"
  "$REPO_ROOT/hack/local_cluster.sh" down
}

main() {
  case "${1:-}" in
    up) up ;;
    down) down ;;
    -h | --help) usage ;;
    *) usage >&2 && exit 2 ;;
  esac
}

main "$@"
