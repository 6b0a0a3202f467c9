"""A local cluster for one benchmark, and the programs that work in it."""

import json
import os
import pathlib
import shutil
import subprocess
import tempfile

from processes import Process, Served, fetch, free_port, sum_series, wait_until

ROOT = pathlib.Path(__file__).resolve().parents[2]
WRITE_VERBS = ("POST", "PUT", "PATCH", "DELETE", "APPLY")

STORE = """
apiVersion: v1
kind: Secret
metadata: {name: main-admin, labels: {tenantry.dev/watch: "true"}}
stringData: {username: admin, password: none}
---
apiVersion: tenantry.dev/v1alpha1
kind: DataStore
metadata: {name: main}
spec:
  postgres: {host: localhost, port: 5432, database: app, adminSecretRef: {name: main-admin}}
  agents: {endpoints: ["%s"]}
"""


class Cluster:
    """etcd and kube-apiserver with our CRDs, a stub agent and a DataStore that names it."""

    def __init__(self, bin_directory):
        self.bin = pathlib.Path(bin_directory)
        self.agent_port = free_port()
        self.agent_url = f"https://127.0.0.1:{self.agent_port}"
        self._agent = None

    def __enter__(self):
        self._directory = tempfile.mkdtemp(prefix="tenantry-bench-")
        self.environment = {**os.environ, "TENANTRY_CLUSTER_DIR": self._directory}
        try:
            self._script("up")
            self.environment = self._read_environment()
            self._install()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self._agent:
            self._agent.stop()
        self._script("down")
        shutil.rmtree(self._directory, ignore_errors=True)

    def _script(self, command):
        done = subprocess.run(
            [ROOT / "hack/local_cluster.sh", command],
            env=self.environment,
            stderr=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        if done.returncode != 0:
            raise RuntimeError(f"hack/local_cluster.sh {command}: {done.stderr}")
        return done.stdout

    def _read_environment(self):
        exports = self._script("env")
        lines = subprocess.run(
            ["bash", "-c", f"{exports}\nenv -0"],
            env=self.environment,
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        return dict(line.split("=", 1) for line in lines.split("\0") if "=" in line)

    def _install(self):
        self.kubectl("apply", "--filename", ROOT / "crds")
        self.kubectl("wait", "--for=condition=Established", "crd", "--all", "--timeout=30s")
        self._agent = Process(
            [self.bin / "stubagent", "-listen", f"127.0.0.1:{self.agent_port}", "-delay", "1ms"]
            + ["-ca", self._pki("ca.crt")]
            + ["-cert", self._pki("agent.crt"), "-key", self._pki("agent.key")],
            self.log("stubagent"),
        )
        self.kubectl("apply", "--filename", "-", text=STORE % self.agent_url)

    def _pki(self, name):
        return pathlib.Path(self.environment["TENANTRY_PKI_DIR"]) / name

    def log(self, name):
        return pathlib.Path(self._directory) / f"{name}.log"

    def kubectl(self, *arguments, text=None):
        done = subprocess.run(
            ["kubectl", *map(str, arguments)],
            env=self.environment,
            input=text,
            capture_output=True,
            text=True,
        )
        if done.returncode != 0:
            raise RuntimeError(f"kubectl {arguments[0]}: {done.stderr}")
        return done.stdout

    def load(self, command, **options):
        """bench-load: its one line of JSON."""
        arguments = [self.bin / "bench-load", command]
        for name, value in options.items():
            arguments += [f"--{name.replace('_', '-')}", str(value)]
        done = subprocess.run(
            arguments, env=self.environment, stdout=subprocess.PIPE, text=True, check=True
        )
        return json.loads(done.stdout)

    def writes(self):
        """Writes that the API server has served, but for leases and its own housekeeping."""
        text = self.kubectl("get", "--raw", "/metrics")
        resources = ("tenants", "datastores", "fixturesets", "secrets", "configmaps", "events")
        return sum_series(
            text, "apiserver_request_total", {"verb": WRITE_VERBS, "resource": resources}
        )

    def task_arrivals(self):
        """When each task came to the stub agent: its id to nanoseconds of the system's clock."""
        done = subprocess.run(
            ["curl", "--silent", "--show-error", "--fail", "--cacert", self._pki("ca.crt")]
            + ["--cert", self._pki("operator.crt"), "--key", self._pki("operator.key")]
            + [f"{self.agent_url}/arrivals"],
            check=True,
            capture_output=True,
            text=True,
        )
        return json.loads(done.stdout)

    # ---- programs ----

    def operator(self, *flags, name="operator"):
        ports = [free_port(), free_port()]
        return Served(
            [self.bin / "tenantry-operator"]
            + ["--kubeconfig", self.environment["TENANTRY_OPERATOR_KUBECONFIG"]]
            + ["--agent-ca-file", self._pki("ca.crt")]
            + ["--agent-cert-file", self._pki("operator.crt")]
            + ["--agent-key-file", self._pki("operator.key")]
            + ["--health-probe-bind-address", f"127.0.0.1:{ports[0]}"]
            + ["--metrics-bind-address", f"127.0.0.1:{ports[1]}", *flags],
            self.log(name),
            ports,
            "/readyz",
        )

    def twin(self):
        """With the operator's own rights, so that both pay the same for authorization."""
        port = free_port()
        return Served(
            [self.bin / "twin", "-agent", self.agent_url, "-ca", self._pki("ca.crt")]
            + ["-cert", self._pki("operator.crt"), "-key", self._pki("operator.key")]
            + ["-metrics-bind-address", f"127.0.0.1:{port}"],
            self.log("twin"),
            [port, port],
            "/metrics",
            {"KUBECONFIG": self.environment["TENANTRY_OPERATOR_KUBECONFIG"]},
        )

    def agent(self):
        ports = [free_port(), free_port()]
        return Served(
            [self.bin / "tenantry-agent", "--name", "local", "--listen-address", "127.0.0.1:0"]
            + ["--tls-ca-file", self._pki("ca.crt"), "--tls-cert-file", self._pki("agent.crt")]
            + ["--tls-key-file", self._pki("agent.key")]
            + ["--health-probe-bind-address", f"127.0.0.1:{ports[0]}"]
            + ["--metrics-bind-address", f"127.0.0.1:{ports[1]}"],
            self.log("agent"),
            ports,
            "/readyz",
        )

    def wait_store_ready(self):
        wait_until(
            lambda: self.kubectl(
                "get", "datastore", "main", "--output",
                'jsonpath={.status.conditions[?(@.type=="Ready")].status}',
            )
            == "True",
            30,
            "DataStore main is Ready",
            pause=0.2,
        )


def wait_quiet(program, seconds=600):
    """Until nothing waits in the queues of the operator and nobody works."""

    def quiet():
        text = fetch(program.metrics_url) or ""
        waiting = sum_series(text, "workqueue_depth", {})
        working = sum_series(text, "controller_runtime_active_workers", {})
        return text and waiting + working == 0

    wait_until(lambda: quiet() and quiet(), seconds, f"{program.name} is quiet", pause=1)
