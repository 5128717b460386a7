"""Gateways over one Redis server and one PostgreSQL behind a line with a delay, and simulated people."""

import asyncio
import json
import multiprocessing
import os
import pathlib
import secrets
import subprocess

from .databases import Postgres, Redis
from .processes import Service, free_port, run, until

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PROGRAM = os.environ.get("WHEREABOUTS_BIN", str(ROOT / "target/release/whereabouts"))
KID = "bench"


class Line:
    """A TCP proxy, in a process of its own, whose both directions take so many seconds, that can lead elsewhere, and cut all
    connections."""

    def __init__(self, to):
        self.port = free_port()
        self.orders, orders = multiprocessing.Pipe()
        multiprocessing.Process(target=serve_line, args=(self.port, to, orders), daemon=True).start()

    def order(self, **order):
        self.orders.send(order)
        self.orders.recv()


def serve_line(port, to, orders):
    loop, writers, state = asyncio.new_event_loop(), set(), {"to": to, "delay_s": 0.0}

    async def connected(reader, writer):
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", state["to"])
        except ConnectionError:
            return writer.close()
        writers.update({writer, far_writer})
        await asyncio.gather(pipe(reader, far_writer), pipe(far_reader, writer))
        writers.difference_update({writer, far_writer})

    async def pipe(reader, writer):
        def write(data):
            if not writer.transport.is_closing():
                writer.write(data) if data else writer.close()

        data = b"some"
        while data:
            try:
                data = await reader.read(1 << 16)
            except ConnectionError:
                data = b""
            # The loop keeps the order of equal delays.
            loop.call_later(state["delay_s"], write, data) if state["delay_s"] else write(data)

    def ordered():
        order = orders.recv()
        state.update(order)
        if order.get("cut"):
            [writer.transport.abort() for writer in list(writers)]
        orders.send(True)

    loop.add_reader(orders.fileno(), ordered)
    loop.run_until_complete(asyncio.start_server(connected, "127.0.0.1", port, backlog=4_096))
    loop.run_forever()


class Deployment:
    def __init__(self, folder):
        os.chmod(folder, 0o755)
        self.folder, self.postgres, self.redis = folder, Postgres(folder), Redis(folder, [])
        self.line, self.services = Line(self.postgres.port), {}
        self.postgres.sql("CREATE DATABASE whereabouts")
        self.secret = f"{folder}/secret"
        pathlib.Path(self.secret).write_bytes(secrets.token_bytes(32))

    def settings(self, name):
        path = pathlib.Path(f"{self.folder}/{name}.toml")
        path.write_text(f"""
[data]
dir = "{self.folder}/data-{name}"
[auth]
keys = [{{ kid = "{KID}", alg = "HS256", secret_file = "{self.secret}" }}]
[backends]
live = "redis"
directory = "postgres"
[postgres.directory]
url = "postgres://postgres@127.0.0.1:{self.line.port}/whereabouts"
[[redis.shards]]
name = "redis-1"
url = "redis://127.0.0.1:{self.redis.port}"
""")
        return str(path)

    def start(self, name):
        """A gateway; its log is `name`.log."""
        settings = self.settings(name)
        if not self.services:
            run([PROGRAM, "migrate", "--config", settings])
        words = ["sh", "-c", f'exec "$@" 2>>{self.folder}/{name}.log', "sh", PROGRAM, "serve", "--config", settings]
        self.services[name] = Service([*words, "--listen", "127.0.0.1:0"])
        until(lambda: self.is_ready(name), f"{name} is ready")
        return self.services[name]

    def address(self, name):
        return self.services[name].address

    def is_ready(self, name):
        try:
            self.services[name].get("/ready")
            return True
        except AssertionError:
            return False

    def log_lines(self, name):
        return len(pathlib.Path(f"{self.folder}/{name}.log").read_text().splitlines())

    def metric(self, name, line):
        """The sum of all lines that begin so; 0 of a gateway that has gone."""
        try:
            page = self.services[name].metrics()
        except OSError:
            return 0
        return sum(float(text.rsplit(" ", 1)[1]) for text in page.splitlines() if text.startswith(line))

    def people(self, *words, at=None):
        """`simulate` against these addresses, under way; its output is the summary as JSON."""
        at = at or [self.address(name) for name in self.services]
        addresses = [word for address in at for word in ("--address", f"http://{address}")]
        key = ["--secret-file", self.secret, "--kid", KID, "--json"]
        return subprocess.Popen([PROGRAM, "simulate", *addresses, *key, *map(str, words)], stdout=subprocess.PIPE, text=True)

    def summary(self, people):
        return json.loads(people.communicate()[0])

    def stop(self):
        for service in self.services.values():
            if service.process.poll() is None:
                service.process.kill()
                service.process.communicate()
        self.postgres.stop()
        self.redis.process.kill()
