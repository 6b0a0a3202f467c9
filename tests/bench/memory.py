"""Memory of the programs with nothing to do."""

import time

from cluster import Cluster
from measured import MEBIBYTE, report, say

SETTLE_SECONDS = 10


def idle_operator(bin_directory):
    _idle(bin_directory, "operator_idle_rss", Cluster.operator, limit=12, goal=2)


def idle_agent(bin_directory):
    _idle(bin_directory, "agent_idle_rss", Cluster.agent, limit=15)


def _idle(bin_directory, name, start, limit, goal=None):
    """In an empty cluster, beside the twin, after some time of rest."""
    say(f"{name}: resting for {SETTLE_SECONDS} s")
    with Cluster(bin_directory) as cluster:
        with start(cluster) as program, cluster.twin() as twin:
            program.wait_ready()
            twin.wait_ready()
            time.sleep(SETTLE_SECONDS)
            value, peer = program.resident() / MEBIBYTE, twin.resident() / MEBIBYTE
            report(name, value, "MiB", peer, goal=goal, limit=limit)
