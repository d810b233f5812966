"""The world that tests of visibility walk."""

from collections.abc import AsyncIterator, Callable
from typing import Any
from uuid import UUID

import httpx
import pytest
from starlette.applications import Starlette

from tests.conftest import Client
from tests.schema.walks import Scene
from tests.schema.worlds import populated
from zorbit.auth.local import LocalIssuer


@pytest.fixture(scope="module")
async def scene(
    served: Starlette, worker_database: str, sweep: Callable[[], object], data_dir: Any
) -> AsyncIterator[Scene]:
    """The world, for all tests of this file: they read, and put back what they change."""
    world = populated(worker_database)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=served), base_url="http://127.0.0.1"
    ) as http:
        client = Client(http, LocalIssuer.open(data_dir))
        yield Scene(world, client, {name: client.token(UUID(id)) for name, id in world.people.items()})
    sweep()
