#!/usr/bin/env bash
# A real Kubernetes API, PostgreSQL and Redis on this machine, for tests and demo: no containers, no
# root needed, everything on 127.0.0.1 and in one scratch folder.
set -euo pipefail
source "$(dirname "$0")/lib.sh"

usage() {
  cat <<TEXT
Usage: ${0##*/} up|down|env|status|stop NAME [SIGNAL]|start NAME
  up       starts etcd, kube-apiserver, PostgreSQL and Redis on free ports; nothing if they run
  down     stops them and removes the scratch folder
  env      prints what to export: eval "\$(hack/local_cluster.sh env)"
  status   tells what runs; exit code 1 unless all does
  stop     ends one of these servers by SIGNAL (default: TERM) and keeps its data
  start    starts it again, on the same port; does not wait until it answers
           NAME: ${SERVERS[*]}
TENANTRY_CLUSTER_DIR is the scratch folder (now: $CLUSTER_DIR). PostgreSQL refuses to
run as root: then it runs as the user "postgres".
TEXT
}

CLUSTER_DIR=$(realpath --canonicalize-missing --no-symlinks \
  "${TENANTRY_CLUSTER_DIR:-${TMPDIR:-/tmp}/tenantry-cluster-$UID}")
readonly CLUSTER_DIR
readonly RUN_DIR=$CLUSTER_DIR/run LOG_DIR=$CLUSTER_DIR/logs
readonly KUBERNETES_DIR=$CLUSTER_DIR/kubernetes POSTGRES_DIR=$CLUSTER_DIR/postgres
readonly REDIS_DIR=$CLUSTER_DIR/redis PKI_DIR=$CLUSTER_DIR/pki
readonly SERVERS=(etcd kube-apiserver postgres redis)  # in the order of their start

AS_POSTGRES=()
[ "$UID" != 0 ] || AS_POSTGRES=(setpriv --reuid=postgres --regid=postgres --clear-groups --)
readonly AS_POSTGRES

start() {
  (umask 077 && printf '%q ' "${@:2}" >"$RUN_DIR/$1.command")  # for start_again
  start_process "$RUN_DIR/$1.pid" "$LOG_DIR/$1.log" "${@:2}"
}

# await NAME SECONDS COMMAND...: until the server answers; shows its log's end when it does not.
await() {
  local name=$1 seconds=$2
  shift 2
  if ! wait_until "$seconds" "$@"; then
    tail -n 20 "$LOG_DIR/$name.log" >&2 || true
    fail "$name was not ready within $seconds s; the end of $LOG_DIR/$name.log is above."
  fi
}

make_folders() {
  [ ! -L "$CLUSTER_DIR" ] || fail "$CLUSTER_DIR is a symbolic link; set TENANTRY_CLUSTER_DIR."
  mkdir -p "$CLUSTER_DIR"
  # `down` removes the whole folder, so nothing of anybody else may be in it.
  [ -z "$(ls -A "$CLUSTER_DIR")" ] || fail "$CLUSTER_DIR is not empty; set TENANTRY_CLUSTER_DIR."
  [ -O "$CLUSTER_DIR" ] || fail "$CLUSTER_DIR belongs to somebody else; set TENANTRY_CLUSTER_DIR."
  mkdir -p "$RUN_DIR" "$LOG_DIR" "$KUBERNETES_DIR" "$REDIS_DIR" "$PKI_DIR" "$CLUSTER_DIR/bin" \
    "$POSTGRES_DIR/server"
  chmod 0700 "$RUN_DIR" "$LOG_DIR" "$KUBERNETES_DIR" "$REDIS_DIR" "$PKI_DIR" "$POSTGRES_DIR/server"
  chmod 0711 "$CLUSTER_DIR" "$POSTGRES_DIR"  # the user postgres has to pass through
}

# ---- Kubernetes ----

# write_kubeconfig FILE USER TOKEN [NAMESPACE]
write_kubeconfig() {
  (umask 077 && cat >"$1") <<YAML
apiVersion: v1
kind: Config
clusters:
  - name: local
    cluster:
      server: https://127.0.0.1:$API_PORT
      certificate-authority: $KUBERNETES_DIR/ca.crt
users:
  - name: $2
    user:
      token: $3
contexts:
  - name: local
    context:
      cluster: local
      user: $2
      namespace: ${4:-default}
current-context: local
YAML
}

write_kubernetes_files() {
  local admin_token
  admin_token=$(random_password)
  make_ca "$KUBERNETES_DIR" ca kubernetes-ca
  make_leaf "$KUBERNETES_DIR" ca apiserver kube-apiserver \
    "IP:127.0.0.1,IP:10.96.0.1,DNS:localhost,DNS:kubernetes.default.svc"
  openssl genpkey -algorithm RSA -out "$KUBERNETES_DIR/service-accounts.key" 2>/dev/null
  (umask 077 && echo "$admin_token,admin,admin,system:masters" >"$KUBERNETES_DIR/tokens.csv")
  write_kubeconfig "$KUBERNETES_DIR/admin.kubeconfig" admin "$admin_token"
  # Who wrote what: tests prove with it that a pass with nothing to do writes nothing.
  cat >"$KUBERNETES_DIR/audit-policy.yaml" <<YAML
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
  - level: Metadata
    verbs: [create, update, patch, delete, deletecollection]
  - level: None
YAML
}

start_kubernetes() {
  local client="http://127.0.0.1:$ETCD_PORT" peer="http://127.0.0.1:$ETCD_PEER_PORT"
  start etcd "$ETCD" --name local --data-dir "$KUBERNETES_DIR/etcd" --unsafe-no-fsync \
    --listen-client-urls "$client" --advertise-client-urls "$client" \
    --listen-peer-urls "$peer" --initial-advertise-peer-urls "$peer" --initial-cluster "local=$peer"
  # No ServiceAccount admission: without a controller manager no namespace has a default account, and
  # pods of tests could not be created. 192.0.2.1 (TEST-NET) is announced to nobody.
  start kube-apiserver "$KUBE_APISERVER" --etcd-servers "$client" \
    --bind-address 127.0.0.1 --secure-port "$API_PORT" \
    --advertise-address 192.0.2.1 --endpoint-reconciler-type none \
    --tls-cert-file "$KUBERNETES_DIR/apiserver.crt" \
    --tls-private-key-file "$KUBERNETES_DIR/apiserver.key" \
    --token-auth-file "$KUBERNETES_DIR/tokens.csv" --authorization-mode Node,RBAC \
    --disable-admission-plugins ServiceAccount \
    --service-cluster-ip-range 10.96.0.0/16 \
    --service-account-issuer https://kubernetes.default.svc \
    --service-account-key-file "$KUBERNETES_DIR/service-accounts.key" \
    --service-account-signing-key-file "$KUBERNETES_DIR/service-accounts.key" \
    --audit-policy-file "$KUBERNETES_DIR/audit-policy.yaml" \
    --audit-log-path "$KUBERNETES_DIR/audit.log" --audit-log-mode blocking
}

kube() {
  KUBECACHEDIR="$KUBERNETES_DIR/cache" "$KUBECTL" --kubeconfig "$KUBERNETES_DIR/admin.kubeconfig" "$@"
}

# The operator's account with exactly the rights of its manifest.
finish_kubernetes() {
  local token
  await kube-apiserver 90 kube get --raw /readyz
  kube apply --filename "$REPO_ROOT/hack/manifests/operator-rbac.yaml" >/dev/null
  token=$(kube create token tenantry-operator --namespace tenantry-system --duration 720h)
  write_kubeconfig "$KUBERNETES_DIR/operator.kubeconfig" tenantry-operator "$token" tenantry-system
}

# ---- PostgreSQL ----

find_postgres_bin() {
  local candidate
  candidate=$(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
  [ -x "$candidate/postgres" ] || fail "there is no PostgreSQL server: run hack/install_deps.sh."
  printf '%s\n' "$candidate"
}

# The server's own files are in $POSTGRES_DIR/server and belong to the user that it runs as.
init_postgres() {
  local server=$POSTGRES_DIR/server
  (umask 077 && random_password >"$server/superuser.password" &&
    random_password >"$POSTGRES_DIR/admin.password")
  make_ca "$POSTGRES_DIR" ca postgres-ca
  make_leaf "$POSTGRES_DIR" ca server localhost "DNS:localhost,IP:127.0.0.1"
  mv "$POSTGRES_DIR/server.crt" "$POSTGRES_DIR/server.key" "$server/"
  [ "$UID" != 0 ] || chown -R postgres: "$server"
  if ! "${AS_POSTGRES[@]}" "$POSTGRES_BIN/initdb" --pgdata "$server/data" --username postgres \
    --pwfile "$server/superuser.password" --auth scram-sha-256 --encoding UTF8 --locale C.UTF-8 \
    --no-sync >"$LOG_DIR/initdb.log" 2>&1; then
    tail -n 20 "$LOG_DIR/initdb.log" >&2
    fail "initdb failed; its words are above."
  fi
  echo 'host all all 127.0.0.1/32 scram-sha-256' |
    "${AS_POSTGRES[@]}" tee "$server/data/pg_hba.conf" >/dev/null
}

start_postgres() {
  local server=$POSTGRES_DIR/server
  # Nothing here needs to outlive a power cut, so nothing waits for the disk.
  start postgres "${AS_POSTGRES[@]}" "$POSTGRES_BIN/postgres" -D "$server/data" \
    -c listen_addresses=127.0.0.1 -c port="$POSTGRES_PORT" -c unix_socket_directories= \
    -c ssl=on -c ssl_cert_file="$server/server.crt" \
    -c ssl_key_file="$server/server.key" -c max_connections=200 \
    -c fsync=off -c synchronous_commit=off -c full_page_writes=off
}

finish_postgres() {
  await postgres 60 pg_isready --quiet --host 127.0.0.1 --port "$POSTGRES_PORT"
  PGPASSWORD=$(<"$POSTGRES_DIR/server/superuser.password") PGSSLMODE=verify-full \
    PGSSLROOTCERT=$POSTGRES_DIR/ca.crt psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 \
    --host localhost --port "$POSTGRES_PORT" --username postgres --dbname postgres <<SQL
CREATE ROLE tenantry_admin LOGIN NOSUPERUSER CREATEROLE CREATEDB
  PASSWORD '$(<"$POSTGRES_DIR/admin.password")';
CREATE DATABASE app OWNER tenantry_admin;
SQL
}

# ---- Redis ----

start_redis() {
  (umask 077 && random_password >"$REDIS_DIR/password")
  (umask 077 && cat >"$REDIS_DIR/redis.conf") <<CONF
bind 127.0.0.1
port $REDIS_PORT
requirepass $(<"$REDIS_DIR/password")
dir $REDIS_DIR
save ""
appendonly no
CONF
  start redis redis-server "$REDIS_DIR/redis.conf"
}

redis_answers() {
  [ "$(REDISCLI_AUTH=$(<"$REDIS_DIR/password") redis-cli -h 127.0.0.1 -p "$REDIS_PORT" ping)" = PONG ]
}

# ---- commands ----

write_environment() {
  local name
  {
    printf 'export TENANTRY_CLUSTER_DIR=%q\n' "$CLUSTER_DIR"
    printf 'export KUBECONFIG=%q\n' "$KUBERNETES_DIR/admin.kubeconfig"
    printf 'export KUBECACHEDIR=%q\n' "$KUBERNETES_DIR/cache"
    printf 'export PATH=%q:"%s"\n' "$CLUSTER_DIR/bin" "\$PATH"
    printf 'export TENANTRY_OPERATOR_KUBECONFIG=%q\n' "$KUBERNETES_DIR/operator.kubeconfig"
    printf 'export TENANTRY_AUDIT_LOG=%q\n' "$KUBERNETES_DIR/audit.log"
    printf 'export TENANTRY_ETCD_ENDPOINT=%q\n' "http://127.0.0.1:$ETCD_PORT"
    printf 'export TENANTRY_PKI_DIR=%q\n' "$PKI_DIR"
    printf 'export TENANTRY_POSTGRES_HOST=localhost\n'
    printf 'export TENANTRY_POSTGRES_PORT=%q\n' "$POSTGRES_PORT"
    printf 'export TENANTRY_POSTGRES_DATABASE=app\n'
    printf 'export TENANTRY_POSTGRES_ADMIN_USER=tenantry_admin\n'
    printf 'export TENANTRY_POSTGRES_ADMIN_PASSWORD_FILE=%q\n' "$POSTGRES_DIR/admin.password"
    printf 'export TENANTRY_POSTGRES_CA_FILE=%q\n' "$POSTGRES_DIR/ca.crt"
    printf 'export TENANTRY_REDIS_HOST=127.0.0.1\n'
    printf 'export TENANTRY_REDIS_PORT=%q\n' "$REDIS_PORT"
    printf 'export TENANTRY_REDIS_PASSWORD_FILE=%q\n' "$REDIS_DIR/password"
  } >"$CLUSTER_DIR/env"
  ln -sf "$KUBECTL" "$CLUSTER_DIR/bin/kubectl"
  [ ! -x "$TOOLS_DIR/kstatus" ] || ln -sf "$TOOLS_DIR/kstatus" "$CLUSTER_DIR/bin/kstatus"
}

all_run() {
  local name
  [ -f "$CLUSTER_DIR/env" ] || return 1
  for name in "${SERVERS[@]}"; do
    process_runs "$RUN_DIR/$name.pid" || return 1
  done
}

find_programs() {
  ETCD=$(find_tool etcd)
  KUBE_APISERVER=$(find_tool kube-apiserver)
  KUBECTL=$(find_tool kubectl)
  POSTGRES_BIN=$(find_postgres_bin)
  command -v redis-server >/dev/null || fail "there is no redis-server: run hack/install_deps.sh."
}

up() {
  local ports
  if all_run; then
    say "The local cluster runs already, in $CLUSTER_DIR."
    return
  fi
  find_programs
  [ ! -e "$CLUSTER_DIR/run" ] || down
  make_folders
  trap 'say "Stopping what was started."; down' EXIT
  mapfile -t ports < <(free_ports 5)
  [ ${#ports[@]} = 5 ] || fail "there are no five free ports on 127.0.0.1."
  ETCD_PORT=${ports[0]} ETCD_PEER_PORT=${ports[1]} API_PORT=${ports[2]}
  POSTGRES_PORT=${ports[3]} REDIS_PORT=${ports[4]}
  write_kubernetes_files
  start_kubernetes
  start_redis
  init_postgres
  start_postgres
  "$REPO_ROOT/hack/make_certificates.sh" "$PKI_DIR"
  finish_postgres
  await redis 20 redis_answers
  finish_kubernetes
  write_environment
  trap - EXIT
  say "The local cluster runs, in $CLUSTER_DIR."
}

down() {
  local position name
  [ -e "$CLUSTER_DIR" ] || return 0
  [ -O "$CLUSTER_DIR" ] || fail "$CLUSTER_DIR belongs to somebody else."
  [ -d "$RUN_DIR" ] || fail "$CLUSTER_DIR is no folder of ours: it is left alone."
  for ((position = ${#SERVERS[@]} - 1; position >= 0; position--)); do
    name=${SERVERS[position]}
    # INT is PostgreSQL's fast shutdown: it does not wait for clients.
    stop_process "$RUN_DIR/$name.pid" "$([ "$name" = postgres ] && echo INT || echo TERM)"
  done
  rm -rf "$CLUSTER_DIR"
}

status() {
  local name pid
  for name in "${SERVERS[@]}"; do
    if process_runs "$RUN_DIR/$name.pid"; then
      read -r pid _ <"$RUN_DIR/$name.pid"
      printf '%-16s runs, pid %s\n' "$name" "$pid"
    else
      printf '%-16s does not run\n' "$name"
    fi
  done
  all_run
}

# The two halves of a server's restart, for tests of what a restart does to others.
stop_one() {
  [ -s "$RUN_DIR/${1:-}.command" ] || fail "there is no server '${1:-}'; there are ${SERVERS[*]}."
  stop_process "$RUN_DIR/$1.pid" "${2:-TERM}"
}

start_again() {
  local -a command
  [ -s "$RUN_DIR/${1:-}.command" ] || fail "there is no server '${1:-}'; there are ${SERVERS[*]}."
  ! process_runs "$RUN_DIR/$1.pid" || fail "$1 runs already."
  eval "command=($(<"$RUN_DIR/$1.command"))"
  start "$1" "${command[@]}"
}

main() {
  case "${1:-}" in
    up) up ;;
    down) down ;;
    env) all_run || fail "the local cluster does not run; start it with: hack/local_cluster.sh up" &&
      cat "$CLUSTER_DIR/env" ;;
    status) status ;;
    stop) stop_one "${@:2}" ;;
    start) start_again "${@:2}" ;;
    -h | --help) usage ;;
    *) usage >&2 && exit 2 ;;
  esac
}

cd /
main "$@"
