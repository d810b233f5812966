"""What tests of outages ask, and how they bring outages about."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any
from uuid import UUID

import httpx
import psycopg
import pytest

from tests.conftest import Client
from tests.rows import execute

pytest.register_assert_rewrite("tests.outage.masked")  # it holds assertions of its own

POSTS = "{ viewer { posts { totalCount } } }"
NO_POSTS = {"data": {"viewer": {"posts": {"totalCount": 0}}}}
AWAY = "The database cannot be reached. Try again shortly."
TOO_LONG = "The database took too long. Try again shortly."
TIMEOUTS = [
    ({"statement_timeout": 0.3}, "QueryCanceled"),
    ({"lock_timeout": 0.3}, "LockNotAvailable"),
]
"""Settings, and what PostgreSQL says when they are exceeded."""
GIVEN_UP = [("warning", "database unavailable"), ("info", "request")]
"""What is logged of a request that did without the database."""

Serve = Callable[..., AbstractAsyncContextManager[Client]]


async def ask(client: Client, user: UUID, query: str = POSTS) -> httpx.Response:
    """The answer to the user's query, which comes soon, whatever it is."""
    async with asyncio.timeout(8):  # what takes longer hangs
        return await client.post(query, authorization=f"Bearer {client.token(user)}")


async def assert_served(client: Client, user: UUID) -> None:
    """All is well."""
    answer = await ask(client, user)
    assert (answer.status_code, answer.json()) == (200, NO_POSTS)
    assert (await client.http.get("/readyz")).json() == {"status": "ready"}


def assert_refused(response: httpx.Response, message: str = AWAY) -> None:
    """The whole request was refused, and nothing is told but when to come back."""
    error = {"message": message, "extensions": {"code": "SERVICE_UNAVAILABLE"}}
    assert (response.status_code, response.json()) == (503, {"errors": [error]})
    assert response.headers["retry-after"] == "5"
    assert response.headers["content-type"] == "application/json"


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


def end_sessions(url: str) -> None:
    """End those of servers over the database; returns when they are gone."""
    ending = """
        SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
        WHERE application_name = 'zorbit' AND datname = current_database()
    """
    execute(url, ending)


def events(logged: list[Any]) -> list[tuple[str, str]]:
    """What was logged, in which order, and how seriously."""
    return [(line["log_level"], line["event"]) for line in logged]
