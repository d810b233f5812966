"""Pools and connections of the engine's own."""

from collections.abc import AsyncIterator, Iterator
from functools import partial
from typing import Any

import psycopg
import pytest

from tests.engine import PATIENCE, Pools
from zorbit.engine.pool import Pool
from zorbit.engine.wire import Connection


@pytest.fixture
def url(worker_database: str) -> str:
    """A database: what is in it does not matter."""
    return worker_database


@pytest.fixture
def pools(url: str) -> Iterator[Pools]:
    """Makes pools of that size, and closes them in the end."""
    made: list[Pool] = []

    def make(size: int = 1, patience: float = PATIENCE, connect: Any = None, **settings: str) -> Pool:
        options = " ".join(f"-c {name}={value}" for name, value in settings.items())
        own = partial(psycopg.AsyncConnection.connect, url, autocommit=True, options=options)
        made.append(Pool(connect or own, size, patience))
        return made[-1]

    yield make
    for pool in made:
        pool.close()


@pytest.fixture
async def connection(pools: Pools) -> AsyncIterator[Connection]:
    """A connection of its own."""
    pool = pools()
    taken = await pool.take()
    yield taken
    pool.give(taken)
