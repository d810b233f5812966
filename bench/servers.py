"""Peers that run: started, asked, stopped."""

import os
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import httpx

from bench import installing, tokens
from bench.peers import Peer, Runtime
from bench.places import HOME, LOGS, PEERS, QUERIES
from bench.postgres import free_port
from bench.workload import Request

READ_CONNECTIONS, OTHER_CONNECTIONS = 6, 4
"""Ten in all, as every peer has."""
_START = 60.0  # seconds
_UVICORN = ["--loop", "uvloop", "--http", "httptools", "--no-access-log", "--log-level", "warning"]


@dataclass(frozen=True, slots=True)
class Running:
    """A peer that runs."""

    peer: Peer
    process: subprocess.Popen[bytes]
    port: int

    @property
    def pid(self) -> int:
        """The process whose tree is measured."""
        return self.process.pid

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}/graphql"

    def ask(self, request: Request) -> bytes:
        """The body of its answer, whatever the status."""
        headers = {"Content-Type": "application/json"}
        if request.bearer:
            headers["Authorization"] = f"Bearer {tokens.sign(request.bearer)}"
        return httpx.post(self.url, content=request.body, headers=headers, timeout=30).content


@contextmanager
def all_running(
    peers: Iterable[Peer], database_url: str, settings: Mapping[str, str] | None = None
) -> Iterator[list[Running]]:
    """All of `peers`, as long as the block; `settings` are further environment variables."""
    started: list[Running] = []
    try:
        for peer in peers:
            started.append(start(peer, database_url, settings or {}))  # noqa: PERF401 - one may not start
        for running in started:
            _wait(running)
        yield started
    finally:
        stop(started)


def stop(started: Iterable[Running]) -> None:
    """End them, all at once."""
    for running in started:
        running.process.terminate()
    for running in started:
        _end(running.process)


def start(peer: Peer, database_url: str, settings: Mapping[str, str]) -> Running:
    """Without waiting until it answers; `settings` are further environment variables."""
    port = free_port()
    LOGS.mkdir(parents=True, exist_ok=True)
    own = {name: value for name, value in os.environ.items() if not name.startswith("ZORBIT_")}
    with (LOGS / f"{peer.name}.log").open("wb") as log:
        process = subprocess.Popen(
            _command(peer, port),
            cwd={Runtime.NODE: installing.NODE, Runtime.PYTHON: PEERS / "python"}.get(peer.runtime, HOME),
            env=own | _environment(peer, port, database_url) | dict(settings),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    return Running(peer, process, port)


def _command(peer: Peer, port: int) -> list[str]:
    match peer.runtime:
        case Runtime.NODE:
            return [str(installing.node()), f"{peer.program}.mjs"]
        case Runtime.PYTHON:
            address = ["--host", "127.0.0.1", "--port", str(port)]
            return [str(installing.python()), "-m", "uvicorn", f"{peer.program}:app", *address, *_UVICORN]
        case Runtime.ZORBIT:
            command = [str(PEERS / f"{peer.program}.py")] if peer.program else ["-m", "zorbit", "serve"]
            return [sys.executable, *command]


def _environment(peer: Peer, port: int, database_url: str) -> dict[str, str]:
    if peer.runtime is not Runtime.ZORBIT:
        production = {"NODE_ENV": "production", "GRAPHILE_ENV": "production"}
        return {"PORT": str(port), "DATABASE_URL": database_url, "BENCH_QUERIES": str(QUERIES)} | production
    return {
        "ZORBIT_PORT": str(port),
        "ZORBIT_DATABASE_URL": database_url,
        "ZORBIT_READ_POOL_SIZE": str(READ_CONNECTIONS),
        "ZORBIT_POOL_SIZE": str(OTHER_CONNECTIONS),
        "ZORBIT_RATE": "1e9",  # every request is charged, and none refused
        "ZORBIT_RATE_BURST": "1000000000",
        "ZORBIT_JWT_KEY_FILE": str(tokens.public_key_file()),
        "ZORBIT_JWT_ISSUER": tokens.ISSUER,
        "ZORBIT_JWT_AUDIENCE": tokens.AUDIENCE,
    }


def _wait(running: Running) -> None:
    """Until it listens."""
    end = time.monotonic() + _START
    while time.monotonic() < end and running.process.poll() is None:
        try:
            running.ask(Request("{ __typename }", {}))
        except httpx.TransportError:
            time.sleep(0.05)
        else:
            return
    log = (LOGS / f"{running.peer.name}.log").read_text(errors="replace")
    raise SystemExit(f"bench: {running.peer.name} does not start:\n{log[-2000:]}")


def _end(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
