"""A real server, for what can only be seen from outside of it."""

import socket
import threading
from collections.abc import Iterator

import pytest
import uvicorn

from zorbit import app
from zorbit.config import Settings


@pytest.fixture(scope="package")
def port(worker_database: str, settings: Settings) -> Iterator[int]:
    """Where a server listens."""
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(app.create(settings, worker_database), log_level="warning", ws="none")
    server = uvicorn.Server(config)
    runner = threading.Thread(target=server.run, args=([listener],))
    runner.start()
    yield listener.getsockname()[1]
    server.should_exit = True
    runner.join()
