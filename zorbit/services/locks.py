"""Locks, taken in one order: User, Subscription, UsageQuota, then content, parent before child.

A write below a parent holds every ancestor FOR SHARE, root first, so that nothing lands in what is being
deleted. What may give back a quota, or changes several rows, holds the owner alone (FOR NO KEY UPDATE): it
then runs by itself among all that is written to that user's data, whatever it locks afterwards.
"""

from collections.abc import Iterable
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import Select, or_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col

from zorbit import models
from zorbit.errors import Forbidden, LastAdmin, NotFound
from zorbit.visibility import OPERATOR, PART_OF, Viewer, parent_of, restorable, stored, visible

T = TypeVar("T", bound=models.Row)


async def hold_user(
    session: AsyncSession, user_id: UUID, *, alone: bool = False, field: str | None = None
) -> models.User:
    """The live user, held until the transaction ends; `alone` keeps every other writer of theirs out.

    Raises NotFound, with `field`, where there is none.
    """
    users = visible(models.User, OPERATOR)
    return await _lock(session, users, models.User, user_id, field=field, shared=not alone)


async def hold_users(session: AsyncSession, user_ids: Iterable[UUID]) -> None:
    """Hold users alone, live or not, in the order of their keys."""
    statement = stored(models.User).where(col(models.User.id).in_(user_ids)).order_by(col(models.User.id))
    await session.execute(statement.with_for_update(key_share=True).with_only_columns(col(models.User.id)))


async def hold_with_admins(
    session: AsyncSession, viewer: Viewer, user_id: UUID, *, field: str | None = None, deposes: bool = True
) -> models.User:
    """The visible user, held alone, like every live admin: one at a time decides who goes on being one.

    Of two admins who depose each other at once the second is none any more, and is refused. Raises Forbidden,
    NotFound and, unless nobody is deposed, LastAdmin.
    """
    is_either = or_(col(models.User.id) == user_id, col(models.User.role) == models.Role.ADMIN)
    statement = visible(models.User, OPERATOR).where(is_either).order_by(col(models.User.id))
    locked = statement.with_for_update(key_share=True).execution_options(populate_existing=True)
    found = {user.id: user for user in await session.scalars(locked)}
    admins = {user.id for user in found.values() if user.role is models.Role.ADMIN}
    if viewer.sees_everything and viewer.id is not None and viewer.id not in admins:
        raise Forbidden
    if user_id not in found or not (viewer.sees_everything or viewer.id == user_id):
        raise NotFound(field=field)
    if deposes and admins == {user_id}:
        raise LastAdmin(field=field)
    return found[user_id]


async def hold_subscription(session: AsyncSession, user_id: UUID) -> models.Subscription | None:
    """The user's subscription, held alone; None for a user without one."""
    statement = visible(models.Subscription, OPERATOR).where(col(models.Subscription.user_id) == user_id)
    return await _locked(session, statement, models.Subscription)


async def hold_account(
    session: AsyncSession, user_id: UUID, *, field: str | None = None
) -> tuple[models.User, models.Subscription | None]:
    """The live user and their subscription, both held alone: what changes plans and money begins here."""
    user = await hold_user(session, user_id, alone=True, field=field)
    return user, await hold_subscription(session, user_id)


async def hold_row(
    session: AsyncSession, viewer: Viewer, table: type[T], id: UUID, *, field: str, alone: bool = False
) -> T:
    """The visible row of `table`, to be changed; its ancestors are held, its owner `alone` if told so.

    Raises NotFound, with `field`, for what is unknown, deleted or another's.
    """
    await hold_ancestors(session, viewer, table, id, field=field, alone=alone)
    return await lock_row(session, viewer, table, id, field=field)


async def hold_parent(session: AsyncSession, viewer: Viewer, table: type[T], id: UUID, *, field: str) -> T:
    """The visible row of `table`, to be written below: held, like its ancestors, but not to be changed."""
    await hold_ancestors(session, viewer, table, id, field=field)
    return await lock_row(session, viewer, table, id, field=field, shared=True)


async def hold_ancestors(
    session: AsyncSession,
    viewer: Viewer,
    table: type[models.Row],
    id: UUID,
    *,
    field: str,
    alone: bool = False,
) -> UUID:
    """Hold whatever a visible row is part of, root first; its owner's id."""
    path = await _path(session, viewer, table, id, field)
    owner_id = path[0][1]
    await hold_user(session, owner_id, alone=alone, field=field)
    for parent, parent_id in path[1:]:
        await lock_row(session, OPERATOR, parent, parent_id, field=field, shared=True)
    return owner_id


async def lock_row(
    session: AsyncSession, viewer: Viewer, table: type[T], id: UUID, *, field: str, shared: bool = False
) -> T:
    """The visible row, locked and as it is now; its ancestors must be held already."""
    return await _lock(session, visible(table, viewer), table, id, field=field, shared=shared)


async def lock_deleted(session: AsyncSession, viewer: Viewer, table: type[T], id: UUID, *, field: str) -> T:
    """The row that was itself deleted, locked and as it is now."""
    return await _lock(session, restorable(table, viewer), table, id, field=field)


async def lock_stored(session: AsyncSession, table: type[T], id: UUID, *, field: str) -> T:
    """The row, deleted or not, locked and as it is now: for facts that outlive a deletion."""
    return await _lock(session, stored(table), table, id, field=field)


async def _lock(
    session: AsyncSession,
    rows: Select[T],
    table: type[T],
    id: UUID,
    *,
    field: str | None,
    shared: bool = False,
) -> T:
    found = await _locked(session, rows.where(col(table.id) == id), table, shared=shared)
    if found is None:
        raise NotFound(field=field)
    return found


async def _locked(
    session: AsyncSession, statement: Select[T], table: type[T], *, shared: bool = False
) -> T | None:
    locked = statement.with_for_update(of=table, read=shared, key_share=not shared)
    return await session.scalar(locked.execution_options(populate_existing=True))


async def _path(
    session: AsyncSession, viewer: Viewer, table: type[models.Row], id: UUID, field: str
) -> list[tuple[type[models.Row], UUID]]:
    """(table, id) of whatever a visible row is part of, root first."""
    if not viewer.sees_everything and viewer.id is not None and parent_of(table) is models.User:
        # Known without asking; whether the row is theirs, its own lock will tell.
        return [(models.User, viewer.id)]
    statement: Any = visible(table, viewer).where(col(table.id) == id)
    tables: list[type[models.Row]] = []
    columns: list[Any] = []
    child: type[models.Row] = table
    entity: Any = table
    while child in PART_OF:
        parent: Any = aliased(parent_of(child))
        statement = statement.join(parent, parent.id == getattr(entity, PART_OF[child].key))
        tables.insert(0, parent_of(child))
        columns.insert(0, parent.id)
        child, entity = parent_of(child), parent
    found = (await session.execute(statement.with_only_columns(*columns))).one_or_none()
    if found is None:
        raise NotFound(field=field)
    return list(zip(tables, found, strict=True))
