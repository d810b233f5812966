"""Load by wrk, with the CPU seconds that the server, its PostgreSQL backends and everything else took meanwhile."""

import json
import os
import subprocess
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import machine, tokens
from bench.places import HERE, HOME
from bench.postgres import Server
from bench.servers import Running
from bench.workload import Request


@dataclass(frozen=True, slots=True)
class Window:
    """What a while of load came to; CPU in seconds per 1,000 requests, shares in cores."""

    requests: int
    per_second: float
    p50_ms: float
    p99_ms: float
    server: float
    postgres: float
    load: float
    other_share: float
    failed: int

    @property
    def cpu(self) -> float:
        """Server and PostgreSQL."""
        return self.server + self.postgres


def write_requests(name: str, requests: Iterable[Request]) -> Path:
    """A file of requests for wrk, in the order given."""
    folder = HOME / "requests"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.txt"
    path.write_bytes(b"".join(_line(request) for request in requests))
    return path


def _line(request: Request) -> bytes:
    token = tokens.sign(request.bearer).encode() if request.bearer else b""
    return token + b"\t" + request.body + b"\n"


def press(running: Running, requests: Path, connections: int, seconds: float) -> dict[str, Any]:
    """wrk's own account of `seconds` of load."""
    options = ["-t1", f"-c{connections}", f"-d{seconds:g}s", "--timeout", "20s", "-s", str(HERE / "load.lua")]
    command = ["wrk", *options, running.url, "--", str(requests)]
    done = subprocess.run(command, capture_output=True, text=True)
    for line in done.stdout.splitlines():
        if line.startswith("RESULT "):
            found: dict[str, Any] = json.loads(line.removeprefix("RESULT "))
            return found
    raise SystemExit(f"bench: wrk failed: {done.stdout}{done.stderr}")


def window(server: Server, running: Running, requests: Path, connections: int, seconds: float) -> Window:
    """A while of load, measured."""
    serving = backends(server, running)
    before, began = _spent(server, running), time.monotonic()
    postgres_before, machine_before = machine.cpu_of(serving), machine.cpu_of_machine()
    found = press(running, requests, connections, seconds)
    took = time.monotonic() - began
    after, machine_after = _spent(server, running), machine.cpu_of_machine()
    postgres_after = machine.cpu_of(serving | backends(server, running))
    of_server, of_load, of_cluster = (late - early for early, late in zip(before, after, strict=True))
    of_postgres = sum(spent - postgres_before.get(pid, 0.0) for pid, spent in postgres_after.items())
    others = machine_after - machine_before - of_server - of_load - of_cluster
    number = max(found["requests"], 1)
    return Window(
        requests=found["requests"],
        per_second=round(found["requests"] / (found["duration_us"] / 1e6), 1),
        p50_ms=found["p50_us"] / 1000,
        p99_ms=found["p99_us"] / 1000,
        server=of_server / number * 1000,
        postgres=of_postgres / number * 1000,
        load=of_load / number * 1000,
        other_share=round(max(others, 0.0) / took, 3),
        failed=found["errors"] + found["non2xx"],
    )


def _spent(server: Server, running: Running) -> tuple[float, float, float]:
    """CPU seconds so far: of the peer, of this process with the wrk runs it has waited for, of all of PostgreSQL."""
    return machine.cpu_of_tree(running.pid), sum(os.times()[:4]), machine.cpu_of_tree(server.pid)


def backends(server: Server, running: Running) -> set[int]:
    """The processes of PostgreSQL that serve a peer, found by the ports of its connections."""
    ports = machine.local_ports(running.pid)
    with server.connect("postgres") as connection:
        clients = connection.execute(
            "SELECT pid, client_port FROM pg_stat_activity WHERE client_port > 0"
        ).fetchall()
    return {pid for pid, port in clients if port in ports}
