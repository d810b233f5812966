"""Servers with settings of their own, and what is seen of them."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from tests.conftest import Client, calling, started
from tests.observing import SECRET
from tests.observing.collector import Collector, collecting
from tests.rows import insert
from zorbit import app
from zorbit.config import Settings

Serve = Callable[..., AbstractAsyncContextManager[Client]]


@pytest.fixture
def serve(data_dir: Path, database_url: str) -> Serve:
    """Starts the application, with settings of its own."""

    @asynccontextmanager
    async def start(**values: Any) -> AsyncIterator[Client]:
        application = app.create(Settings(data_dir=data_dir, periodic_seconds=0, **values), database_url)
        async with started(application), calling(application, data_dir) as caller:
            yield caller

    return start


@pytest.fixture
def collector() -> Iterator[Collector]:
    """A collector of traces."""
    with collecting() as made:
        yield made


@pytest.fixture
def user(database_url: str) -> UUID:
    """Who asks; the address is told nobody."""
    return insert(database_url, "User", email=f"{SECRET}@example.com")
