"""Watching requests to `/graphql`: each is counted; traced, if its turn has come; logged, if it was slow."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import structlog
from psycopg.pq import TransactionStatus
from sqlalchemy import Connection, event
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.pool import ConnectionPoolEntry
from starlette.types import Scope

from zorbit.config import Settings
from zorbit.engine.journal import COMPILED, JOURNAL, Journal, Span, end, name_of, sent
from zorbit.metrics import TASK, Metrics, outcome

if TYPE_CHECKING:
    from zorbit.tracing import Tracing

PUBLISH_SECONDS = 1
OPEN = (TransactionStatus.INTRANS, TransactionStatus.INERROR)
ENDING = "zorbit.ending"
"""With a pooled connection, the spans of the COMMIT or ROLLBACK that is on its way."""

logger = structlog.get_logger(__name__)


@dataclass(slots=True)
class Watch:
    """What is done with what is seen."""

    metrics: Metrics
    slow_milliseconds: float
    tracing: "Tracing | None" = None
    """There is one only while the server runs, and only where a collector is set."""

    def begin(self, scope: Scope, headers: Mapping[bytes, bytes]) -> Journal:
        """The journal of a request that begins."""
        journal = Journal(scope["state"]["request_id"])
        JOURNAL.set(journal)
        if self.tracing is not None:
            journal.origin = self.tracing.sampled(headers)
            if journal.origin is not None:
                journal.phase = Span(f"{scope['method']} {scope['path']}", None, time.time_ns())
                journal.spans = [journal.phase]
        return journal

    def end(self, journal: Journal, status: int, scope: Scope) -> None:
        """The request is answered; what was no operation, nor refused, is left out."""
        seconds = time.perf_counter() - journal.began
        if not journal.kind and not journal.codes:
            return
        result = outcome(journal)
        self.metrics.record(journal, result, seconds)
        trace_id = None
        if journal.spans is not None and self.tracing is not None:
            trace_id = self.tracing.send(journal, journal.origin, _attributes(journal, result, status, scope))
        if self.slow_milliseconds and seconds * 1000 >= self.slow_milliseconds:
            logger.warning(
                "slow operation",
                kind=journal.kind,
                operation=journal.name,
                milliseconds=round(seconds * 1000, 2),
                cost=journal.cost,
                statements=journal.statements,
                answered_by=_answered_by(journal),
                outcome=result,
                **({"trace_id": trace_id} if trace_id else {}),
            )

    @contextmanager
    def task(self, name: str) -> Iterator[None]:
        """One run of what no request asked for; it is counted when it ends."""
        journal = Journal("")
        journal.kind, journal.name = TASK, name
        JOURNAL.set(journal)
        yield
        self.metrics.record_task(journal, outcome(journal), time.perf_counter() - journal.began)


def tracing_of(settings: Settings) -> "Callable[[], Tracing | None]":
    """Makes what sends traces, where the settings name a collector; only then OpenTelemetry is loaded."""
    if settings.traces_endpoint is None:
        return lambda: None
    from zorbit.tracing import Tracing  # noqa: PLC0415 - 12 MB, and 0.2 s of the start

    return partial(Tracing, settings)


@asynccontextmanager
async def watching(
    watch: Watch, tracing: "Callable[[], Tracing | None]", publish: Callable[[], None]
) -> AsyncIterator[None]:
    """What tells of it while a server runs; of traces a thread does, which has to begin after a fork."""
    watch.tracing = tracing()
    publishing = asyncio.create_task(_again_and_again(publish))
    try:
        yield
    finally:
        publishing.cancel()
        if watch.tracing is not None:
            await asyncio.to_thread(watch.tracing.close)


async def _again_and_again(publish: Callable[[], None]) -> None:
    """Have the other workers know how this one is, for whichever of them is asked."""
    while True:
        publish()
        await asyncio.sleep(PUBLISH_SECONDS)


def watch_statements(engine: AsyncEngine) -> None:
    """Note what SQLAlchemy sends, and psycopg around it, in the journal of the request that it is for."""
    watched = engine.sync_engine

    @event.listens_for(watched, "before_cursor_execute")
    def begun(*given: Any) -> None:
        driver, statement, context = given[0].connection.driver_connection, given[2], given[4]
        is_first = not driver.autocommit and driver.pgconn.transaction_status == TransactionStatus.IDLE
        context.spans = sent(["BEGIN", name_of(statement)] if is_first else [name_of(statement)])

    @event.listens_for(watched, "after_cursor_execute")
    def ended(*given: Any) -> None:
        for span in given[4].spans:
            end(span)

    @event.listens_for(watched, "commit")
    def committing(connection: Connection) -> None:
        _note_ending(connection, "COMMIT")

    @event.listens_for(watched, "rollback")
    def rolling_back(connection: Connection) -> None:
        _note_ending(connection, "ROLLBACK")

    @event.listens_for(watched, "checkin")  # nobody tells when a transaction has ended; this follows at once
    def returned(_adapted: object, record: ConnectionPoolEntry) -> None:
        for span in record.info.pop(ENDING, ()):
            end(span)

    @event.listens_for(watched, "handle_error")
    def failed(found: Any) -> None:
        spans = found.connection.info.pop(ENDING, []) if found.connection is not None else []
        for span in [*spans, *getattr(found.execution_context, "spans", ())]:
            end(span, found.original_exception)


def _note_ending(connection: Connection, name: str) -> None:
    """Note the end of a transaction, if one was begun and can be ended: nothing is sent otherwise."""
    if not connection.invalidated:
        driver: Any = connection.connection.driver_connection
        if driver.pgconn.transaction_status in OPEN:
            connection.info[ENDING] = sent([name])


def _answered_by(journal: Journal) -> str:
    if journal.answered_by == COMPILED:
        return COMPILED
    return f"resolvers: {journal.answered_by}" if journal.answered_by else "resolvers"


def _attributes(journal: Journal, result: str, status: int, scope: Scope) -> dict[str, str | int]:
    found = {
        "http.request.method": scope["method"],
        "http.route": scope["path"],
        "http.response.status_code": status,
        "zorbit.request_id": journal.request_id,
        "zorbit.outcome": result,
        "zorbit.statements": journal.statements,
    }
    if not journal.kind:
        return found
    return found | {
        "graphql.operation.type": journal.kind,
        "graphql.operation.name": journal.name,
        "zorbit.cost": journal.cost,
        "zorbit.answered_by": _answered_by(journal),
    }
