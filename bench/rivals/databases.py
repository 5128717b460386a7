"""PostgreSQL and Redis of their own, for one benchmark."""

import os
import pathlib
import shutil
import signal
import socket
import subprocess
import time

from .processes import TICKS_PER_S, as_postgres, free_port, run, stat, until

SETTINGS = {
    "shared_buffers": "1GB", "work_mem": "16MB", "maintenance_work_mem": "256MB", "max_wal_size": "8GB",
    "checkpoint_timeout": "30min", "random_page_cost": "1.1", "effective_cache_size": "4GB", "autovacuum": "off",
    "listen_addresses": "127.0.0.1", "unix_socket_directories": "",
}


class Postgres:
    def __init__(self, folder):
        bins = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"))
        self.bin, self.data, self.port = bins[-1], f"{folder}/postgres", free_port()
        pathlib.Path(self.data).mkdir(mode=0o700)
        if os.getuid() == 0:
            shutil.chown(self.data, "postgres")
        initdb = [f"{self.bin}/initdb", "-D", self.data, "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--locale=C"]
        run(as_postgres(initdb), cwd="/")
        words = [f"{self.bin}/postgres", "-D", self.data, "-p", str(self.port)]
        words += [word for item in SETTINGS.items() for word in ("-c", "=".join(item))]
        log = open(f"{folder}/postgres.log", "w")
        self.process = subprocess.Popen(as_postgres(words), stdout=log, stderr=log, cwd="/")
        ready = [f"{self.bin}/pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        until(lambda: subprocess.run(ready).returncode == 0, "PostgreSQL is ready")
        self.pid = int((pathlib.Path(self.data) / "postmaster.pid").read_text().split()[0])

    def place(self, database="postgres"):
        return ["-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres", "-d", database]

    def url(self, database):
        return f"postgres://postgres@127.0.0.1:{self.port}/{database}"

    def sql(self, text, database="postgres"):
        return run(["psql", "-XqAt", "-v", "ON_ERROR_STOP=1", *self.place(database), "-c", text]).strip()

    def cpu_s(self):
        """All of its processes, those that have ended too."""
        # One that is just ending would be missed.
        time.sleep(0.3)
        ticks = sum(map(int, stat(self.pid)[11:15]))
        for entry in pathlib.Path("/proc").glob("[0-9]*"):
            fields = stat(entry.name)
            if fields and int(fields[1]) == self.pid:
                ticks += int(fields[11]) + int(fields[12])
        return ticks / TICKS_PER_S

    def stop(self):
        os.kill(self.pid, signal.SIGINT)
        self.process.wait()


class Redis:
    def __init__(self, folder, places):
        self.port = free_port()
        words = ["--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", folder]
        self.process = subprocess.Popen(["redis-server", *words], stdout=subprocess.DEVNULL)
        ping = ["redis-cli", "-p", str(self.port), "PING"]
        until(lambda: subprocess.run(ping, capture_output=True).stdout == b"PONG\n", "Redis is ready")
        adds = "".join(f"GEOADD places {longitude} {latitude} {id}\n" for id, latitude, longitude in places)
        run(["redis-cli", "-p", str(self.port), "--pipe"], input=adds)
        self.socket = socket.create_connection(("127.0.0.1", self.port))
        self.replies = self.socket.makefile("rb")

    def search(self, centre, radius):
        latitude, longitude = centre
        line = f"GEOSEARCH places FROMLONLAT {longitude} {latitude} BYRADIUS {radius} m ASC COUNT 20 WITHDIST\r\n"
        self.socket.sendall(line.encode())
        return self.reply()

    def reply(self):
        kind = self.replies.readline()
        if kind[:1] == b"*":
            return [self.reply() for _ in range(int(kind[1:]))]
        assert kind[:1] == b"$", kind
        return self.replies.read(int(kind[1:]) + 2)[:-2]
