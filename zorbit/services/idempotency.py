"""Idempotency keys: a mutation sent twice under one key takes effect once.

A key's row is inserted first, in the transaction of the effect: a rival waits on the unique index, and finds
the outcome when the effect has been committed, or nothing when it hasn't.
"""

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import ColumnElement, case, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col
from uuid_utils.compat import uuid7

from zorbit.checks import fault, text_of
from zorbit.config import Settings
from zorbit.db import Database
from zorbit.errors import KeyReused
from zorbit.models import IdempotencyKey
from zorbit.models.records import KEY_LIMIT
from zorbit.services.rows import erase_rows
from zorbit.services.terms import Terms, present_terms
from zorbit.visibility import stored

LIFETIME = timedelta(hours=24)
BATCH = 10_000
"""Keys that are forgotten in one statement: some 0.1 s."""
FIELD = "idempotencyKey"
KEY: list[Any] = [IdempotencyKey.caller_id, IdempotencyKey.mutation, IdempotencyKey.key]


@dataclass(frozen=True, slots=True)
class Claim:
    """A key's row: this transaction's own, or one whose outcome stands already."""

    id: UUID
    outcome: dict[str, Any] | None
    """The payload's fields, of the request that came first; None for the first itself."""


def digest(arguments: Any) -> str:
    """What tells arguments apart, however a client writes them."""
    options = orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS
    return hashlib.sha256(orjson.dumps(arguments, default=_told, option=options)).hexdigest()


def _told(value: Any) -> str:
    """One text for what is the same: `1.0` and `1.00`."""
    return str(value.normalize() if isinstance(value, Decimal) else value)


async def claim(
    session: AsyncSession, caller_id: UUID, *, mutation: str, key: str, arguments_hash: str, terms: Terms
) -> Claim:
    """Take `key` for this transaction, or learn what came of it before.

    Waits while another transaction holds the key. Raises BadInput for a key that is empty or too long,
    KeyReused for one that was sent with other arguments.
    """
    if not text_of(key, FIELD, KEY_LIMIT):
        raise fault(FIELD, "must not be empty: leave it out")
    values = {
        "id": uuid7(),
        "caller_id": caller_id,
        "mutation": mutation,
        "key": key,
        "arguments_hash": arguments_hash,
        "created_at": terms.now,
    }
    insertion = insert(IdempotencyKey).values(values)
    renewed = {
        name: case((expired(terms), getattr(insertion.excluded, name)), else_=getattr(IdempotencyKey, name))
        for name in ("id", "arguments_hash", "outcome", "created_at")
    }
    found = await session.execute(
        insertion.on_conflict_do_update(index_elements=KEY, set_=renewed).returning(
            col(IdempotencyKey.id), col(IdempotencyKey.arguments_hash), col(IdempotencyKey.outcome)
        )
    )
    id, stored_hash, outcome = found.one()
    if stored_hash != arguments_hash:
        raise KeyReused(field=FIELD)
    return Claim(id, None if id == values["id"] else outcome)


def expired(terms: Terms) -> ColumnElement[bool]:
    """Whether a key is forgotten, and may be sent with other arguments."""
    return col(IdempotencyKey.created_at) <= terms.now - LIFETIME


async def keep(session: AsyncSession, claim: Claim, outcome: dict[str, Any]) -> None:
    """Store what came of the mutation, with the mutation."""
    statement = update(IdempotencyKey).where(col(IdempotencyKey.id) == claim.id).values(outcome=outcome)
    await session.execute(statement)


async def forget_all_old(database: Database, settings: Settings) -> int:
    """Delete the keys that have expired, a batch in each transaction; how many they were."""
    total, forgotten = 0, BATCH
    while forgotten == BATCH:
        async with database.write() as session:
            forgotten = await forget_old(session, await present_terms(session, settings))
        total += forgotten
    return total


async def forget_old(session: AsyncSession, terms: Terms) -> int:
    """Delete keys that have expired, at most BATCH; how many they were."""
    old = stored(IdempotencyKey).where(expired(terms)).with_only_columns(col(IdempotencyKey.id)).limit(BATCH)
    # One that is just being taken anew is left.
    return await erase_rows(
        session, IdempotencyKey, col(IdempotencyKey.id).in_(old.with_for_update(skip_locked=True))
    )
