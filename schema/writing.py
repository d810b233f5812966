"""Mutations: each is one transaction, names the callers that it answers, and can be sent twice.

A mutation is a function of (writing, values) that calls a service and answers with what its payload shows.
Around it stand here, once for all: the caller's rule, looked at again inside the transaction; the idempotency
key; the audit trail; and refusals, which become the payload's errors when the transaction is rolled back.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast
from uuid import UUID
from weakref import WeakValueDictionary

import psycopg
import strawberry
import structlog
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncSession
from strawberry.types import Info
from strawberry.types.field import StrawberryField

from schema import payloads
from schema.access import Access
from schema.graph import NAMES, computed
from schema.inputs import camel
from schema.payloads import Payload, Results
from schema.written import Parts, input_type, values_of
from zorbit.context import Context
from zorbit.db import is_unreachable
from zorbit.errors import Refused, Several, Unavailable, UserErrorCode
from zorbit.models import Row
from zorbit.models.records import KEY_LIMIT
from zorbit.services import audit, idempotency, users
from zorbit.services.terms import Terms, terms
from zorbit.services.values import Values, demand
from zorbit.visibility import Viewer

BUSY = (
    psycopg.errors.LockNotAvailable,
    psycopg.errors.DeadlockDetected,
    psycopg.errors.SerializationFailure,
    psycopg.errors.QueryCanceled,
)
NOTHING = "the database is busy; nothing was changed. Try again shortly."
UNKNOWN = (
    "the database can't be reached; whether anything was changed is not known. Send it again under its key."
)
KEY = (
    "Makes it safe to send again: within 24 hours the same key with the same arguments has no second effect, "
    f"and is answered with what the first brought about. At most {KEY_LIMIT} characters."
)

logger = structlog.get_logger(__name__)


@dataclass
class Writing:
    """One mutation's transaction."""

    session: AsyncSession
    viewer: Viewer
    terms: Terms
    details: dict[str, Any] = field(default_factory=dict)

    @property
    def viewer_id(self) -> UUID:
        """The caller's id: no mutation answers callers without a token."""
        return cast("UUID", self.viewer.id)

    def note(self, **details: Any) -> None:
        """What the audit trail tells beyond who did what to which row; never what users wrote."""
        self.details |= details


Act = Callable[[Writing, Values], Awaitable[Mapping[str, Any]]]


@dataclass(frozen=True)
class Mutation:
    """A declared mutation."""

    name: str
    description: str
    access: Access
    takes: Parts
    gives: Results
    recorded: bool
    act: Act


# Kept as long as somebody holds it or waits for it.
TURNS: WeakValueDictionary[UUID | None, asyncio.Semaphore] = WeakValueDictionary()

MUTATIONS: dict[str, Mutation] = {}
"""Every mutation, by the name of its function."""


def mutation(
    description: str,
    access: Access,
    *,
    takes: Parts,
    gives: Results,
    recorded: bool = False,
    name: str | None = None,
) -> Callable[[Act], Act]:
    """Declare a mutation, named after its function unless told otherwise.

    `recorded` ones are always noted in the audit trail, others where the row is not the caller's own.
    """

    def declared(act: Act) -> Act:
        attribute = name or act.__name__
        MUTATIONS[attribute] = Mutation(camel(attribute), description, access, takes, gives, recorded, act)
        return act

    return declared


def mutation_root() -> Any:
    """The GraphQL type of all mutations."""
    root = type("Mutation", (), {"__module__": __name__, "__annotations__": {}})
    for name, made in MUTATIONS.items():
        setattr(root, name, _field(made))
    return strawberry.type(
        root, description="The root of every mutation: one transaction a field, in their order."
    )


def _field(made: Mutation) -> StrawberryField:
    title = made.name[0].upper() + made.name[1:]
    arguments: dict[str, tuple[Any, str]] = {}
    if made.takes:
        taken = input_type(f"{title}Input", made.takes, f"What `{made.name}` takes.")
        arguments["input"] = (taken, "What to write.")
    arguments["idempotency_key"] = (str | None, KEY)
    NAMES[f"{title}Payload"] = payloads.payload_type(f"{title}Payload", made.gives)

    async def resolve(info: Info[Context, None], **given: Any) -> Payload:
        values = values_of(given["input"], made.takes) if made.takes else Values()
        return await _run(info.context, made, values, given.get("idempotency_key"))

    return computed(resolve, f"{title}Payload", made.description, arguments, made.access)


async def _run(context: Context, made: Mutation, values: Values, key: str | None) -> Payload:
    """The mutation, in a transaction of its own."""
    written: list[Row] = []
    try:
        async with _turn(context), context.database.write() as session:
            viewer, now = await users.caller(session, context.viewer)
            context.renew(viewer, now)
            made.access.demand(viewer)
            writing = Writing(session, viewer, terms(context.settings, now))
            kept = await _once(writing, made, values, key, written)
    except Several as several:
        return payloads.refused(several.refusals)
    except Refused as refused:
        if refused.code not in set(UserErrorCode):
            raise
        return payloads.refused([refused])
    except SQLAlchemyError as error:
        told = _told(error)
        if told is None:
            raise
        logger.warning("mutation given up", mutation=made.name, error=type(error).__name__)
        raise Unavailable(told) from None
    # A service is shown nothing, not even what it wrote.
    if context.viewer.is_person:
        for row in written:
            context.loaders.prime(row)
    return Payload(kept)


def _turn(context: Context) -> asyncio.Semaphore:
    """Held while one of the caller's mutations runs; the others wait for it without a connection.

    Most of a user's writes wait for one another in the database anyway. With forty bulk deletions of one user
    at once, other users' requests took 4.3 s: each held one of the ten connections while it waited.
    """
    found = TURNS.get(context.viewer.id)
    if found is None:
        found = TURNS[context.viewer.id] = asyncio.Semaphore(context.settings.writes_at_once)
    return found


def _told(error: SQLAlchemyError) -> str | None:
    """What became of a transaction that the database gave up; None where the error is a fault."""
    given_up = isinstance(error, DBAPIError) and isinstance(error.orig, BUSY)
    if given_up or isinstance(error, PoolTimeoutError):
        return NOTHING
    # It may have broken when the transaction was just being committed.
    return UNKNOWN if is_unreachable(error) else None


async def _once(
    writing: Writing, made: Mutation, values: Values, key: str | None, written: list[Row]
) -> Mapping[str, Any]:
    """What the payload shows: of the effect, or of the one that the key had before."""
    if key is None:
        return await _effect(writing, made, values, written)
    claim = await idempotency.claim(
        writing.session,
        writing.viewer_id,
        mutation=made.name,
        key=key,
        arguments_hash=idempotency.digest(values.told()),
        terms=writing.terms,
    )
    if claim.outcome is not None:
        return claim.outcome
    kept = await _effect(writing, made, values, written)
    await idempotency.keep(writing.session, claim, kept)
    return kept


async def _effect(writing: Writing, made: Mutation, values: Values, written: list[Row]) -> dict[str, Any]:
    given = await made.act(writing, values)
    # Of what no service asked for: nothing is written while anything in the input is wrong.
    demand(*values.faults)
    subjects = list({row.id: row for row in _rows(given.values())}.values())
    recorded = [row for row in subjects if made.recorded or audit.owner_id_of(row) != writing.viewer.id]
    await audit.record(writing.session, writing.viewer, made.name, recorded, writing.details or None)
    written += [given[name] for name in given if isinstance(given[name], Row) and made.gives[name].is_row]
    return payloads.keep(made.gives, given)


def _rows(values: Iterable[Any]) -> Iterable[Row]:
    for value in values:
        if isinstance(value, Row):
            yield value
        elif isinstance(value, list):
            yield from _rows(value)
