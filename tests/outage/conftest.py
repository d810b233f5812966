"""Servers with settings of their own, and a port in front of the database."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Client, calling, started
from tests.outage import Serve
from tests.proxy import Proxy
from zorbit import app
from zorbit.config import Settings


@pytest.fixture
def serve(data_dir: Path) -> Serve:
    """Starts the application over a database, with settings of its own."""

    @asynccontextmanager
    async def start(url: str, **values: Any) -> AsyncIterator[Client]:
        application = app.create(Settings(data_dir=data_dir, connect_timeout=2, **values), url)
        async with started(application), calling(application, data_dir) as caller:
            yield caller

    return start


@pytest.fixture
async def proxy(database_url: str) -> AsyncIterator[Proxy]:
    """A port in front of the database."""
    proxy = Proxy(database_url)
    await proxy.open()
    yield proxy
    await proxy.close()
