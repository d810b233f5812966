"""Idempotency keys: a mutation sent twice under one key takes effect once.

A key's row is inserted first, in the transaction of the effect: a rival waits on the unique index, and finds
the outcome when the effect has been committed, or nothing when it hasn't.
"""

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import ColumnElement, case, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col
from uuid_utils.compat import uuid7

from zorbit.checks import fault, text_of
from zorbit.errors import KeyReused
from zorbit.models import IdempotencyKey
from zorbit.models.records import KEY_LIMIT
from zorbit.services.rows import erase_rows
from zorbit.services.terms import Terms

LIFETIME = timedelta(hours=24)
FIELD = "idempotencyKey"
KEY: list[Any] = [IdempotencyKey.caller_id, IdempotencyKey.mutation, IdempotencyKey.key]


@dataclass(frozen=True, slots=True)
class Claim:
    """A key's row: this transaction's own, or one whose outcome stands already."""

    id: UUID
    outcome: dict[str, Any] | None
    """The payload's fields, of the request that came first; None for the first itself."""


def digest(arguments: Any) -> str:
    """What tells arguments apart, however a client writes them; dates and decimals by their text."""
    text = orjson.dumps(arguments, default=str, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS)
    return hashlib.sha256(text).hexdigest()


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


async def forget_old(session: AsyncSession, terms: Terms) -> int:
    """Delete the keys that have expired; how many they were."""
    return await erase_rows(session, IdempotencyKey, expired(terms))
