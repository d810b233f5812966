"""A real server, for what can only be seen from outside of it."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
import uvicorn
from starlette.types import ASGIApp

from tests.http.sockets import PATIENCE
from zorbit import app
from zorbit.config import Settings
from zorbit.protocol import protocol

MOST = 20


@pytest.fixture(scope="package")
def patient(worker_database: str, settings: Settings) -> Iterator["Listening"]:
    """A server that waits for longer than any test here, for so many clients and no more."""
    with listening(worker_database, settings, seconds=PATIENCE, connections=MOST) as server:
        yield server


@pytest.fixture(scope="package")
def port(worker_database: str, settings: Settings) -> Iterator[int]:
    """Where a server listens that is as patient as any."""
    with listening(worker_database, settings) as server:
        yield server.port


@dataclass(frozen=True)
class Listening:
    """A server in a thread."""

    port: int
    server: uvicorn.Server

    @property
    def connections(self) -> int:
        """How many it has open."""
        return len(self.server.server_state.connections)


@contextmanager
def listening(
    url: str, settings: Settings, *, seconds: float = 18, connections: int = 900
) -> Iterator[Listening]:
    """A server over the database at `url`."""
    application = app.create(settings, url)
    speaks = protocol(seconds, connections, application.state.metrics.shed)
    with serving(application, speaks) as server:
        yield server


@contextmanager
def serving(application: ASGIApp, speaks: type[asyncio.Protocol]) -> Iterator[Listening]:
    """A server of any application."""
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(application, log_level="critical", http=speaks, ws="none")
    server = uvicorn.Server(config)
    runner = threading.Thread(target=server.run, args=([listener],))
    runner.start()
    yield Listening(listener.getsockname()[1], server)
    server.should_exit = True
    runner.join()
