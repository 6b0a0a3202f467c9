# shellcheck shell=bash disable=SC2034
# What the scripts of this folder share. Source it; it changes nothing but variables and functions.

REPO_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
readonly REPO_ROOT
readonly KUBERNETES_VERSION=v1.34.4
# Programs that we build from Go modules; survives `make clean` and new clones.
readonly TOOLS_DIR=${XDG_CACHE_HOME:-$HOME/.cache}/tenantry/bin
# A Go toolchain of our own, for machines whose Go is missing or too old.
readonly GO_DIR=${XDG_CACHE_HOME:-$HOME/.cache}/tenantry/go
readonly GO_MINIMUM=1.24

say() { printf '%s\n' "$*" >&2; }
fail() {
  say "${0##*/}: $*"
  exit 1
}

# is_at_least VERSION MINIMUM: compares dotted numbers.
is_at_least() { [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]; }

# go_is_recent GO: whether that go program exists and is new enough.
go_is_recent() {
  local version
  version=$("$1" env GOVERSION 2>/dev/null) || return 1
  is_at_least "${version#go}" "$GO_MINIMUM"
}

# Prints the go program to use: the one in PATH, or the one that install_deps.sh put aside.
find_go() {
  local candidate
  for candidate in go "$GO_DIR/bin/go"; do
    if go_is_recent "$candidate"; then
      command -v "$candidate"
      return
    fi
  done
  return 1
}

# find_tool NAME: prints the path of a Kubernetes program (etcd, kube-apiserver, kubectl): out of
# KUBEBUILDER_ASSETS if that is set, else our own build, else PATH (etcd only: versions matter).
find_tool() {
  local name=$1 candidate
  for candidate in "${KUBEBUILDER_ASSETS:+$KUBEBUILDER_ASSETS/$name}" "$TOOLS_DIR/$name"; do
    if [ -n "$candidate" ] && [ -x "$candidate" ]; then
      printf '%s\n' "$candidate"
      return
    fi
  done
  if [ "$name" = etcd ] && command -v etcd; then
    return
  fi
  fail "there is no $name: run hack/install_deps.sh, or set KUBEBUILDER_ASSETS to a folder with it."
}

# Processes of ours are known by pid and start time, so that a reused pid is never mistaken.
process_start_time() {
  # The fields behind the parenthesised name: 1 is the state, 20 the start time (proc(5)).
  awk '{ sub(/^.*\) /, ""); if ($1 != "Z") print $20 }' "/proc/$1/stat" 2>/dev/null
}

# start_process PID_FILE LOG COMMAND...: in the background, in a session of its own.
start_process() {
  local pid_file=$1 log=$2
  shift 2
  setsid "$@" >>"$log" 2>&1 </dev/null &
  printf '%s %s\n' "$!" "$(process_start_time "$!")" >"$pid_file"
}

# process_runs PID_FILE
process_runs() {
  local pid started
  [ -s "$1" ] && read -r pid started <"$1" && [ -n "$started" ] &&
    [ "$(process_start_time "$pid")" = "$started" ]
}

# stop_process PID_FILE [SIGNAL]: waits for its end; SIGKILL after 10 s.
stop_process() {
  local pid_file=$1 signal=${2:-TERM} pid attempt
  if process_runs "$pid_file"; then
    read -r pid _ <"$pid_file"
    kill -s "$signal" "$pid" 2>/dev/null || true
    for attempt in $(seq 1 100); do
      process_runs "$pid_file" || break
      [ "$attempt" -lt 100 ] || kill -s KILL "$pid" 2>/dev/null || true
      sleep 0.1
    done
  fi
  rm -f "$pid_file"
}

# wait_until SECONDS COMMAND...: repeats the command until it succeeds.
wait_until() {
  local deadline=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    [ "$SECONDS" -lt "$deadline" ] || return 1
    sleep 0.1
  done
}

# free_ports COUNT: that many free TCP ports of 127.0.0.1, one a line. Below the range that the kernel
# hands out for outgoing connections, so that none is taken before our server binds it.
free_ports() {
  python3 - "$1" <<'PYTHON'
import random, socket, sys
held = []
for port in random.sample(range(20000, 32000), 12000):
    candidate = socket.socket()
    try:
        candidate.bind(("127.0.0.1", port))
    except OSError:
        continue
    held.append(candidate)
    if len(held) == int(sys.argv[1]):
        break
for candidate in held:
    print(candidate.getsockname()[1])
PYTHON
}

random_password() { openssl rand -hex 16 | tr -d '\n'; }

# ---- certificates ----

make_key() { openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1" 2>/dev/null; }

# make_ca DIRECTORY NAME COMMON_NAME
make_ca() {
  local key=$1/$2.key certificate=$1/$2.crt
  [ ! -s "$certificate" ] || return 0
  make_key "$key"
  openssl req -x509 -new -key "$key" -out "$certificate" -days 365 -subj "/CN=$3" \
    -addext "basicConstraints=critical,CA:TRUE" -addext "keyUsage=critical,keyCertSign,cRLSign"
}

# make_leaf DIRECTORY CA NAME COMMON_NAME SUBJECT_ALTERNATIVE_NAMES
make_leaf() {
  local ca=$1/$2 leaf=$1/$3
  make_key "$leaf.key.new"
  openssl req -new -key "$leaf.key.new" -subj "/CN=$4" |
    openssl x509 -req -CA "$ca.crt" -CAkey "$ca.key" -days 30 -out "$leaf.crt.new" \
      -set_serial "0x$(openssl rand -hex 16)" -extfile <(
        printf '%s\n' "basicConstraints=critical,CA:FALSE" "keyUsage=critical,digitalSignature" \
          "extendedKeyUsage=serverAuth,clientAuth" "subjectAltName=$5"
      ) 2>/dev/null || fail "cannot sign $leaf.crt with $ca.key."
  mv "$leaf.key.new" "$leaf.key"
  mv "$leaf.crt.new" "$leaf.crt"
}
