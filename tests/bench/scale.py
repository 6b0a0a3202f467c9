"""10,000 Tenants: memory, cold start, passes with nothing to do, and edits among them."""

import contextlib
import os
import threading
import time

from cluster import Cluster, wait_quiet
from measured import MEBIBYTE, percentile, report, say
from processes import wait_until

TENANTS = int(os.environ.get("BENCH_TENANTS", 10_000))  # fewer: to try out changes of this file
SECRETS = TENANTS
SECRET_BYTES = 100 << 10
EDITS = min(400, TENANTS)
EDITS_PER_SECOND = 20
SETTLE_SECONDS = 10


def ten_thousand_tenants(bin_directory):
    with Cluster(bin_directory) as cluster:
        _provision(cluster)
        peer = _cold_start(cluster, "twin", Cluster.twin, _twin_has_queued)
        ours = _cold_start(cluster, "operator", Cluster.operator, _operator_has_queued)
        report("operator_10000_cold_start", ours["seconds"], "s", peer["seconds"], limit=2)
        for what in ("peak", "settled"):
            report(f"operator_10000_rss_{what}", ours[what], "MiB", peer[what], goal=2, limit=64)
        with cluster.operator() as operator:
            operator.wait_ready()
            wait_quiet(operator)
            _idle_passes(cluster, operator)
            _edits(cluster, operator)
        _unrelated_secrets(cluster)


def _provision(cluster):
    """By the operator; the twin finds them Ready, too."""
    say(f"{TENANTS:,} Tenants: provisioning")
    with cluster.operator() as operator:
        operator.wait_ready()
        done = cluster.load("settle", count=TENANTS, patience=1800)
        wait_quiet(operator)
        time.sleep(SETTLE_SECONDS)
        resident = operator.resident() / MEBIBYTE
        say(f"  Ready after {done['seconds']:.0f} s")
        # What the twin needs after the same work is not measured: it would need its own cluster.
        report("operator_10000_rss_after_provisioning", resident, "MiB", 64, goal=1)


def _operator_has_queued(operator):
    """Lists are complete when it is ready; each object was queued when it was listed."""
    return operator.is_ready()


def _twin_has_queued(twin):
    return twin.metric("workqueue_adds_total", controller="tenant") >= TENANTS


def _cold_start(cluster, name, start, has_queued):
    say(f"{TENANTS:,} Tenants: cold start of the {name}")
    with start(cluster) as program:
        seconds = wait_until(
            lambda: has_queued(program), 120, f"{name} has queued all Tenants", pause=0.01
        )
        queued = program.metric("workqueue_adds_total", controller="tenant")
        if queued < TENANTS:
            raise RuntimeError(f"{name} is ready with {queued:.0f} of {TENANTS} Tenants queued")
        wait_quiet(program)
        time.sleep(SETTLE_SECONDS)
        return {
            "seconds": seconds,
            "peak": program.peak_resident() / MEBIBYTE,
            "settled": program.resident() / MEBIBYTE,
        }


def _resync(cluster, number):
    """A new version of the store's Secret makes the operator look at each Tenant of the store."""
    cluster.kubectl("annotate", "--overwrite", "secret/main-admin", f"bench/resync={number}")


def _passes(operator):
    return operator.metric("controller_runtime_reconcile_total", controller="tenant")


def _idle_passes(cluster, operator):
    writes, passes, cpu = cluster.writes(), _passes(operator), operator.cpu_seconds()
    begin = time.monotonic()
    _resync(cluster, 0)
    wait_until(lambda: _passes(operator) - passes >= TENANTS, 600, "a resync", pause=0.5)
    seconds = time.monotonic() - begin
    wait_quiet(operator)
    passes = _passes(operator) - passes
    cpu = (operator.cpu_seconds() - cpu) * 1e6 / passes
    say(f"  {passes:.0f} passes with nothing to do within {seconds:.1f} s")
    report("operator_idle_pass_writes", cluster.writes() - writes - 1, "writes", limit=0)  # -1: ours
    report("operator_idle_pass_cpu", cpu, "us")


@contextlib.contextmanager
def _endless_resync(cluster, operator):
    """All keys are looked at again and again, as long as the block runs."""
    done = threading.Event()
    rounds = []

    def run():
        while not done.is_set():
            rounds.append(_passes(operator))
            _resync(cluster, len(rounds))
            wait_until(
                lambda: done.is_set() or _passes(operator) - rounds[-1] >= TENANTS,
                600, "a resync", pause=0.3,
            )

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
        say(f"  {len(rounds)} resyncs, {_passes(operator) - rounds[0]:.0f} passes meanwhile")


def _edits(cluster, operator):
    say(f"{EDITS} edits while {TENANTS:,} keys resync")
    with _endless_resync(cluster, operator):
        time.sleep(0.5)
        edits = cluster.load("edit", count=EDITS, per_second=EDITS_PER_SECOND)["edits"]
        time.sleep(2)
    arrivals = {}
    for task, nanoseconds in cluster.task_arrivals().items():
        arrivals.setdefault("-".join(task.split("-")[:6]), nanoseconds)  # uid (5 parts), generation
    delays = [
        (arrivals[f"{edit['uid']}-{edit['generation']}"] - edit["sent"]) / 1e6 for edit in edits
    ]
    say(f"  median {percentile(delays, 0.5):.1f} ms, worst {max(delays):.1f} ms")
    report("operator_edit_to_agent_p99", percentile(delays, 0.99), "ms", 100, goal=1)


def _unrelated_secrets(cluster):
    """Both programs run, with all Tenants Ready, while Secrets come that are nobody's."""
    say(f"{SECRETS:,} unrelated Secrets of {SECRET_BYTES >> 10} KiB")
    cluster.kubectl("create", "namespace", "unrelated")
    with cluster.operator() as operator, cluster.twin() as twin:
        for program in (operator, twin):
            program.wait_ready()
            wait_quiet(program)
        time.sleep(SETTLE_SECONDS)
        before = [program.resident() for program in (operator, twin)]
        cluster.load(
            "secrets", namespace="unrelated", prefix="blob", count=SECRETS, bytes=SECRET_BYTES
        )
        time.sleep(SETTLE_SECONDS)
        after = [program.resident() for program in (operator, twin)]
    grown = [(b - a) / MEBIBYTE for a, b in zip(before, after)]
    say(f"  RSS changed by {grown[0]:+.2f} MiB, the twin's by {grown[1]:+.2f} MiB")
    report("operator_rss_growth_by_unrelated_secrets", max(grown[0], 0.01), "MiB", 2, goal=1)
    peer = _cold_start(cluster, "twin", Cluster.twin, _twin_has_queued)
    ours = _cold_start(cluster, "operator", Cluster.operator, _operator_has_queued)
    report(
        "operator_10000_rss_peak_with_secrets", ours["peak"], "MiB", peer["peak"], goal=2, limit=64
    )
