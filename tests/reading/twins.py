"""Two applications over one database, which must answer alike: compiled plans, and the resolvers alone."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import httpx
import psycopg
from psycopg import sql
from sqlalchemy import make_url

from tests.conftest import Client, operations_of
from zorbit import app
from zorbit.auth.local import LocalIssuer
from zorbit.config import Settings
from zorbit.engine.operations import Operations

REQUEST_ID = "one-and-the-same"


@dataclass(frozen=True)
class Answer:
    """What one application answers, with the order of keys and the kinds of numbers."""

    status: int
    data: Any
    errors: tuple[str, ...]
    """In no order: which of two fields fails first may hang on which statement is answered first."""
    other: Any
    compiled: bool | None
    """Whether a compiled plan made it; None where the server does not say."""
    text: str
    """All of it, as it was sent."""

    def same(self, other: "Answer") -> bool:
        """Whether there are two, and a client can't tell them apart."""
        return self.status > 0 and (self.status, self.data, self.errors, self.other) == (
            other.status,
            other.data,
            other.errors,
            other.other,
        )


def read(response: httpx.Response) -> Answer:
    """A response, as it can be compared: objects are lists of pairs."""
    body = dict(json.loads(response.content, object_pairs_hook=list))
    extensions = dict(body.pop("extensions", []))
    compiled = extensions.pop("compiled", None)
    errors = sorted(json.dumps(error) for error in body.pop("errors", []))
    data = json.dumps(body.pop("data")) if "data" in body else None
    return Answer(response.status_code, data, tuple(errors), (body, extensions), compiled, response.text)


DROPPED = Answer(0, None, (), None, None, "")
"""No answer: the application gave a request up that nobody had canceled."""


@dataclass(frozen=True)
class Twins:
    """The two applications, and callers of them."""

    url: str
    compiled: httpx.AsyncClient
    reference: httpx.AsyncClient
    issuer: LocalIssuer
    operations: Operations
    """Those of the compiled plans."""
    tokens: dict[UUID, str] = field(default_factory=dict)

    @property
    def client(self) -> Client:
        """A caller of the reference."""
        return Client(self.reference, self.issuer)

    async def ask(self, body: dict[str, Any], by: UUID | None) -> tuple[Answer, Answer]:
        """What the compiled plans and what the resolvers answer to the same request."""
        return await self.plans(body, by), await self.resolvers(body, by)

    async def plans(self, body: dict[str, Any], by: UUID | None) -> Answer:
        """What the compiled plans answer."""
        return await self._send(self.compiled, body, by)

    async def resolvers(self, body: dict[str, Any], by: UUID | None) -> Answer:
        """What the resolvers answer."""
        return await self._send(self.reference, body, by)

    async def _send(self, http: httpx.AsyncClient, body: dict[str, Any], by: UUID | None) -> Answer:
        # Half surrogate pairs can only be sent as escapes.
        content = json.dumps(body | {"extensions": {"compiled": True}})
        try:
            return read(await http.post("/graphql", content=content, headers=self._headers(by)))
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            return DROPPED

    def _headers(self, by: UUID | None) -> dict[str, str]:
        headers = {"content-type": "application/json", "x-request-id": REQUEST_ID}
        if by is None:
            return headers
        if by not in self.tokens:
            self.tokens[by] = Client(self.reference, self.issuer).token(by)
        return headers | {"authorization": f"Bearer {self.tokens[by]}"}


@asynccontextmanager
async def started(url: str, settings: Settings) -> AsyncIterator[Twins]:
    """The applications over the database at `url`."""
    async with AsyncExitStack() as stack:
        callers: list[httpx.AsyncClient] = []
        operations: list[Operations] = []
        for compiled_reads in (True, False):
            made = app.create(settings.model_copy(update={"compiled_reads": compiled_reads}), url)
            await stack.enter_async_context(made.router.lifespan_context(made))
            transport = httpx.ASGITransport(app=made)
            callers.append(httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1"))
            await stack.enter_async_context(callers[-1])
            operations.append(operations_of(made))
        yield Twins(url, callers[0], callers[1], LocalIssuer.open(settings.data_dir), operations[0])
        # The resolvers would answer all the same, and nobody would notice.
        assert "resolvers: fault" not in (await callers[0].get("/metrics")).text


def stop_clock(url: str, now: datetime) -> None:
    """From the next connection on the database's time is `now`: two requests see one, to the microsecond."""
    database = sql.Identifier(make_url(url).database or "")
    clock = sql.SQL("CREATE FUNCTION standing.now() RETURNS timestamptz STABLE LANGUAGE sql RETURN {}")
    path = sql.SQL("ALTER DATABASE {} SET search_path = standing, pg_catalog, public")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE SCHEMA standing")
        connection.execute(clock.format(sql.Literal(now)))
        connection.execute(path.format(database))


UNCONSTRAINED = """
    DO $$ DECLARE statement text; BEGIN
      FOR statement IN
        SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname)
        FROM pg_constraint WHERE contype = 'c' AND connamespace = 'public'::regnamespace
        UNION ALL
        SELECT format('DROP TRIGGER %I ON %s', tgname, tgrelid::regclass)
        FROM pg_trigger WHERE NOT tgisinternal
      LOOP
        EXECUTE statement;
      END LOOP;
    END $$
"""


def unconstrain(url: str) -> None:
    """Drop every CHECK and trigger of a database: its rows may then hold what no row should."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(UNCONSTRAINED)
