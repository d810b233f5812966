"""The trash: what was deleted, and what stands against its return."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any
from uuid import UUID

from sqlalchemy import CompoundSelect, Select, case, func, literal, null, select, union_all
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col

from zorbit import models, paging
from zorbit.engine.statements import limited
from zorbit.errors import Conflict, Refused, RestoreBlocked
from zorbit.models import QuotaType
from zorbit.paging import Order, Page, Slice
from zorbit.services import spending
from zorbit.services.nodes import BY_NAME
from zorbit.services.rows import count_rows
from zorbit.services.terms import Terms
from zorbit.services.users import by_email
from zorbit.visibility import (
    OPERATOR,
    PART_OF,
    Viewer,
    deleted_users,
    hidden_by,
    owner_key,
    parent_of,
    restorable,
    trashed,
)

LATEST_FIRST = Order("deleted_at")
EXCERPT = 100


class Trashable(Enum):
    """What can be in the trash."""

    USER = "User"
    THREAD = "Thread"
    MESSAGE = "ChatMessage"
    IDEA = "ContentIdea"
    POST = "Post"
    PERSONA = "Persona"
    TEMPLATE = "Template"
    COMMENT = "Comment"

    @property
    def table(self) -> Any:
        """The table of such rows."""
        return BY_NAME[self.value]


OWNED = [kind for kind in Trashable if kind is not Trashable.USER]
"""What a user can have in the trash."""

# What a person recognises a row by.
TITLES: dict[Trashable, Any] = {
    Trashable.USER: models.User.email,
    Trashable.THREAD: models.Thread.title,
    Trashable.MESSAGE: func.left(models.ChatMessage.content, EXCERPT),
    Trashable.IDEA: models.ContentIdea.title,
    Trashable.POST: func.coalesce(models.Post.title, func.left(models.Post.content, EXCERPT)),
    Trashable.PERSONA: models.Persona.name,
    Trashable.TEMPLATE: models.Template.name,
    Trashable.COMMENT: func.left(models.Comment.quote, EXCERPT),
}


@dataclass(frozen=True, slots=True)
class Ancestor:
    """A deleted row that a trashed one is part of."""

    type: Trashable
    id: UUID


@dataclass(frozen=True, slots=True)
class TrashEntry:
    """A row in the trash."""

    type: Trashable
    id: UUID
    title: str | None
    deleted_at: datetime
    blocked_by: list[Ancestor]


@dataclass(frozen=True, slots=True)
class Location:
    """What an id is of, and whose it is."""

    type: Trashable
    owner_id: UUID


@dataclass(frozen=True, slots=True)
class Return:
    """How many rows of a type would be visible again."""

    type: Trashable
    count: int


@dataclass(frozen=True, slots=True)
class Preview:
    """What restoring a row would do."""

    trash_entry: TrashEntry
    restores: Sequence[Return]
    refusal: Refused | None


async def entries(session: AsyncSession, viewer: Viewer, owner_id: UUID, page: Page) -> Slice[TrashEntry]:
    """A page of what one user deleted, the latest first."""
    return await _read(session, entry_rows(viewer, owner_id, page), page)


def entry_rows(viewer: Viewer, owner_id: Any, page: Page) -> Select[Any]:
    """What `entry` makes the entries of a page of what one user deleted of, and of one more."""
    statements = [
        paging.paged(_entry(kind, trashed(kind.table, viewer, owner_id)), kind.table, LATEST_FIRST, page)
        for kind in OWNED
    ]
    every = union_all(*statements).subquery()
    place = [every.c.deleted_at, every.c.id]
    ordered = select(every).order_by(*(part.asc() if page.backward else part.desc() for part in place))
    return limited(ordered, page.size + 1)


async def users(session: AsyncSession, viewer: Viewer, page: Page) -> Slice[TrashEntry]:
    """A page of the deleted users, the latest first."""
    return await _read(session, user_rows(viewer, page), page)


def user_rows(viewer: Viewer, page: Page) -> Select[Any]:
    """The same for the deleted users."""
    return paging.paged(_entry(Trashable.USER, deleted_users(viewer)), models.User, LATEST_FIRST, page)


async def by_id(
    session: AsyncSession, viewer: Viewer, ids: Sequence[UUID], kind: Trashable
) -> list[TrashEntry | None]:
    """Each row of a kind, if it was deleted and the viewer could restore it."""
    statement = _entry(kind, restorable(kind.table, viewer).where(kind.table.id.in_(ids)))
    found = {row.id: entry(row) for row in await session.execute(statement)}
    return [found.get(id) for id in ids]


async def count(session: AsyncSession, viewer: Viewer, owner_id: UUID) -> int:
    """How many rows one user has in the trash."""
    return await count_rows(session, every_id(viewer, owner_id))


def every_id(viewer: Viewer, owner_id: Any) -> CompoundSelect[Any]:
    """The ids of all that one user has in the trash."""
    ids: list[Any] = [
        trashed(kind.table, viewer, owner_id).with_only_columns(kind.table.id) for kind in OWNED
    ]
    return union_all(*ids)


async def count_users(session: AsyncSession, viewer: Viewer) -> int:
    """How many users are deleted."""
    return await count_rows(session, deleted_users(viewer).with_only_columns(col(models.User.id)))


async def obstacle(
    session: AsyncSession, row: models.Deletable, entry: TrashEntry, terms: Terms
) -> Refused | None:
    """What stands against a deleted row's return: the one rule of the preview and of restoring.

    Below something deleted nothing else can be told: whether there is a place may change until that is back.
    """
    if entry.blocked_by:
        return RestoreBlocked(entry.blocked_by)
    if isinstance(row, models.Persona):
        return await spending.shortage(session, row.user_id, QuotaType.PERSONA, 1, terms)
    if isinstance(row, models.User):
        return await rival_of(session, row.email)
    return None


async def rival_of(session: AsyncSession, email: str) -> Conflict | None:
    """Whoever stands against a deleted user's return: the live user who has the address by now."""
    rival = await by_email(session, OPERATOR, email)
    return None if rival is None else address_taken((models.User, rival.id))


def address_taken(by: tuple[Any, UUID] | None) -> Conflict:
    """A deleted user's address is somebody else's by now; `by` is who it is, if they are still there."""
    return Conflict("a live user has the same address", field="email", current=by)


async def preview(session: AsyncSession, viewer: Viewer, id: UUID, terms: Terms) -> Preview | None:
    """What restoring the deleted row with this id would do; None where the viewer could not restore it."""
    known = (await located(session, restorable, viewer, [id])).get(id)
    if known is None:
        return None
    table = known.type.table
    row = await session.scalar(restorable(table, viewer).where(table.id == id))
    (entry,) = await by_id(session, viewer, [id], known.type)
    if row is None or entry is None:  # restored meanwhile
        return None
    refusal = await obstacle(session, row, entry, terms)
    return Preview(entry, await _returns(session, table, id), refusal)


async def located(
    session: AsyncSession, rows: Callable[[Any, Viewer], Select[Any]], viewer: Viewer, ids: Sequence[UUID]
) -> dict[UUID, Location]:
    """Where each id is found among `rows` (what is `visible`, or `restorable`); one statement probes all."""
    probes: list[Any] = [
        rows(kind.table, viewer)
        .where(kind.table.id.in_(ids))
        .with_only_columns(kind.table.id, literal(kind.name), owner_key(kind.table))
        for kind in Trashable
    ]
    found = (await session.execute(union_all(*probes))).all()
    return {id: Location(Trashable[name], owner_id) for id, name, owner_id in found}


async def _returns(session: AsyncSession, table: type[models.Row], id: UUID) -> list[Return]:
    counts: list[Any] = [
        hidden_by(kind.table, table, id).with_only_columns(literal(kind.name), func.count())
        for kind in Trashable
    ]
    found = {name: number for name, number in await session.execute(union_all(*counts))}  # noqa: C416 - rows are not pairs to mypy
    return [Return(kind, found[kind.name]) for kind in Trashable if found[kind.name]]


async def _read(session: AsyncSession, statement: Select[Any], page: Page) -> Slice[TrashEntry]:
    return paging.sliced([entry(row) for row in await session.execute(statement)], page)


def entry(row: Any) -> TrashEntry:
    """An entry, of its row."""
    ancestors = [Ancestor(Trashable[name], UUID(id)) for name, id in filter(None, row.ancestors)]
    return TrashEntry(Trashable[row.type], row.id, row.title, row.deleted_at, ancestors)


def _entry(kind: Trashable, rows: Select[Any]) -> Select[Any]:
    """(type, id, title, deleted_at, ancestors), one row for each of `rows`."""
    names: list[Any] = []
    for parent_kind, parent, is_parent in _ancestors(kind):
        rows = rows.outerjoin(parent, is_parent)
        name = func.jsonb_build_array(parent_kind.name, parent.id)
        names.insert(0, case((parent.is_deleted, name), else_=null()))
    entry: Select[Any] = rows.with_only_columns(
        literal(kind.name).label("type"),
        kind.table.id.label("id"),
        TITLES[kind].label("title"),
        kind.table.deleted_at.label("deleted_at"),
        func.jsonb_build_array(*names, type_=JSONB).label("ancestors"),
    )
    return entry


def _ancestors(kind: Trashable) -> Iterator[tuple[Trashable, Any, Any]]:
    """(what it is, an alias of its table, the condition that joins it), the nearest first."""
    table: type[models.Row] = kind.table
    entity: Any = table
    while table in PART_OF:
        parent: Any = aliased(parent_of(table))
        yield Trashable(parent_of(table).__name__), parent, parent.id == getattr(entity, PART_OF[table].key)
        table, entity = parent_of(table), parent
