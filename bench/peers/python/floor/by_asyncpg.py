"""The floor with asyncpg: a bare ASGI app, one prepared statement a request, JSON made by PostgreSQL."""

import os
from pathlib import Path
from typing import Any

import asyncpg

from .bare import application

STATEMENTS = {path.stem: path.read_text() for path in Path(os.environ["BENCH_QUERIES"]).glob("*.sql")}
POOL: dict[str, Any] = {}


async def answer(query: str, values: list[Any]) -> bytes:
    """What PostgreSQL made."""
    async with POOL["pool"].acquire() as connection:
        found: str = await connection.fetchval(STATEMENTS[query], *values)
    return found.encode()


async def begin() -> None:
    """All connections are there before the first request."""
    url = os.environ["DATABASE_URL"]
    POOL["pool"] = await asyncpg.create_pool(url, min_size=10, max_size=10, reset=leave)


async def end() -> None:
    """At once."""
    POOL["pool"].terminate()


async def leave(_connection: object) -> None:
    """Nothing to reset: the floor changes no session state."""


app = application(answer, begin, end)
