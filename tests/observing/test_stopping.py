"""A server that is told to stop: what runs is finished, nothing new is begun."""

import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import httpx
import psycopg
import pytest

from tests.serving import PATIENCE, Server, data_directory_in_use, fill, wait_until, workspace_of
from zorbit import embedded
from zorbit.auth.local import LocalIssuer

STOPPING = {"status": "unavailable", "reason": "the server is stopping"}


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    with data_directory_in_use() as folder:
        yield folder


def token(home: Path, email: str) -> str:
    return LocalIssuer.open(home).sign(str(fill(home, email)), timedelta(hours=1))


def test_what_runs_is_finished_and_nobody_else_is_let_in(home: Path) -> None:
    with Server(home) as server, embedded.running(home) as url, ThreadPoolExecutor() as pool:
        server.wait_until_ready()
        by = token(home, "ada@example.com")
        with psycopg.connect(url) as holder:
            holder.execute('LOCK TABLE "Thread"')
            running = pool.submit(server.ask, by)
            wait_until(lambda: holder.execute("SELECT FROM pg_locks WHERE NOT granted").rowcount == 1)

            server.send_signal(signal.SIGTERM)
            wait_until(lambda: is_closed(server))

            assert server.poll() is None
            assert not running.done()
        assert running.result() == workspace_of("ada@example.com")
        assert server.wait(PATIENCE) == 0
    assert "Traceback" not in server.log.read_text()


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_server_that_drains_says_so_and_goes_on_serving(home: Path, workers: str) -> None:
    with Server(home, DRAIN_SECONDS="3", WORKERS=workers) as server:
        server.wait_until_ready()
        by = token(home, f"bob{workers}@example.com")

        server.send_signal(signal.SIGTERM)
        wait_until(lambda: all(server.get("/readyz").status_code == 503 for _ in range(8)))

        assert server.get("/readyz").json() == STOPPING
        assert server.get("/healthz").json() == {"status": "ok"}
        assert server.ask(by) == workspace_of(f"bob{workers}@example.com")
        assert server.wait(PATIENCE) == 0
    assert is_closed(server)
    assert "Traceback" not in server.log.read_text()


def is_closed(server: Server) -> bool:
    try:
        return server.get("/healthz").status_code == 503
    except httpx.TransportError:
        return True
