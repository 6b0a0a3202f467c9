#!/usr/bin/env python3
"""Changes Tenants without end, and looks whether the operator grows or cannot stop: 50 changes a
second over 2,000 Tenants, for TENANTRY_CHURN_MINUTES (60). Prints one line of JSON for each result, as the
benchmarks do; the exit code is 1 when a limit is exceeded. For `make soak`.
"""

import argparse
import os
import pathlib
import signal
import sys
import threading
import time

from cluster import Cluster, wait_quiet
from measured import MEBIBYTE, median, report, say

ROOT = pathlib.Path(__file__).resolve().parents[2]
TENANTS = int(os.environ.get("BENCH_TENANTS", 2_000))
CHANGES_PER_SECOND = 50
SAMPLE_SECONDS = 1
WARM_UP_SECONDS = 600  # at most a sixth of the whole time
GROWTH_LIMIT = 1.05
QUIET_SECONDS = 10


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--bin", default=ROOT / "build/release/bin", help="where the programs are")
    arguments = parser.parse_args()
    # So that `with` blocks end what they started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    minutes = float(os.environ.get("TENANTRY_CHURN_MINUTES", 60))
    with Cluster(arguments.bin) as cluster, cluster.operator() as operator:
        operator.wait_ready()
        cluster.load("settle", count=TENANTS, patience=1800)
        wait_quiet(operator)
        growth, last_write = _churn(cluster, operator, minutes * 60)
    sys.exit(growth > GROWTH_LIMIT or last_write > QUIET_SECONDS)


def _churn(cluster, operator, seconds):
    changes = int(seconds * CHANGES_PER_SECOND)
    say(f"{changes:,} changes of {TENANTS:,} Tenants within {seconds / 60:.0f} min")
    done = {}
    editor = threading.Thread(target=lambda: done.update(_change(cluster, changes)))
    begin = time.monotonic()
    editor.start()
    samples = []
    while editor.is_alive():
        samples.append((time.monotonic() - begin, operator.resident() / MEBIBYTE))
        time.sleep(SAMPLE_SECONDS)
    editor.join()
    if not done:
        raise RuntimeError("bench-load has failed")
    last_write = _seconds_until_quiet(cluster)
    return _report(samples, changes / done["seconds"], last_write), last_write


def _change(cluster, changes):
    return cluster.load("churn", count=TENANTS, changes=changes, per_second=CHANGES_PER_SECOND)


def _seconds_until_quiet(cluster):
    """When the operator wrote last, after the last change; at most somewhat more than its limit."""
    begin = time.monotonic()
    writes, last = cluster.writes(), 0.0
    while time.monotonic() - begin < 3 * QUIET_SECONDS:
        time.sleep(0.5)
        now = cluster.writes()
        if now != writes:
            writes, last = now, time.monotonic() - begin
    return last


def _report(samples, changes_per_second, last_write):
    """Returns how much the operator has grown between the first and the last sixth."""
    whole = samples[-1][0]
    warm = [sample for sample in samples if sample[0] > min(WARM_UP_SECONDS, whole / 6)]
    sixth = (whole - warm[0][0]) / 6
    first = median([size for when, size in warm if when <= warm[0][0] + sixth])
    last = median([size for when, size in warm if when >= whole - sixth])
    report("operator_churn_changes", changes_per_second, "1/s", CHANGES_PER_SECOND, more_is_better=True)
    report("operator_churn_rss_first", first, "MiB")
    report("operator_churn_rss_last", last, "MiB")
    report("operator_churn_rss_growth", last / first, "x", GROWTH_LIMIT, limit=GROWTH_LIMIT)
    report("operator_churn_last_write", last_write, "s", QUIET_SECONDS, limit=QUIET_SECONDS)
    return last / first


if __name__ == "__main__":
    main()
