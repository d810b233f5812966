"""What tests of connections ask of them."""

import asyncio
from collections.abc import Callable
from typing import Any

import psycopg

from zorbit.engine.pool import Pool
from zorbit.engine.statements import encoded
from zorbit.engine.wire import Connection, Rows, Statement

PATIENCE = 5.0
ECHO = Statement("SELECT $1::text")

Pools = Callable[..., Pool]


async def ask(connection: Connection, *asked: Any, patience: float = PATIENCE) -> list[Rows]:
    """What each statement gives; statements are texts, or with parameters (text, values)."""
    pairs = [one if isinstance(one, tuple) else (one, []) for one in asked]
    made = [
        (text if isinstance(text, Statement) else Statement(text), [encoded(value) for value in values])
        for text, values in pairs
    ]
    return await connection.run(made, patience)


async def ask_pool(pool: Pool, *asked: Any, patience: float = PATIENCE) -> list[Rows]:
    """The same, by whatever connection is free."""
    connection = await pool.take()
    try:
        return await ask(connection, *asked, patience=patience)
    finally:
        pool.give(connection)


async def assert_free(pool: Pool, size: int) -> None:
    """So many can be taken at once, no more, and all of them work."""
    taken = [await pool.take() for _ in range(size)]
    for connection in taken:
        assert await ask(connection, "SELECT 1") == [[(1,)]]
    one_more = asyncio.ensure_future(pool.take())
    await asyncio.sleep(0)
    assert not one_more.done()
    one_more.cancel()
    for connection in taken:
        pool.give(connection)


def end(url: str, pid: int) -> None:
    """Returns when the process is gone."""
    with psycopg.connect(url, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
