"""A database that goes away, falls silent, is slow, and comes back, under a server that stays."""

import asyncio
import json
import os
import signal
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import psycopg
import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from tests import rows
from tests.conftest import Client
from tests.proxy import Proxy
from zorbit import app, db, embedded, migrations
from zorbit.auth.local import LocalIssuer
from zorbit.config import Settings

POSTS = "{ viewer { posts { totalCount } } }"
NO_POSTS = {"data": {"viewer": {"posts": {"totalCount": 0}}}}
MESSAGE = "The database cannot be reached. Try again shortly."
UNAVAILABLE = {"errors": [{"message": MESSAGE, "extensions": {"code": "SERVICE_UNAVAILABLE"}}]}
Serve = Callable[..., AbstractAsyncContextManager[Client]]


@pytest.fixture
def serve(data_dir: Path) -> Serve:
    """Starts the application over a database, with settings of its own."""

    @asynccontextmanager
    async def start(url: str, **values: Any) -> AsyncIterator[Client]:
        application = app.create(Settings(data_dir=data_dir, connect_timeout=2, **values), url)
        transport = httpx.ASGITransport(app=application)
        async with (
            application.router.lifespan_context(application),
            httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as caller,
        ):
            yield Client(caller, LocalIssuer.open(data_dir))

    return start


@pytest.fixture
async def proxy(database_url: str) -> AsyncIterator[Proxy]:
    """A port in front of the database."""
    proxy = Proxy(database_url)
    await proxy.open()
    yield proxy
    await proxy.close()


async def ask(client: Client, user: UUID, query: str = POSTS) -> httpx.Response:
    async with asyncio.timeout(8):  # what takes longer hangs
        return await client.post(query, authorization=f"Bearer {client.token(user)}")


async def assert_unavailable(client: Client, user: UUID) -> None:
    """Nobody waits long: four callers at once and the probes are answered within seconds."""
    began = time.monotonic()
    async with asyncio.timeout(8):
        *answers, ready, healthy = await asyncio.gather(
            *(ask(client, user) for _ in range(4)), client.http.get("/readyz"), client.http.get("/healthz")
        )

    for answer in answers:
        assert (answer.status_code, answer.json()) == (503, UNAVAILABLE)
        assert answer.headers["retry-after"] == "5"
        assert answer.headers["content-type"] == "application/json"
    assert ready.status_code == 503
    assert (healthy.status_code, healthy.json()) == (200, {"status": "ok"})
    assert time.monotonic() - began < 6


async def assert_served(client: Client, user: UUID) -> None:
    answer = await ask(client, user)
    assert (answer.status_code, answer.json()) == (200, NO_POSTS)
    assert (await client.http.get("/readyz")).json() == {"status": "ready"}


async def test_a_database_that_refuses_is_503_until_it_is_back(
    serve: Serve, proxy: Proxy, database_url: str
) -> None:
    user = rows.insert(database_url, "User")
    async with serve(proxy.url) as client:
        await assert_served(client, user)

        await proxy.close()
        await assert_unavailable(client, user)

        await proxy.open()
        await assert_served(client, user)


async def test_a_database_that_is_silent_when_called_is_503_until_it_is_back(
    serve: Serve, proxy: Proxy, database_url: str
) -> None:
    user = rows.insert(database_url, "User")
    async with serve(proxy.url) as client:
        proxy.silence()
        await assert_unavailable(client, user)

        await proxy.open()
        await assert_served(client, user)


async def test_a_database_that_falls_silent_on_open_connections_is_503_until_it_is_back(
    serve: Serve, proxy: Proxy, database_url: str
) -> None:
    user = rows.insert(database_url, "User")
    async with serve(proxy.url, statement_timeout=1, pool_timeout=1) as client:
        await asyncio.gather(*(assert_served(client, user) for _ in range(4)))

        proxy.silence()
        await assert_unavailable(client, user)

        await proxy.open()
        await assert_served(client, user)


@pytest.fixture
def home() -> Iterator[Path]:
    """The data directory of a server that may be stopped."""
    with tempfile.TemporaryDirectory(prefix="zorbit-outage-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


async def test_a_postgresql_that_stops_is_503_until_it_is_started_again(serve: Serve, home: Path) -> None:
    with embedded.running(home, fsync=False) as url:
        migrations.migrate(url, say=lambda _line: None)
        user = rows.insert(url, "User")
        async with serve(url) as client:
            await assert_served(client, user)

            await asyncio.to_thread(stop, home)
            await assert_unavailable(client, user)

            with embedded.running(home, fsync=False):
                await assert_served(client, user)


def stop(home: Path) -> None:
    number = home / "postgres/data/postmaster.pid"
    os.kill(int(number.read_text().split()[0]), signal.SIGINT)
    while number.exists():
        time.sleep(0.02)


@asynccontextmanager
async def locked(url: str, table: str) -> AsyncIterator[psycopg.AsyncConnection]:
    """Nobody else reads the table meanwhile."""
    async with await psycopg.AsyncConnection.connect(url) as connection:
        await connection.execute(f'LOCK TABLE "{table}"'.encode())
        yield connection


async def waiting(holder: psycopg.AsyncConnection) -> int:
    """The process of the server's that waits for the holder's lock."""
    query = b"SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND application_name = 'zorbit'"
    async with asyncio.timeout(8):
        while True:
            if found := await (await holder.execute(query)).fetchone():
                return int(found[0])
            await holder.execute(b"SELECT pg_stat_clear_snapshot()")
            await asyncio.sleep(0.02)


def assert_masked(response: httpx.Response) -> None:
    [error] = response.json()["errors"]
    assert error["message"] == "internal server error"
    assert error["extensions"] == {
        "code": "INTERNAL_SERVER_ERROR",
        "requestId": response.headers["x-request-id"],
    }
    for word in ("SELECT", "statement", "timeout", "psycopg", "terminat", '"Post'):
        assert word not in response.text


async def test_a_query_whose_connection_breaks_is_masked_and_the_next_one_succeeds(
    serve: Serve, database_url: str
) -> None:
    user = rows.insert(database_url, "User")
    async with serve(database_url) as client:
        with capture_logs() as logged:
            async with locked(database_url, "Post") as holder:
                running = asyncio.create_task(ask(client, user))
                pid = await waiting(holder)
                await holder.execute("SELECT pg_terminate_backend(%s)", [pid])
                response = await running

        assert_masked(response)
        assert [line["event"] for line in logged] == ["fault in a resolver", "request"]
        await assert_served(client, user)


async def test_who_finds_no_free_connection_is_told_so_soon(serve: Serve, database_url: str) -> None:
    user = rows.insert(database_url, "User")
    async with serve(database_url, pool_size=1, pool_timeout=0.3) as client:
        async with locked(database_url, "Post") as holder:
            slow = asyncio.create_task(ask(client, user))
            await waiting(holder)
            began = time.monotonic()

            refused = await asyncio.gather(*(ask(client, user) for _ in range(3)))

            assert time.monotonic() - began < 2
        for response in refused:
            assert (response.status_code, response.json()) == (503, UNAVAILABLE)
            assert response.headers["retry-after"] == "5"
        assert (await slow).json() == NO_POSTS
        await assert_served(client, user)


@pytest.mark.parametrize(
    ("values", "cause"),
    [({"statement_timeout": 0.3}, "statement timeout"), ({"lock_timeout": 0.3}, "lock timeout")],
)
async def test_a_statement_that_takes_too_long_is_masked(
    serve: Serve, database_url: str, values: dict[str, float], cause: str
) -> None:
    user = rows.insert(database_url, "User")
    began = time.monotonic()
    async with serve(database_url, **values) as client:
        async with locked(database_url, "Post"):
            with capture_logs() as logged:
                response = await ask(client, user)

        assert response.status_code == 200
        assert_masked(response)
        assert time.monotonic() - began < 3
        [fault] = [line for line in logged if line["log_level"] == "error"]
        assert cause in str(fault["exc_info"])
        await assert_served(client, user)


async def test_a_caller_who_cannot_be_looked_up_in_time_gets_a_masked_500(
    serve: Serve, database_url: str
) -> None:
    user = rows.insert(database_url, "User")
    async with serve(database_url, statement_timeout=0.3) as client:
        with capture_logs() as logged:
            async with locked(database_url, "User"):
                response = await ask(client, user)

        assert response.status_code == 500
        assert_masked(response)
        assert [line["event"] for line in logged] == ["fault", "request"]
        await assert_served(client, user)


async def test_a_fault_in_the_log_holds_no_value_of_a_callers(serve: Serve, database_url: str) -> None:
    user = rows.insert(database_url, "User")
    search = '{ viewer { posts(search: "geheim") { totalCount } } }'
    async with serve(database_url, statement_timeout=0.3) as client, locked(database_url, "Post"):
        with capture_logs() as logged:
            response = await ask(client, user, search)

    assert_masked(response)
    [fault] = [line for line in logged if line["log_level"] == "error"]
    assert "statement timeout" in str(fault["exc_info"])
    assert "geheim" not in json.dumps(logged, default=str)


@pytest.mark.parametrize("kind", ["read", "write"])
async def test_sessions_have_their_name_their_timeouts_and_utc(database_url: str, kind: str) -> None:
    settings = Settings(statement_timeout=7, lock_timeout=1.5)
    database = db.connect(database_url, settings)
    try:
        async with database.read() if kind == "read" else database.write() as session:
            found = {
                name: await session.scalar(text(f"SHOW {name}"))
                for name in (
                    "application_name",
                    "statement_timeout",
                    "lock_timeout",
                    "idle_in_transaction_session_timeout",
                    "timezone",
                )
            }
    finally:
        await database.close()

    assert found == {
        "application_name": "zorbit",
        "statement_timeout": "7s",
        "lock_timeout": "1500ms",
        "idle_in_transaction_session_timeout": "1min",
        "timezone": "UTC",
    }
