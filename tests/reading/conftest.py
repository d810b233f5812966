"""A database of its own whose clock stands still, and the two applications over it."""

import gc
import warnings
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest

from tests import rows
from tests.conftest import SWEEP, recreate, renamed
from tests.reading.data import random_world
from tests.reading.known import Known, known
from tests.reading.twins import Twins, started, stop_clock, unconstrain
from zorbit.config import Settings

WIDE = {
    "limit_depth": 1_000,
    "limit_fields": 100_000,
    "limit_root_fields": 1_000,
    "limit_aliases": 10_000,
    "limit_lists": 1_000,
    "limit_cost": 2**31 - 1,
}
"""Limits that leave it to the plans what they are made for."""


@pytest.fixture(autouse=True)
def unawaited() -> None:
    """Of what a failing field takes along graphql-core never begins a part; Python would warn of it."""
    warnings.filterwarnings("ignore", message="coroutine .* was never awaited", category=RuntimeWarning)
    # It can't where the collector comes by in a named tuple's `__new__`, which has no builtins, and says so.
    unraisable = pytest.PytestUnraisableExceptionWarning
    warnings.filterwarnings("ignore", message="Exception ignored in: <coroutine object", category=unraisable)


@pytest.fixture(scope="package")
def still_database(postgres: str, worker_database: str, worker_id: str) -> Iterator[str]:
    """An empty, migrated database."""
    url = copied(postgres, worker_database, worker_id, "reading")
    stop_clock(url, rows.NOW)
    with rows.kept(url):
        yield url


@pytest.fixture(scope="package")
def lax_database(postgres: str, worker_database: str, worker_id: str) -> Iterator[str]:
    """An empty, migrated database without constraints."""
    url = copied(postgres, worker_database, worker_id, "lax")
    unconstrain(url)
    with rows.kept(url):
        yield url


def copied(postgres: str, worker_database: str, worker_id: str, name: str) -> str:
    """The address of a copy of the template."""
    recreate(postgres, f"zorbit_{name}_{worker_id}", template=f"zorbit_template_{worker_id}")
    return renamed(worker_database, f"zorbit_{name}_{worker_id}")


@pytest.fixture(scope="module")
async def twins(still_database: str, settings: Settings) -> AsyncIterator[Twins]:
    """Both applications, with caches that all tests of the file share."""
    async with started(still_database, settings.model_copy(update=WIDE)) as made:
        yield made
        gc.collect()  # while `unawaited` holds


@pytest.fixture(scope="module", params=[0, 1, 2])
async def asked(request: pytest.FixtureRequest, twins: Twins) -> AsyncIterator[Known]:
    """Random worlds, one after the other."""
    async with populated_at_random(twins, request.param) as made:
        yield made


@pytest.fixture(scope="module")
async def one_world(twins: Twins) -> AsyncIterator[Known]:
    """A random world for all tests of the file: they only read."""
    async with populated_at_random(twins, 0) as made:
        yield made


@asynccontextmanager
async def populated_at_random(twins: Twins, seed: int) -> AsyncIterator[Known]:
    """A random world, for a while."""
    try:
        yield await known(twins, *random_world(twins.url, seed))
    finally:
        sweep(twins.url)


def sweep(url: str) -> None:
    """Empty the database."""
    with rows.connected(url) as connection:
        connection.execute(SWEEP)
        connection.execute("RESET zorbit.erase")
