"""Servers with settings of their own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from tests.conftest import Client, calling, started
from tests.outage import Serve
from tests.rows import insert
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
def user(database_url: str) -> UUID:
    """Who asks."""
    return insert(database_url, "User")
