"""Servers with settings of their own, and what is seen of them."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Client, calling, started
from tests.observing.collector import Collector, collecting
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
