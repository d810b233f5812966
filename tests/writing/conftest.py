"""What races need."""

from collections.abc import AsyncIterator

import pytest

from zorbit import db
from zorbit.config import Settings
from zorbit.db import Database

CONNECTIONS = 50


@pytest.fixture(scope="package")
async def pool(worker_database: str, settings: Settings) -> AsyncIterator[Database]:
    """As many connections as a race needs, kept for the next."""
    patient = {"pool_size": CONNECTIONS, "pool_timeout": 30, "lock_timeout": 30}
    connected = db.connect(worker_database, settings.model_copy(update=patient))
    yield connected
    await connected.close()
