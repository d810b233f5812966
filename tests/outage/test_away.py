"""A database that goes away, falls silent, and comes back, under a server that stays."""

import asyncio
import os
import signal
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import text

from tests import rows
from tests.conftest import Client
from tests.outage import Serve, ask, assert_refused, assert_served
from tests.proxy import Proxy
from zorbit import db, embedded, migrations
from zorbit.config import Settings

either_way = pytest.mark.parametrize("compiled_reads", [True, False], ids=["by plans", "by resolvers"])
SESSION = {
    "application_name": "zorbit",
    "statement_timeout": "7s",
    "lock_timeout": "1500ms",
    "idle_in_transaction_session_timeout": "1min",
    "timezone": "UTC",
}


async def assert_unavailable(client: Client, user: UUID) -> None:
    """Nobody waits long: four callers at once and the probes are answered within seconds."""
    async with asyncio.timeout(8):
        *answers, ready, healthy = await asyncio.gather(
            *(ask(client, user) for _ in range(4)), client.http.get("/readyz"), client.http.get("/healthz")
        )

    for answer in answers:
        assert_refused(answer)
    assert ready.status_code == 503
    assert (healthy.status_code, healthy.json()) == (200, {"status": "ok"})


@either_way
async def test_a_database_that_refuses_is_503_until_it_is_back(
    serve: Serve, proxy: Proxy, user: UUID, compiled_reads: bool
) -> None:
    async with serve(proxy.url, compiled_reads=compiled_reads) as client:
        await assert_served(client, user)

        await proxy.close()
        await assert_unavailable(client, user)

        await proxy.open()
        await assert_served(client, user)


@either_way
async def test_a_database_that_is_silent_when_called_is_503_until_it_is_back(
    serve: Serve, proxy: Proxy, user: UUID, compiled_reads: bool
) -> None:
    async with serve(proxy.url, compiled_reads=compiled_reads) as client:
        proxy.silence()
        await assert_unavailable(client, user)

        await proxy.open()
        await assert_served(client, user)


@either_way
async def test_a_database_that_falls_silent_on_open_connections_is_503_until_it_is_back(
    serve: Serve, proxy: Proxy, user: UUID, compiled_reads: bool
) -> None:
    settings = {"statement_timeout": 1, "pool_timeout": 1, "compiled_reads": compiled_reads}
    async with serve(proxy.url, **settings) as client:
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
        async with serve(url) as client, serve(url, compiled_reads=False) as by_resolvers:
            await assert_served(client, user)
            await assert_served(by_resolvers, user)

            await asyncio.to_thread(stop, home)
            await assert_unavailable(client, user)
            await assert_unavailable(by_resolvers, user)

            with embedded.running(home, fsync=False):
                await assert_served(client, user)
                await assert_served(by_resolvers, user)


def stop(home: Path) -> None:
    number = home / "postgres/data/postmaster.pid"
    os.kill(int(number.read_text().split()[0]), signal.SIGINT)
    while number.exists():
        time.sleep(0.02)


@pytest.mark.parametrize("kind", ["read", "write"])
async def test_sessions_have_their_name_their_timeouts_and_utc(database_url: str, kind: str) -> None:
    settings = Settings(statement_timeout=7, lock_timeout=1.5)
    database = db.connect(database_url, settings)
    try:
        async with database.read() if kind == "read" else database.write() as session:
            found = {name: await session.scalar(text(f"SHOW {name}")) for name in SESSION}
    finally:
        await database.close()

    assert found == SESSION


async def test_connections_of_plans_have_their_name_their_timeouts_and_utc(database_url: str) -> None:
    settings = Settings(statement_timeout=7, lock_timeout=1.5)
    async with await db.read_connection(database_url, settings) as connection:
        found = {
            name: (await (await connection.execute(f"SHOW {name}".encode())).fetchone() or [""])[0]
            for name in SESSION
        }

    assert found == SESSION
