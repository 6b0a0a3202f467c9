"""What a benchmark found: one line of JSON each on standard output, words for people beside it."""

import json
import math
import statistics
import sys

MEBIBYTE = 1 << 20


def say(text):
    """Progress, for people: standard output is for results only."""
    print(text, file=sys.stderr, flush=True)


def report(name, value, unit, peer=None, more_is_better=False, goal=None, limit=None):
    """Prints a result.

    `peer` is what the peer needs for the same; where there is none, the figure that we promise
    (docs/limits.md). `ratio` > 1: better than that. `goal` is the ratio that is asked for, `limit`
    the value that is not to be exceeded (or reached, if more is better).
    """
    ratio = None
    if peer is not None and value and peer:
        ratio = value / peer if more_is_better else peer / value
    line = {
        "name": name,
        "value": _rounded(value),
        "unit": unit,
        "peer": _rounded(peer),
        "ratio": _rounded(ratio),
    }
    print(json.dumps(line), flush=True)
    if goal is not None and ratio is not None:
        _judge(f"{name}: ratio {ratio:.2f}, asked for {goal:.2f}", ratio >= goal)
    if limit is not None:
        _judge(f"{name}: {value:.4g} {unit}, limit {limit}", (value > limit) == more_is_better)


def _judge(text, met):
    say(f"  {text}: {'met' if met else 'MISSED'}")


def _rounded(value):
    return None if value is None else float(f"{value:.4g}")


def median(values):
    return statistics.median(values)


def percentile(values, share):
    """The smallest of `values` that at least `share` (0 to 1) of them do not exceed."""
    return sorted(values)[math.ceil(share * len(values)) - 1]
