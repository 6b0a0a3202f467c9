#!/usr/bin/env python3
"""Checks that docs/operations.md explains every reason of common/api/reasons.h, and no others."""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent


def reasons_in_code() -> set[str]:
    text = (ROOT / "common/api/reasons.h").read_text()
    inside = text.split("namespace reason {")[1].split("}  // namespace reason")[0]
    return set(re.findall(r'=\s*"(\w+)"', inside))


def reasons_in_docs() -> set[str]:
    text = (ROOT / "docs/operations.md").read_text()
    table = text.split("## Reasons")[1].split("##")[0]
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    return {name for row in rows for name in re.findall(r"`(\w+)`", row)}


def main() -> int:
    code, docs = reasons_in_code(), reasons_in_docs()
    for name in sorted(code - docs):
        print(f"docs/operations.md: reason {name} is not explained", file=sys.stderr)
    for name in sorted(docs - code):
        print(f"docs/operations.md: there is no reason {name} in the code", file=sys.stderr)
    return 1 if code != docs else 0


if __name__ == "__main__":
    sys.exit(main())
