"""How long nobody leads when a leader stops, and when it is killed. The twin elects nobody."""

import signal
import time

from cluster import Cluster
from measured import report, say
from processes import wait_until

ROUNDS = 3
GRACEFUL_SECONDS = 2.5  # what we promise
CRASH_SECONDS = 17.5


def failover(bin_directory):
    with Cluster(bin_directory) as cluster:
        for name, how, limit in (
            ("operator_failover_stop", signal.SIGTERM, GRACEFUL_SECONDS),
            ("operator_failover_kill", signal.SIGKILL, CRASH_SECONDS),
        ):
            times = [_one_change(cluster, how) for _ in range(ROUNDS)]
            say("  " + ", ".join(f"{seconds:.2f} s" for seconds in times))
            report(f"{name}_worst", max(times), "s", limit, goal=1)


def _leads(operator):
    return operator.metric("leader_election_master_status") == 1


def _one_change(cluster, how):
    with cluster.operator(name="first") as first, cluster.operator(name="second") as second:
        for program in (first, second):
            program.wait_ready()
        wait_until(lambda: _leads(first) or _leads(second), 30, "somebody leads")
        leader, other = (first, second) if _leads(first) else (second, first)
        time.sleep(3)  # the standby sees the lease; not at the same moment of it each time
        begin = time.monotonic()
        leader.stop(how)
        stopped = time.monotonic() - begin
        wait_until(lambda: _leads(other), 60, "the standby leads")
        say(f"  the leader's process ended after {stopped:.2f} s")
        return time.monotonic() - begin
