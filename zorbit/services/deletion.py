"""Deleting and restoring: a flag on the one row, and what follows from it.

Nothing below is touched: visibility hides it, and shows it again. The owner is held alone from the beginning,
so that nothing else is written to their data meanwhile, in whatever order rows and quotas are changed here.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import Select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from zorbit.errors import NotFound, Refused
from zorbit.models import Deletable, Persona, Post, PostStatus, QuotaType, User
from zorbit.models.content import status_of
from zorbit.services import invoices, locks, spending, trash
from zorbit.services.rows import change, demand_unchanged
from zorbit.services.scheduling import IS_SCHEDULED
from zorbit.services.subscribing import end_with_period
from zorbit.services.subscriptions import RUNNING
from zorbit.services.terms import Terms
from zorbit.services.trash import Trashable
from zorbit.visibility import Viewer, owner_key, restorable, visible

T = TypeVar("T", bound=Deletable)


@dataclass(frozen=True, slots=True)
class Declined:
    """A row of several that stays as it is."""

    id: UUID
    refusal: Refused


async def delete(
    session: AsyncSession,
    viewer: Viewer,
    table: type[T],
    id: UUID,
    *,
    if_updated_at: datetime | None,
    terms: Terms,
) -> tuple[T, bool]:
    """The row, put into the trash; and whether what it cost was given back."""
    await locks.hold_ancestors(session, viewer, table, id, field="input.id", alone=True)
    row = await locks.lock_row(session, viewer, table, id, field="input.id")
    demand_unchanged(row, if_updated_at)
    return row, await _put_away(session, row, terms)


async def restore(session: AsyncSession, viewer: Viewer, table: type[T], id: UUID, terms: Terms) -> T:
    """The row, taken out of the trash.

    Raises RestoreBlocked below something deleted; for a persona also QuotaExhausted, SubscriptionRequired.
    """
    row = restorable(table, viewer).where(col(table.id) == id)
    owner_id = await session.scalar(row.with_only_columns(owner_key(table)))
    if owner_id is None:
        raise NotFound(field="input.id")
    await locks.hold_users(session, [owner_id])
    return await _bring_back(session, viewer, table, id, terms, field="input.id")


async def delete_all(
    session: AsyncSession, viewer: Viewer, ids: Sequence[UUID], terms: Terms
) -> list[Deletable | Declined]:
    """What became of each row, in the order of `ids`; a parent and its child are both deleted."""

    async def put_away(table: type[Deletable], id: UUID, field: str) -> Deletable:
        row = await locks.lock_row(session, viewer, table, id, field=field)
        await _put_away(session, row, terms)
        return row

    return await _each(session, viewer, ids, visible, put_away, parents_first=False)


async def restore_all(
    session: AsyncSession, viewer: Viewer, ids: Sequence[UUID], terms: Terms
) -> list[Deletable | Declined]:
    """What became of each row, in the order of `ids`; a parent and its child are both restored."""

    async def bring_back(table: type[Deletable], id: UUID, field: str) -> Deletable:
        return await _bring_back(session, viewer, table, id, terms, field=field)

    return await _each(session, viewer, ids, restorable, bring_back, parents_first=True)


async def _each(
    session: AsyncSession,
    viewer: Viewer,
    ids: Sequence[UUID],
    rows: Callable[[Any, Viewer], Select[Any]],
    act: Callable[[type[Deletable], UUID, str], Awaitable[Deletable]],
    *,
    parents_first: bool,
) -> list[Deletable | Declined]:
    """`act` on each of the ids that is among `rows`; what is refused doesn't stop the others."""
    known = await trash.located(session, rows, viewer, ids)
    known = {id: place for id, place in known.items() if place.type in trash.OWNED}
    await locks.hold_users(session, {place.owner_id for place in known.values()})
    # Trashable names parents before what is part of them.
    ranks = {kind: rank if parents_first else -rank for rank, kind in enumerate(Trashable)}
    fields = {id: f"input.ids.{index}" for index, id in enumerate(ids)}
    outcomes: dict[UUID, Deletable | Declined] = {
        id: Declined(id, NotFound(field=field)) for id, field in fields.items()
    }
    for id in sorted(known, key=lambda id: (ranks[known[id].type], id)):
        try:
            async with session.begin_nested():
                outcomes[id] = await act(known[id].type.table, id, fields[id])
        except Refused as refused:
            outcomes[id] = Declined(id, refused)
    return [outcomes[id] for id in ids]


async def _put_away(session: AsyncSession, row: Deletable, terms: Terms) -> bool:
    """Flag a locked row; whether what it cost was given back."""
    refunded = 0
    if isinstance(row, Post) and status_of(row) is PostStatus.SCHEDULED:
        row.scheduled_on = None
        refunded = await spending.refund(session, row.user_id, QuotaType.POST_SCHEDULING, [row.id], terms)
    if isinstance(row, Persona):
        refunded = await spending.refund(session, row.user_id, QuotaType.PERSONA, [row.id], terms)
    await change(session, row, {"is_deleted": True})
    return refunded > 0


async def _bring_back(
    session: AsyncSession, viewer: Viewer, table: type[T], id: UUID, terms: Terms, *, field: str
) -> T:
    """The deleted row, restored; its owner must be held alone."""
    row = await locks.lock_deleted(session, viewer, table, id, field=field)
    (entry,) = await trash.by_id(session, viewer, [id], Trashable(table.__name__))
    if entry is None:
        raise NotFound(field=field)
    if refusal := await trash.obstacle(session, row, entry, terms):
        raise refusal
    if isinstance(row, Persona):
        # Before the flag: a cycle that begins with this spend counts the live personas.
        await spending.spend(
            session, row.user_id, QuotaType.PERSONA, [id], terms, description="restorePersona"
        )
    return await change(session, row, {"is_deleted": False})


async def delete_user(
    session: AsyncSession, viewer: Viewer, id: UUID, terms: Terms, *, field: str | None = None
) -> User:
    """The user, deleted: nothing of theirs is posted any more, and the subscription ends with its period.

    Raises LastAdmin.
    """
    user = await locks.hold_with_admins(session, viewer, id, field=field)
    await _cancel(session, id, terms)
    await _unschedule_all(session, id, terms)
    return await change(session, user, {"is_deleted": True})


async def _cancel(session: AsyncSession, user_id: UUID, terms: Terms) -> None:
    subscription = await locks.hold_subscription(session, user_id)
    if subscription is not None and subscription.status in RUNNING:
        await end_with_period(session, subscription, terms)
    else:
        await invoices.withdraw(session, user_id)


async def _unschedule_all(session: AsyncSession, user_id: UUID, terms: Terms) -> None:
    statement = (
        update(Post)
        .where(col(Post.user_id) == user_id, IS_SCHEDULED)
        .values(scheduled_on=None)
        .returning(col(Post.id))
        .execution_options(synchronize_session=False)
    )
    unscheduled = (await session.scalars(statement)).all()
    await spending.refund(session, user_id, QuotaType.POST_SCHEDULING, unscheduled, terms)


async def restore_user(session: AsyncSession, viewer: Viewer, id: UUID) -> User:
    """The user as before, but for schedule and subscription; raises Conflict where the address is taken."""
    user = await locks.lock_deleted(session, viewer, User, id, field="input.id")
    email = user.email
    if rival := await trash.rival_of(session, email):
        raise rival
    try:
        async with session.begin_nested():
            return await change(session, user, {"is_deleted": False})
    except IntegrityError:
        # Of the constraints only the index over live users' addresses hangs on the flag: somebody took the
        # address since it was looked at.
        raise await trash.rival_of(session, email) or trash.address_taken(None) from None
