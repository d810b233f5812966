"""Purging: what was put into the trash long ago is deleted for good.

Each row goes in a transaction of its own, together with what is part of it, while its owner is held: whoever
restores it comes first, or finds nothing. What a kept row still refers to stays. A user with invoices is made
anonymous instead. A purge that was interrupted goes on when it is run again.
"""

from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import psycopg
from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    false,
    func,
    or_,
    text,
    update,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import SQLModel, col

from zorbit import models
from zorbit.config import Settings
from zorbit.db import Database
from zorbit.models import (
    ChatMessage,
    Comment,
    ContentIdea,
    Deletable,
    IdempotencyKey,
    Invoice,
    InvoiceItem,
    PaymentMethod,
    PersistedQuery,
    Persona,
    Post,
    Row,
    Template,
    Thread,
    UsageLog,
    User,
)
from zorbit.services import audit, idempotency
from zorbit.services.rows import count_rows, erase_rows
from zorbit.services.terms import Terms, present_terms
from zorbit.visibility import ANONYMOUS_EMAIL, OPERATOR, PART_OF, owner_key, parent_of, stored

Counts = Counter[str]
"""How many rows, by table; users who are made anonymous apart."""

ROOTS: tuple[type[Deletable], ...] = (
    User,
    Post,
    Comment,
    Persona,
    Template,
    Thread,
    ChatMessage,
    ContentIdea,
)
"""In the order of purging: what refers before what it refers to, then the whole before its parts."""
REFERENCES: tuple[tuple[Any, Any], ...] = (
    (Post.persona_id, Persona),
    (Post.template_id, Template),
    (Post.chat_message_id, ChatMessage),
    (Comment.persona_id, Persona),
)
"""What refers without being a part, and to what."""
BOOKS: set[type[Row]] = {Invoice, PaymentMethod}
"""What stays of a user with invoices."""
WITHOUT_OWNER: set[type[Row]] = {InvoiceItem, UsageLog}
"""Whose they are is told by what they are part of alone."""
ANONYMISED = "User (made anonymous)"
IN_USE = (
    psycopg.errors.LockNotAvailable,
    psycopg.errors.DeadlockDetected,
    # What refers to it was in use and has stayed; newer releases of PostgreSQL tell RESTRICT apart.
    psycopg.errors.ForeignKeyViolation,
    psycopg.errors.RestrictViolation,
)

_RANKS = {table.name: rank for rank, table in enumerate(SQLModel.metadata.sorted_tables)}
CHILDREN_FIRST = sorted(PART_OF, key=lambda table: -_RANKS[table.__name__])
PARTS: dict[type[Row], list[type[Row]]] = {
    parent: [table for table in CHILDREN_FIRST if parent_of(table) is parent] for parent in models.TABLES
}
"""What is part of a table's rows: what refers before what it refers to."""


@dataclass(slots=True)
class Purged:
    """What a purge has deleted, or would delete."""

    rows: Counts = field(default_factory=Counter)
    in_use: int = 0
    """Rows that stay for the next time, because somebody held them."""


async def preview(database: Database, settings: Settings, age: timedelta) -> Purged:
    """What `run` would do, as things stand."""
    async with database.survey() as session:
        terms = await present_terms(session, settings)
        counts = {name: await count_rows(session, rows) for name, rows in _going(terms, age).items()}
    return Purged(Counter(counts))


async def run(database: Database, settings: Settings, age: timedelta) -> Purged:
    """Delete what has been in the trash for longer than `age`, and the idempotency keys that have expired."""
    async with database.survey() as session:
        terms = await present_terms(session, settings)
    cutoff = terms.now - age
    purged = Purged()
    for table in ROOTS:
        async with database.survey() as session:
            found = await _roots(session, table, cutoff)
        for id, owner_id in found:
            await _attempt(
                database, purged, partial(_purge, table=table, id=id, owner_id=owner_id, cutoff=cutoff)
            )
    purged.rows[IdempotencyKey.__name__] += await idempotency.forget_all_old(database, settings)
    return purged


async def _attempt(
    database: Database, purged: Purged, act: Callable[[AsyncSession], Awaitable[Counts]]
) -> None:
    """`act` in a transaction of its own; what somebody holds for longer than the lock timeout is left."""
    try:
        async with database.write() as session:
            await session.execute(text("SET LOCAL statement_timeout = 0"))
            counts = await act(session)
    except DBAPIError as error:
        if not isinstance(error.orig, IN_USE):
            raise
        purged.in_use += 1
    else:
        purged.rows.update(counts)


async def _roots(session: AsyncSession, table: Any, cutoff: datetime) -> list[tuple[UUID, UUID]]:
    """(id, owner) of the rows that go for their own sake."""
    rows = stored(table).where(*_is_root(table, cutoff)).with_only_columns(table.id, owner_key(table))
    return [(id, owner_id) for id, owner_id in await session.execute(rows.order_by(table.id))]


def _is_root(table: type[Deletable], cutoff: datetime) -> list[ColumnElement[bool]]:
    """What makes a row go for its own sake: it was deleted itself, and nothing that stays refers to it."""
    if table is User:
        return [_is_old(User, cutoff), col(User.email) != ANONYMOUS_EMAIL]
    return [_is_old(table, cutoff), *(~staying.exists() for staying in _referring(table, cutoff))]


def _is_old(table: type[Deletable], cutoff: datetime) -> ColumnElement[bool]:
    return and_(col(table.is_deleted), col(table.deleted_at) < cutoff)


def _referring(table: Any, cutoff: datetime) -> Iterator[Select[Any]]:
    """The rows that stay, and refer to a row of `table` or to a part of it."""
    for key, target in REFERENCES:
        rows = stored(key.class_).where(~_is_old(key.class_, cutoff))
        # The owner is among the conditions because indexes begin with it.
        refers = [key.class_.user_id == target.user_id, key == target.id]
        if target is table:
            yield rows.where(*refers)
        elif table == parent_of(target):
            is_part = [target.user_id == table.user_id, PART_OF[target] == table.id]
            yield rows.join(target, and_(*refers)).where(*is_part)


def _going(terms: Terms, age: timedelta) -> dict[str, Select[Any]]:
    """Every row that is to go, by table."""
    cutoff = terms.now - age
    has_invoices = stored(Invoice).where(col(Invoice.user_id) == col(User.id)).exists()
    users = stored(User).where(*_is_root(User, cutoff))
    user_ids = users.with_only_columns(col(User.id))

    def rows(table: Any) -> Select[Any]:
        if table is User:
            return users
        parents = user_ids.where(~has_invoices) if table in BOOKS else ids(parent_of(table))
        is_part = PART_OF[table].in_(parents)
        is_root = and_(*_is_root(table, cutoff)) if table in ROOTS else false()
        return stored(table).where(or_(is_root, is_part))

    def ids(table: Any) -> Select[Any]:
        return rows(table).with_only_columns(table.id)

    keys = or_(idempotency.expired(terms), col(IdempotencyKey.caller_id).in_(user_ids))
    return {
        User.__name__: users.where(~has_invoices),
        ANONYMISED: users.where(has_invoices),
        **{table.__name__: rows(table) for table in CHILDREN_FIRST},
        IdempotencyKey.__name__: stored(IdempotencyKey).where(keys),
        PersistedQuery.__name__: stored(PersistedQuery).where(col(PersistedQuery.user_id).in_(user_ids)),
    }


async def _purge(
    session: AsyncSession, table: type[Deletable], id: UUID, owner_id: UUID, cutoff: datetime
) -> Counts:
    """Delete a row with all its parts, unless it was restored, or referred to anew, since it was found."""
    if table is not User:
        # What writes to a user's data holds the user: nothing can come to refer to the row any more.
        await session.scalar(stored(User).where(col(User.id) == owner_id).with_for_update(key_share=True))
    row = stored(table).where(col(table.id) == id, *_is_root(table, cutoff))
    found = await session.scalar(row.with_for_update(of=table))
    if found is None:
        return Counter()
    return (
        await _purge_user(session, found)
        if isinstance(found, User)
        else await _remove(session, table, owner_id, col(table.id) == id)
    )


async def _purge_user(session: AsyncSession, user: User) -> Counts:
    """Delete the user with everything of theirs; or only that, and what tells who they were."""
    is_theirs = col(Invoice.user_id) == user.id
    has_invoices = await session.scalar(stored(Invoice).where(is_theirs).limit(1)) is not None
    keys = await erase_rows(session, IdempotencyKey, col(IdempotencyKey.caller_id) == user.id)
    # What was written into a document may tell who they were.
    queries = await erase_rows(session, PersistedQuery, col(PersistedQuery.user_id) == user.id)
    counts: Counts = Counter({IdempotencyKey.__name__: keys, PersistedQuery.__name__: queries})
    if has_invoices:
        for table in PARTS[User]:
            if table not in BOOKS:
                counts.update(await _remove(session, table, user.id))
        await _make_anonymous(session, user)
        counts[ANONYMISED] += 1
    else:
        counts.update(await _remove(session, User, user.id))
    await audit.record(session, OPERATOR, "purge", [user], {"rows": +counts})
    return counts


async def _make_anonymous(session: AsyncSession, user: User) -> None:
    """Invoices stay, and what they were paid with; nothing can be charged any more."""
    nobody = {"name": None, "dodo_customer_id": None, "auth_issuer": None, "auth_subject": None}
    now = func.now()
    await session.execute(
        update(User).where(col(User.id) == user.id).values(email=ANONYMOUS_EMAIL, updated_at=now, **nobody)
    )
    card = {"provider_token": None, "last_four": None, "expiry_month": None, "expiry_year": None}
    removed_at = func.coalesce(col(PaymentMethod.removed_at), now)
    await session.execute(
        update(PaymentMethod)
        .where(col(PaymentMethod.user_id) == user.id)
        .values(is_default=False, removed_at=removed_at, updated_at=now, **card)
    )


async def _remove(
    session: AsyncSession, table: Any, owner_id: UUID, *conditions: ColumnElement[bool]
) -> Counts:
    """Delete rows of a user's, their parts first."""
    # Said of the owner too where there is one, because indexes begin with it.
    theirs = [*([] if table in WITHOUT_OWNER else [owner_key(table) == owner_id]), *conditions]
    ids = stored(table).where(*theirs).with_only_columns(table.id)
    counts: Counts = Counter()
    for part in PARTS[table]:
        counts.update(await _remove(session, part, owner_id, PART_OF[part].in_(ids)))
    counts[table.__name__] += await erase_rows(session, table, *theirs)
    return counts
