"""1,000 Tenants from apply to Ready: time and CPU, beside the twin and beside the API server alone."""

import time

from cluster import Cluster
from measured import median, report, say

TENANTS = 1000
ROUNDS = 3  # each of all three, one after the other: a noisy machine is noisy for all
CREATES_SIDE_BY_SIDE = 4
WRITES_SIDE_BY_SIDE = 4


def thousand_tenants(bin_directory):
    rounds = [_round(bin_directory, number + 1) for number in range(ROUNDS)]
    bare, ours, twins = ([one[i] for one in rounds] for i in range(3))
    seconds = median([run[0] for run in ours])
    report("operator_1000_tenants_time", seconds, "s", median([t[0] for t in twins]), goal=1.2)
    report("operator_1000_tenants_time_beside_bare_writes", seconds, "s", median(bare), goal=1 / 1.3)
    report(
        "operator_cpu_per_tenant",
        median([run[1] for run in ours]) * 1000 / TENANTS,
        "ms",
        median([run[1] for run in twins]) * 1000 / TENANTS,
        goal=3,
    )
    report(
        "operator_writes_per_tenant",
        median([run[2] for run in ours]) / TENANTS,
        "writes",
        median([run[2] for run in twins]) / TENANTS,
    )


def _round(bin_directory, number):
    bare = _bare_writes(bin_directory)
    say(f"1,000 Tenants, round {number} of {ROUNDS}: bare writes {bare:.1f} s")
    results = [bare]
    for name, start in (("operator", Cluster.operator), ("twin", Cluster.twin)):
        results.append(_settle(bin_directory, start))
        seconds, cpu, writes = results[-1]
        say(f"  {name} {seconds:.1f} s, CPU {cpu:.2f} s, {writes:.0f} writes")
    return results


def _bare_writes(bin_directory):
    with Cluster(bin_directory) as cluster:
        done = cluster.load("writes", count=TENANTS, connections=WRITES_SIDE_BY_SIDE)
        return done["seconds"]


def _settle(bin_directory, start):
    with Cluster(bin_directory) as cluster, start(cluster) as program:
        program.wait_ready()
        cluster.load("settle", count=20, prefix="warm")  # connections, first use of all code
        time.sleep(1)
        cpu, writes = program.cpu_seconds(), cluster.writes()
        done = cluster.load("settle", count=TENANTS, connections=CREATES_SIDE_BY_SIDE)
        time.sleep(1)  # what it does afterwards is part of its work
        created = TENANTS
        return (
            done["seconds"],
            program.cpu_seconds() - cpu,
            cluster.writes() - writes - created,
        )
