"""The world that tests of visibility walk."""

from collections.abc import AsyncIterator, Callable
from typing import Any
from uuid import UUID

import pytest
from starlette.applications import Starlette

from tests.conftest import calling
from tests.schema.populating import populated
from tests.schema.walks import Scene


@pytest.fixture(scope="module")
async def scene(
    served: Starlette, worker_database: str, sweep: Callable[[], object], data_dir: Any
) -> AsyncIterator[Scene]:
    """The world, for all tests of this file: they read, and put back what they change."""
    world = populated(worker_database)
    async with calling(served, data_dir) as client:
        yield Scene(world, client, {name: client.token(UUID(id)) for name, id in world.people.items()})
    sweep()
