#!/usr/bin/env python3
"""Measures the operator, the agent and the loader, and prints one line of JSON for each result:
{"name", "value", "unit", "peer", "ratio"}. `peer` is what the peer needs for the same: the Go
operator tests/bench/peer/twin, or, where it does no such thing, the figure that docs/limits.md
promises. ratio > 1: better than the peer. Progress is on standard error.
"""

import argparse
import pathlib
import signal
import subprocess
import sys

import failover
import loading
import memory
import scale
import speed

ROOT = pathlib.Path(__file__).resolve().parents[2]


def plan(bin_directory):
    """Queue and passes alone: a program that prints its own line."""
    subprocess.run([pathlib.Path(bin_directory) / "bench-plan"], check=True)


BENCHMARKS = {  # group: name: function
    "operator": {
        "idle-operator": memory.idle_operator,
        "plan": plan,
        "tenants": speed.thousand_tenants,
        "failover": failover.failover,
        "scale": scale.ten_thousand_tenants,
    },
    "agent": {"idle-agent": memory.idle_agent},
    "load": {
        "load-memory": loading.rows_from_memory,
        "load-files": loading.files,
        "load-bad-rows": loading.bad_rows,
        "load-upsert": loading.upsert,
        "load-large": loading.memory,
    },
}


def chosen(names):
    """Groups stand for all that is in them; no name: everything."""
    every = {name: run for group in BENCHMARKS.values() for name, run in group.items()}
    selected = {}
    for name in names or BENCHMARKS:
        if name in BENCHMARKS:
            selected |= BENCHMARKS[name]
        elif name in every:
            selected[name] = every[name]
        else:
            known = ", ".join([*BENCHMARKS, *every])
            sys.exit(f"run.py: there is no benchmark {name}; there are {known}.")
    return selected.values()


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", help="operator, agent, load, or single ones; default: all")
    parser.add_argument("--bin", default=ROOT / "build/release/bin", help="where the programs are")
    arguments = parser.parse_args()
    # So that `with` blocks end what they started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    for run in chosen(arguments.names):
        run(arguments.bin)


if __name__ == "__main__":
    main()
