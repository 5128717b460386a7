"""Processes that are measured: started, pinned, asked, and stopped."""

import http.client
import os
import pathlib
import re
import signal
import socket
import subprocess
import tempfile
import time

TICKS_PER_S = os.sysconf("SC_CLK_TCK")


def pinned(words, core):
    """On a core of its own, and not interrupted there by whom it wakes."""
    return ["taskset", "-c", core, "chrt", "--batch", "0", *words] if core else words


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def stat(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split()
    except (FileNotFoundError, ProcessLookupError):
        return None


def cpu_s(pid):
    fields = stat(pid)
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_S


def run(words, **more):
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, **more)
    assert done.returncode == 0, f"{words[:4]}: {done.stderr[-2000:]}"
    return done.stdout


def as_postgres(words):
    return ["runuser", "-u", "postgres", "--", *words] if os.getuid() == 0 else words


def until(condition, what, seconds=120):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"still not: {what}"
        time.sleep(0.05)


class Service:
    """`whereabouts serve`, or a baseline: what is to be pinned to one core, and says where it listens."""

    started = []

    def __init__(self, words, core=None):
        log = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(pinned(words, core), stdout=subprocess.PIPE, stderr=log, text=True)
        self.started.append(self.process)
        line = self.process.stdout.readline()
        if "listens on" not in line:
            log.seek(0)
            raise AssertionError(log.read())
        self.address = line.split()[-1].removeprefix("http://").rstrip("/")
        self.pid = self.process.pid
        self.operations = None

    def ask(self, path, token="", at=None):
        connection = http.client.HTTPConnection(at or self.address)
        connection.request("GET", path, headers={"Authorization": f"Bearer {token}"})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()

    def get(self, path, token="", at=None):
        status, text = self.ask(path, token, at)
        assert status == 200, text
        return text

    def metrics(self):
        # Earlier builds have them where everything is.
        if self.operations is None and self.ask("/metrics")[0] == 200:
            self.operations = self.address
        if self.operations is None:
            line = self.process.stdout.readline()
            while "metrics" not in line:
                assert line, "it never says where its metrics are"
                line = self.process.stdout.readline()
            self.operations = line.split()[-1].removeprefix("http://").removesuffix("/metrics")
        return self.get("/metrics", at=self.operations)

    def resident(self):
        # Builds before 0.1 had no prefix.
        found = re.search(r"^(?:whereabouts_)?proximity_resident_businesses (\d+)", self.metrics(), re.M)
        return int(found[1]) if found else 0

    def until_resident(self, businesses):
        until(lambda: self.resident() == businesses, "all businesses are in memory")

    def rss(self):
        status = pathlib.Path(f"/proc/{self.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) * 1024

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.communicate()
