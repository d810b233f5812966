"""Callers that send documents by their ids, to a server with settings of its own."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from tests import rows
from tests.conftest import Client, calling, started
from zorbit import app
from zorbit.config import Settings

VIEWER = "{ viewer { id } }"
NOT_FOUND = {"message": "PersistedQueryNotFound", "extensions": {"code": "PERSISTED_QUERY_NOT_FOUND"}}
NOT_SUPPORTED = {
    "message": "PersistedQueryNotSupported",
    "extensions": {"code": "PERSISTED_QUERY_NOT_SUPPORTED"},
}


def hash_of(document: str) -> str:
    """By which clients name a document."""
    return sha256(document.encode()).hexdigest()


def by_hash(document: str) -> dict[str, Any]:
    """The extensions that name a document."""
    return {"persistedQuery": {"version": 1, "sha256Hash": hash_of(document)}}


def number(count: int) -> str:
    """A document of its own."""
    return f"{{ viewer {{ a{count}: id }} }}"


@dataclass(frozen=True)
class Caller:
    """Somebody who calls a server."""

    client: Client
    user: UUID | None
    headers: dict[str, str]

    async def send(self, **content: Any) -> httpx.Response:
        """The whole response."""
        return await self.client.http.post("/graphql", json=content, headers=self.headers)

    async def ask(self, **content: Any) -> Any:
        """What is answered to a client that takes `application/json`."""
        response = await self.send(**content)
        assert response.status_code == 200, response.text
        return response.json()

    async def store(self, document: str) -> Any:
        """What is answered to a document with its hash."""
        return await self.ask(query=document, extensions=by_hash(document))

    async def recall(self, document: str) -> Any:
        """What is answered to a document's hash."""
        return await self.ask(extensions=by_hash(document))


Calling = Callable[[UUID | None], Caller]
Serve = Callable[..., AbstractAsyncContextManager[Calling]]


@pytest.fixture
def serve(data_dir: Path, database_url: str) -> Serve:
    """Starts a server over the database, with settings of its own; gives callers of it."""

    @asynccontextmanager
    async def start(url: str = database_url, **values: Any) -> AsyncIterator[Calling]:
        application = app.create(Settings(data_dir=data_dir, periodic_seconds=0, **values), url)
        async with started(application), calling(application, data_dir) as client:

            def caller(user: UUID | None) -> Caller:
                headers = {} if user is None else {"authorization": f"Bearer {client.token(user)}"}
                return Caller(client, user, headers)

            yield caller

    return start


@pytest.fixture
def user(database_url: str) -> UUID:
    """Who calls."""
    return rows.insert(database_url, "User")


def stored(url: str) -> set[str]:
    """The documents that are stored."""
    return {document for (document,) in rows.fetch(url, 'SELECT document FROM "PersistedQuery"')}
