"""The least that Python could spend: a bare ASGI app, one prepared statement a request, JSON made by PostgreSQL."""

import os
from pathlib import Path
from typing import Any

from psycopg import AsyncConnection, AsyncRawCursor
from psycopg_pool import AsyncConnectionPool

from .bare import application

STATEMENTS = {path.stem: path.read_bytes() for path in Path(os.environ["BENCH_QUERIES"]).glob("*.sql")}


async def configure(connection: AsyncConnection[Any]) -> None:
    """Every statement on its own, prepared at its first use."""
    await connection.set_autocommit(True)
    connection.prepare_threshold = 0
    connection.cursor_factory = AsyncRawCursor


pool = AsyncConnectionPool(
    os.environ["DATABASE_URL"], min_size=10, max_size=10, open=False, configure=configure
)


async def answer(query: str, values: list[Any]) -> bytes:
    """What PostgreSQL made."""
    async with pool.connection() as connection:
        cursor = await connection.execute(STATEMENTS[query], values, prepare=True, binary=True)
        assert cursor.pgresult is not None
        return cursor.pgresult.get_value(0, 0) or b"null"


async def begin() -> None:
    """All connections are there before the first request."""
    await pool.open(wait=True)


app = application(answer, begin, pool.close)
