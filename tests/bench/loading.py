"""Loading files into PostgreSQL, beside psql's \\copy, pgloader and the best single statement."""

import contextlib
import json
import os
import pathlib
import resource
import shutil
import subprocess
import tempfile
import time

from measured import median, report, say
from processes import free_port

ROWS = 2_000_000
BAD_ROWS_OF = 500_000
ROUNDS = 3
# Memory of the server, for which the figures hold; everything else is PostgreSQL's default.
SETTINGS = {"shared_buffers": "1GB", "max_wal_size": "4GB"}
COLUMNS = (
    "id bigint, tenant int, user_id bigint, track_id bigint, "
    "kind text, played_at timestamptz, score double precision, premium boolean"
)
SELECT_ROWS = """
SELECT i AS id, i % 40 AS tenant, i::bigint * 7919 % 1000003 AS user_id,
  i::bigint * 104729 % 2000003 AS track_id,
  (ARRAY['play', 'skip', 'like', 'share'])[i % 4 + 1] AS kind,
  timestamptz '2026-01-01Z' + i * interval '7 s' AS played_at,
  (i % 1000) + 0.25 AS score, i % 2 = 0 AS premium
FROM generate_series(1, {rows}) AS i"""


class Server:
    """A PostgreSQL of our own in memory, as user postgres when we are root."""

    def __init__(self):
        place = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="tenantry-bench-", dir=place))
        self.port = free_port()
        self._binaries = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"))[-1]

    def __enter__(self):
        data = self.folder / "data"
        if os.getuid() == 0:
            shutil.chown(self.folder, "postgres")
        self._run("initdb", "-D", data, "-A", "trust", "-U", "postgres", "-E", "UTF8")
        settings = {**SETTINGS, "port": self.port, "unix_socket_directories": f"'{self.folder}'"}
        with open(data / "postgresql.conf", "a") as file:
            file.writelines(f"{name} = {value}\n" for name, value in settings.items())
        self._run("pg_ctl", "-D", data, "-l", self.folder / "log", "-w", "start")
        return self

    def __exit__(self, *_):
        self._run("pg_ctl", "-D", self.folder / "data", "-m", "immediate", "stop")
        shutil.rmtree(self.folder)

    @property
    def url(self):
        return f"postgres://postgres@127.0.0.1:{self.port}/postgres?sslmode=disable"

    def sql(self, *statements):
        command = ["psql", "-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres", "-qAtX"]
        command += ["-v", "ON_ERROR_STOP=1"]
        for statement in statements:
            command += ["-c", statement]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    def fresh(self, columns, table="events"):
        self.sql(
            f"DROP TABLE IF EXISTS {table}", f"CREATE TABLE {table} ({columns})", "CHECKPOINT"
        )

    def _run(self, program, *arguments):
        command = [str(self._binaries / program), *map(str, arguments)]
        if os.getuid() == 0:
            command = ["runuser", "-u", "postgres", "--", *command]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd="/")


class Run:
    """A command that has run: seconds, and how much CPU time and memory it took."""

    def __init__(self, *command, accepted=(0,)):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        begin = time.monotonic()
        process = subprocess.Popen(
            [str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        self.output, self.errors = process.communicate()
        self.seconds = time.monotonic() - begin
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        self.cpu = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
        if process.returncode not in accepted:
            say(self.errors.decode()[-2000:])
            raise RuntimeError(f"{command[0]} ended with {process.returncode}")


@contextlib.contextmanager
def _prepared():
    with Server() as server:
        server.sql("CREATE EXTENSION IF NOT EXISTS plpgsql")
        yield server


def _write_rows(server, path, rows, options="FORMAT csv, HEADER"):
    with open(path, "wb") as file:
        copy = f"COPY ({SELECT_ROWS.format(rows=rows)}) TO STDOUT WITH ({options})"
        command = ["psql", "-h", "127.0.0.1", "-p", str(server.port), "-U", "postgres", "-qAtX"]
        subprocess.run([*command, "-c", copy], check=True, stdout=file)


def _as_json_lines(server, path, rows):
    with open(path, "wb") as file:
        query = f"SELECT row_to_json(q) FROM ({SELECT_ROWS.format(rows=rows)}) AS q"
        command = ["psql", "-h", "127.0.0.1", "-p", str(server.port), "-U", "postgres", "-qAtX"]
        subprocess.run([*command, "-c", f"COPY ({query}) TO STDOUT"], check=True, stdout=file)


def _load(bin_directory, server, path, *options, accepted=(0,)):
    tool = pathlib.Path(bin_directory) / "tenantry"
    return Run(
        tool, "load", "--store", server.url, "--table", "events", "--quiet", "--output", "json",
        *options, path, accepted=accepted,
    )  # fmt: skip


def rows_from_memory(bin_directory):
    """The encoder and COPY alone."""
    with _prepared() as server:
        for name, key, goal in (("", "", 1.5e6), ("_primary_key", ", PRIMARY KEY (id)", 0.65e6)):
            rates = []
            for _ in range(ROUNDS):
                server.fresh(COLUMNS + key)
                run = Run(
                    pathlib.Path(bin_directory) / "bench-rows", "--port", server.port,
                    "--rows", ROWS, "--connections", 2,
                )  # fmt: skip
                rates.append(ROWS / json.loads(run.output)["seconds"])
            report(f"load_memory{name}", median(rates), "rows/s", goal, more_is_better=True, goal=1)


def files(bin_directory):
    """A clean CSV file beside psql and pgloader, the same rows as NDJSON, and the file again."""
    with _prepared() as server:
        path, lines = server.folder / "events.csv", server.folder / "events.ndjson"
        _write_rows(server, path, ROWS)
        _as_json_lines(server, lines, ROWS)
        ours, psql, json_lines, again = [], [], [], []
        for number in range(ROUNDS):
            server.fresh(COLUMNS)
            copy = f"\\copy events from '{path}' with (format csv, header)"
            psql.append(_psql(server, copy))
            server.fresh(COLUMNS)
            ours.append(_load(bin_directory, server, path))
            again.append(_load(bin_directory, server, path))
            server.fresh(COLUMNS)
            json_lines.append(_load(bin_directory, server, lines))
            say(
                f"  round {number + 1}: psql {psql[-1].seconds:.2f} s, ours {ours[-1].seconds:.2f} s"
                f" (CPU {ours[-1].cpu:.2f} s), NDJSON {json_lines[-1].seconds:.2f} s"
            )
        rate = ROWS / median(run.seconds for run in ours)
        report(
            "load_csv", rate, "rows/s", ROWS / median(run.seconds for run in psql),
            more_is_better=True, goal=1.6,
        )  # fmt: skip
        report(
            "load_ndjson_beside_csv", ROWS / median(run.seconds for run in json_lines), "rows/s",
            rate, more_is_better=True, goal=0.5,
        )  # fmt: skip
        size = path.stat().st_size
        report(
            "load_unchanged", size / median(run.seconds for run in again) / 1e9, "GB/s", 1.0,
            more_is_better=True, goal=1,
        )  # fmt: skip
        report("load_client_cpu_share", median(run.cpu / run.seconds for run in ours), "cores")
        server.fresh(COLUMNS)
        loader = _pgloader(server, path)
        report(
            "load_csv_beside_pgloader", rate, "rows/s", ROWS / loader.seconds,
            more_is_better=True, goal=15,
        )  # fmt: skip


def bad_rows(bin_directory):
    """0.2 % of the rows are no rows of the table: the same split as pgloader's."""
    with _prepared() as server:
        path = server.folder / "bad.csv"
        _write_rows(server, path, BAD_ROWS_OF)
        _spoil(path)
        ours = []
        for _ in range(ROUNDS):
            server.fresh(COLUMNS)
            ours.append(_load(bin_directory, server, path, accepted=(3,)))
            loaded = int(server.sql("SELECT count(*) FROM events"))
        server.fresh(COLUMNS)
        loader = _pgloader(server, path)
        theirs = int(server.sql("SELECT count(*) FROM events"))
        say(f"  loaded {loaded:,}, pgloader {theirs:,} of {BAD_ROWS_OF:,}")
        if loaded != theirs:
            raise RuntimeError("the two have loaded different numbers of rows")
        report(
            "load_bad_rows", BAD_ROWS_OF / median(run.seconds for run in ours), "rows/s",
            BAD_ROWS_OF / loader.seconds, more_is_better=True, goal=10,
        )  # fmt: skip


def upsert(bin_directory):
    """All rows are there already, and equal."""
    with _prepared() as server:
        path = server.folder / "events.csv"
        _write_rows(server, path, ROWS)
        server.fresh(COLUMNS + ", PRIMARY KEY (id)")
        _psql(server, f"\\copy events from '{path}' with (format csv, header)")
        server.sql("VACUUM ANALYZE events")
        ours, best = [], []
        for _ in range(ROUNDS):
            best.append(_anti_join(server, path))
            ours.append(_load(bin_directory, server, path, "--conflict", "Update", "--full-refresh"))
        dead = server.sql("SELECT n_dead_tup FROM pg_stat_user_tables WHERE relname = 'events'")
        say(f"  dead tuples afterwards: {dead}")
        report(
            "load_upsert_unchanged", ROWS / median(run.seconds for run in ours), "rows/s",
            ROWS / median(best), more_is_better=True, goal=0.9,
        )  # fmt: skip


def memory(bin_directory):
    """A file of 5 GB."""
    with _prepared() as server:
        path = server.folder / "large.csv"
        _write_rows(server, path, ROWS)
        part = path.read_bytes()
        header, _, rows = part.partition(b"\n")
        with open(path, "wb") as file:
            file.write(header + b"\n")
            while file.tell() < 5e9:
                file.write(rows)
        del part, rows
        server.fresh(COLUMNS)
        server.sql("ALTER TABLE events SET UNLOGGED")
        tool = pathlib.Path(bin_directory) / "tenantry"
        run = Run(
            "/usr/bin/time", "-f", "%M", tool, "load", "--store", server.url, "--table", "events",
            "--quiet", "--output", "json", path,
        )  # fmt: skip
        peak = int(run.errors.split()[-1]) * 1024
        report("load_peak_memory_5_gb", peak / (1 << 20), "MiB", 64 + 64, goal=1)
        say(f"  {path.stat().st_size / 1e9:.1f} GB in {run.seconds:.0f} s")


def _psql(server, command):
    return Run("psql", "-h", "127.0.0.1", "-p", server.port, "-U", "postgres", "-qX", "-c", command)


def _anti_join(server, path):
    """The fastest single statement that leaves equal rows alone, with its COPY."""
    begin = time.monotonic()
    server.sql("DROP TABLE IF EXISTS staged", "CREATE UNLOGGED TABLE staged (LIKE events)")
    _psql(server, f"\\copy staged from '{path}' with (format csv, header)")
    server.sql(
        "INSERT INTO events SELECT s.* FROM staged s LEFT JOIN events e USING (id) WHERE e.id IS NULL"
    )
    return time.monotonic() - begin


def _spoil(path):
    """One row of 500 gets a word where a number belongs."""
    text = path.read_text().splitlines(keepends=True)
    for line in range(1, len(text), 500):
        text[line] = "x" + text[line]
    path.write_text("".join(text))


def _pgloader(server, path):
    """With its defaults; the columns are given, as its syntax wants it."""
    names = ", ".join(column.split()[0] for column in COLUMNS.split(", "))
    command = server.folder / "command.load"
    command.write_text(
        f"LOAD CSV FROM '{path}' ({names}) INTO postgresql://postgres@127.0.0.1:{server.port}/postgres"
        f" TARGET TABLE public.events ({names})"
        " WITH skip header = 1, fields optionally enclosed by '\"', fields terminated by ',';\n"
    )
    return Run("pgloader", "--no-ssl-cert-verification", "--root-dir", server.folder, command)
