"""Documents that are asked for by their ids: trusted ones, and those that callers stored.

The protocol is that of Apollo's automatic persisted queries: a client sends a document's hash alone, and the
document with it once it is told that the hash is not known.
"""

import asyncio
from dataclasses import dataclass, field, replace
from hashlib import sha256
from uuid import UUID

import psycopg
import structlog
from sqlalchemy.exc import SQLAlchemyError

from zorbit.config import Settings
from zorbit.db import Database
from zorbit.engine.documents import Error, Ready, error_of
from zorbit.engine.http import SHA256, HTTPRefused
from zorbit.engine.journal import note_id
from zorbit.engine.operations import Operations, Request
from zorbit.engine.texts import Texts
from zorbit.engine.waiting import within
from zorbit.errors import Code
from zorbit.models.records import DOCUMENT_BYTES
from zorbit.overload import Load
from zorbit.rates import NEW_TEXT, SHORT, TOKEN, Charge
from zorbit.services import persisted_queries
from zorbit.services.persisted_queries import Bounds
from zorbit.trusted import Documents
from zorbit.visibility import Viewer

PATIENCE = 1.0
"""Seconds that an answer waits for its document to be stored."""
UNKNOWN = error_of("PersistedQueryNotFound", "PERSISTED_QUERY_NOT_FOUND")
UNSUPPORTED = error_of("PersistedQueryNotSupported", "PERSISTED_QUERY_NOT_SUPPORTED")

logger = structlog.get_logger(__name__)


class NotRun(Exception):  # noqa: N818 - an answer, not an error of the program
    """There is no document to be run."""

    def __init__(self, error: Error) -> None:
        """`error` is what the client is told."""
        super().__init__(error["message"])
        self.error = error


@dataclass(frozen=True, slots=True)
class PersistedQueries:
    """Finds the documents of requests, and stores them."""

    settings: Settings
    database: Database
    operations: Operations
    trusted: Documents
    learning: Load
    """New texts that are made ready, one after another; who waits for that keeps nobody from running."""
    _texts: Texts = field(default_factory=Texts)
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def resolve(self, asked: Request, charge: Charge) -> tuple[Request, Ready]:
        """The request with its document, ready; one that is looked up, or made ready, is paid for first.

        Raises NotRun where the id is not known, HTTPRefused where it is another text's.
        """
        id, text = asked.document_id, self._at_hand(asked)
        ready = None if text is None else self.operations.known(text)
        if text is None or ready is None:
            self.learning.enter(charge.caller)
            try:
                text, ready = await self._learned(id, text, charge)
            finally:
                self.learning.leave(charge.caller)
        return asked if asked.query or id is None else replace(asked, query=text), ready

    async def _learned(self, id: str | None, text: str | None, charge: Charge) -> tuple[str, Ready]:
        charge.take(NEW_TEXT)
        if text is None:
            assert id is not None  # noqa: S101 - for the type checker: a text without an id is at hand
            text = await within(self.settings.request_timeout, self._find(id))
        ready = await self.operations.learn(text)
        charge.owed = TOKEN * max(0, ready.tokens - SHORT)
        return text, ready

    async def keep(self, asked: Request, viewer: Viewer) -> None:
        """Store the document of a request that was answered, if it came with its hash and can be run.

        That it could not be stored is no reason to fail: its client will send it again.
        """
        id, text = asked.document_id, asked.query
        if id is None or not text or viewer.id is None or not self._stores:
            return
        if id in self.trusted or self._texts.get(id) is not None:
            return
        if self.operations.prepare(text).document is None or not _is_storable(text):
            return
        try:
            await within(PATIENCE, self._store(viewer.id, id, text))
        except (SQLAlchemyError, psycopg.Error) as error:
            logger.warning("persisted query not stored", error=type(error).__name__)

    @property
    def _stores(self) -> bool:
        return bool(self.settings.persisted_queries) and not self.settings.trusted_only

    def _at_hand(self, asked: Request) -> str | None:
        """The document of a request; None where it has to be looked up."""
        id = asked.document_id
        if id is None:
            return asked.query
        if not (self._stores or self.trusted):
            raise NotRun(UNSUPPORTED)
        if asked.query:
            if sha256(asked.query.encode()).hexdigest() != id:
                raise HTTPRefused(400, "provided sha does not match query", Code.BAD_USER_INPUT)
            return asked.query
        text = self.trusted.get(id) or self._texts.get(id)
        may_be_stored = self._stores and SHA256.fullmatch(id)
        return None if text is None and may_be_stored else _found(text)

    async def _find(self, id: str) -> str:
        async with self.database.read() as session:
            text = _found(await persisted_queries.find(session, id))
        self._texts.put(id, text)
        return text

    async def _store(self, user_id: UUID, id: str, text: str) -> None:
        # One at a time: those who wait for their turn in the database would hold all connections.
        async with self._turn, self.database.write() as session:
            is_stored = await persisted_queries.store(session, user_id, id, text, Bounds.of(self.settings))
        if is_stored:
            self._texts.put(id, text)


def _found(text: str | None) -> str:
    """What was looked up; whether there is anything is noted. Raises NotRun."""
    note_id(is_known=text is not None)
    if text is None:
        raise NotRun(UNKNOWN)
    return text


def _is_storable(text: str) -> bool:
    """Whether PostgreSQL takes it."""
    return len(text.encode()) <= DOCUMENT_BYTES and "\0" not in text
