"""Both ways to an answer, with limits of their own."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from tests import rows
from tests.conftest import Client, calling, started
from zorbit import app
from zorbit.config import Settings


@dataclass(frozen=True)
class Both:
    """Callers of compiled plans and of the resolvers alone."""

    clients: tuple[Client, ...]
    user: UUID

    async def ask(self, query: str, variables: dict[str, Any] | None = None, **more: Any) -> Any:
        """What both answer alike."""
        content = {"query": query, "variables": variables, **more}
        answers = []
        for client in self.clients:
            headers = {"authorization": f"Bearer {client.token(self.user)}"}
            answers.append((await client.http.post("/graphql", json=content, headers=headers)).json())
        assert answers[0] == answers[1]
        return answers[0]

    async def cost(self, query: str, variables: dict[str, Any] | None = None, **more: Any) -> int:
        """What an operation costs."""
        answer = await self.ask(query, variables, extensions={"cost": True}, **more)
        cost: int = answer["extensions"]["cost"]["requested"]
        return cost


Serve = Callable[..., AbstractAsyncContextManager[Both]]


@pytest.fixture
def serve(data_dir: Path, database_url: str) -> Serve:
    """Starts both over the database, with settings of their own."""

    @asynccontextmanager
    async def start(**values: Any) -> AsyncIterator[Both]:
        settings = Settings(data_dir=data_dir, periodic_seconds=0, **values)
        compiled = app.create(settings, database_url)
        resolving = app.create(settings.model_copy(update={"compiled_reads": False}), database_url)
        async with (
            started(compiled),
            started(resolving),
            calling(compiled, data_dir) as one,
            calling(resolving, data_dir) as other,
        ):
            yield Both((one, other), rows.insert(database_url, "User"))

    return start
