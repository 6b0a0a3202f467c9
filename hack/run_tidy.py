#!/usr/bin/env python3
"""Runs clang-tidy on the sources whose content changed since they were last found clean.

A source's fingerprint covers its text, every header of ours that it reaches, its compiler flags, the
configuration and clang-tidy's version; those of clean sources are kept in ~/.cache/tenantry/tidy, for
other clones, too. Tests are checked only when named. Exit code 1 when there are findings.
"""

import argparse
import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"', re.MULTILINE)
# What macros of the test framework expand to, and what only costs time there.
TEST_CHECKS = (
    "-clang-analyzer-*,-cppcoreguidelines-avoid-non-const-global-variables,-performance-*,"
    "-readability-function-size,-readability-function-cognitive-complexity"
)


def reachable(source, seen):
    """All files of ours that `source` includes, directly or not, and itself."""
    if source in seen or not source.is_file():
        return
    seen.add(source)
    for name in INCLUDE.findall(source.read_text(encoding="utf-8")):
        for candidate in (ROOT / name, source.parent / name):
            if candidate.is_file():
                reachable(candidate.resolve(), seen)
                break


def fingerprint(source, command, version):
    digest = hashlib.sha256()
    for part in (version, command.replace(str(ROOT), ""), (ROOT / ".clang-tidy").read_text(encoding="utf-8"), TEST_CHECKS):
        digest.update(part.encode() + b"\0")
    files = set()
    reachable(source, files)
    for path in sorted(files):
        digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def find_clang_tidy():
    program = shutil.which("clang-tidy-14") or shutil.which("clang-tidy")
    if program is None:
        sys.exit("run_tidy.py: there is no clang-tidy: run hack/install_deps.sh.")
    version = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)
    return program, version.stdout


def check(program, build, source):
    """Returns the findings in `source` as text; empty when it is clean."""
    command = [program, "--quiet", "-p", str(build), str(source)]
    if source.is_relative_to(ROOT / "tests"):
        command.append(f"--checks={TEST_CHECKS}")
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    if run.returncode == 0:
        return ""
    return run.stdout + "\n".join(
        line for line in run.stderr.splitlines() if not re.match(r"\d+ warnings? ", line)
    )


def sources(build, wanted):
    """(source, command) of the compile database, of our files only; each source once."""
    database = build / "compile_commands.json"
    if not database.is_file():
        sys.exit(f"run_tidy.py: there is no {database}: run cmake --preset dev first.")
    found = {}
    for entry in json.loads(database.read_text(encoding="utf-8")):
        source = pathlib.Path(entry["directory"], entry["file"]).resolve()
        generated = build in source.parents
        is_test = source.is_relative_to(ROOT / "tests")
        chosen = source in wanted if wanted else not is_test
        if source.is_relative_to(ROOT) and not generated and chosen:
            found[source] = entry["command"]
    return sorted(found.items())


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", default="build/dev", help="build folder (default: %(default)s)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("files", nargs="*", help="only these (default: all but tests)")
    arguments = parser.parse_args()
    build = (ROOT / arguments.build).resolve()
    program, version = find_clang_tidy()
    cache = os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache"
    clean = pathlib.Path(cache) / "tenantry" / "tidy"
    clean.mkdir(parents=True, exist_ok=True)

    wanted = {pathlib.Path(name).resolve() for name in arguments.files}
    todo = {}
    for source, command in sources(build, wanted):
        mark = clean / fingerprint(source, command, version)
        if mark.exists():
            mark.touch()
        else:
            todo[source] = mark
    print(f"clang-tidy: {len(todo)} files to check", file=sys.stderr, flush=True)

    failed = 0
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        runs = {pool.submit(check, program, build, source): source for source in todo}
        for run in concurrent.futures.as_completed(runs):
            source, findings = runs[run], run.result()
            if findings:
                failed += 1
                print(findings, flush=True)
            else:
                todo[source].write_text(str(source.relative_to(ROOT)) + "\n", encoding="utf-8")
    if failed:
        sys.exit(f"run_tidy.py: findings in {failed} of {len(todo)} files.")


if __name__ == "__main__":
    main()
