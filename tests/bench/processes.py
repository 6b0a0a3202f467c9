"""The programs that are measured, and what Linux says about them."""

import os
import pathlib
import re
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request

from measured import say

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


def free_port():
    """Below the range that the kernel hands out for outgoing connections."""
    for port in range(20000 + os.getpid() * 7 % 9000, 32000):
        with socket.socket() as candidate:
            try:
                candidate.bind(("127.0.0.1", port))
            except OSError:
                continue
        if port not in _taken:
            _taken.add(port)
            return port
    raise RuntimeError("there is no free port on 127.0.0.1")


_taken = set()


def wait_until(condition, seconds, what, pause=0.02):
    """Asks again and again; returns how long it took."""
    begin = time.monotonic()
    while not condition():
        if time.monotonic() - begin > seconds:
            raise RuntimeError(f"after {seconds} s, still not: {what}")
        time.sleep(pause)
    return time.monotonic() - begin


class Process:
    """A program in the background that ends with the `with` block."""

    def __init__(self, arguments, log, environment=None):
        self.name = pathlib.Path(arguments[0]).name
        self.log = pathlib.Path(log)
        self._log_file = open(self.log, "ab")
        self._process = subprocess.Popen(
            [str(argument) for argument in arguments],
            stdin=subprocess.DEVNULL,
            stdout=self._log_file,
            stderr=self._log_file,
            env={**os.environ, **(environment or {})},
            start_new_session=True,
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    @property
    def running(self):
        return self._process.poll() is None

    def stop(self, how=signal.SIGTERM):
        if self.running:
            self._process.send_signal(how)
            try:
                self._process.wait(35)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._log_file.close()

    def cpu_seconds(self):
        """User and system time of all its threads until now."""
        fields = self._read("stat").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS_PER_SECOND

    def resident(self):
        """Bytes of memory now."""
        return self._memory("VmRSS")

    def peak_resident(self):
        """The most bytes of memory since its start."""
        return self._memory("VmHWM")

    def _memory(self, field):
        return int(re.search(rf"{field}:\s+(\d+) kB", self._read("status"))[1]) * 1024

    def _read(self, file):
        if not self.running:
            say(self.log.read_text(errors="replace")[-2000:])
            raise RuntimeError(f"{self.name} has ended; its last words are above")
        return pathlib.Path(f"/proc/{self._process.pid}/{file}").read_text()


class Served(Process):
    """A process with metrics, that is ready when `ready_path` of `ready_port` answers 200."""

    def __init__(self, arguments, log, ports, ready_path, environment=None):
        super().__init__(arguments, log, environment)
        self.ready_url = f"http://127.0.0.1:{ports[0]}{ready_path}"
        self.metrics_url = f"http://127.0.0.1:{ports[1]}/metrics"

    def is_ready(self):
        return fetch(self.ready_url) is not None

    def wait_ready(self, seconds=60):
        return wait_until(self.is_ready, seconds, f"{self.name} is ready", pause=0.01)

    def metric(self, name, **labels):
        """The sum of all series of that name with those labels."""
        return sum_series(fetch(self.metrics_url) or "", name, labels)


def fetch(url):
    """The text of a page; None unless the answer is 200."""
    try:
        with urllib.request.urlopen(url, timeout=30) as answer:
            return answer.read().decode() if answer.status == 200 else None
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return None


def sum_series(text, name, labels):
    """Of Prometheus' text format. A label's value may be a tuple: any of these."""
    total = 0.0
    for line in re.findall(rf"^{re.escape(name)}(?:{{.*}})? .*$", text, re.MULTILINE):
        found = dict(re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', line))
        if all(_fits(found.get(key), wanted) for key, wanted in labels.items()):
            total += float(line.rsplit(" ", 1)[1])
    return total


def _fits(value, wanted):
    return value in wanted if isinstance(wanted, tuple) else value == wanted
