"""Usage: how much on which day, and how far the current cycle has come. Reading never writes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Select, Uuid, bindparam, func, literal
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col

from zorbit.checks import as_integer, fault
from zorbit.models import QuotaType, Subscription, UsageLog, UsageQuota, User
from zorbit.models.base import TIMESTAMP
from zorbit.services.quotas import accounts, cycle_of, is_current
from zorbit.services.spending import CARRIED_OVER
from zorbit.services.terms import Terms
from zorbit.visibility import Viewer, visible

DAYS_LIMIT = 366
"""The most days that are told at once."""
RECENT_DAYS = 30
"""How many days are told where neither a cycle nor the caller says from when."""


@dataclass(frozen=True, slots=True)
class CurrentCycle:
    """How far a user's current cycle of one limit has come."""

    start: datetime
    end: datetime
    change: int
    """What was used less what was given back, without what was carried over from before."""


@dataclass(frozen=True, slots=True)
class Span:
    """From the first day until the last, in UTC."""

    first: date
    last: date


@dataclass(frozen=True, slots=True)
class UsageDay:
    """What was used on one day, in UTC; numbers stop at what an integer holds."""

    day: date
    spent: int
    refunded: int
    net: int


def _usage_day(day: date, spent: int, refunded: int) -> UsageDay:
    return UsageDay(day, *map(as_integer, (spent, refunded, spent - refunded)))


def span(since: date | None, until: date | None, cycle: CurrentCycle | None, now: datetime) -> Span:
    """The days that are asked for; unless told otherwise those of the current cycle, else the latest.

    Raises BadInput for days that end before they begin, and for too many.
    """
    last = _day(now) if until is None else until
    if since is None:
        wanted = RECENT_DAYS if cycle is None or until is not None else (last - _day(cycle.start)).days + 1
        first = last.toordinal() - min(max(wanted, 1), DAYS_LIMIT) + 1
        return Span(date.fromordinal(max(first, 1)), last)
    if since > last:
        raise fault("since", f"must not be after `until`, which is {last}")
    if (number := (last - since).days + 1) > DAYS_LIMIT:
        raise fault("since", f"to `until` are at most {DAYS_LIMIT} days, not {number}")
    return Span(since, last)


def _day(moment: datetime) -> date:
    return moment.astimezone(UTC).date()


async def days(
    session: AsyncSession, viewer: Viewer, spans: Sequence[tuple[UUID, Span]], type: QuotaType
) -> list[list[UsageDay]]:
    """For each user and span the days on which one limit was used, in order; others are left out.

    What a cycle carried over from the last was not used on that day.
    """
    found: list[list[UsageDay]] = [[] for _ in spans]
    for position, *day in await session.execute(_days(viewer, spans, type)):
        found[position - 1].append(_usage_day(*day))
    return found


def _days(viewer: Viewer, spans: Sequence[tuple[UUID, Span]], type: QuotaType) -> Select[Any]:
    asked = (
        func.unnest(
            bindparam(None, [user_id for user_id, _ in spans], type_=ARRAY(Uuid)),
            bindparam(None, [_moment(span.first, time.min) for _, span in spans], type_=ARRAY(TIMESTAMP)),
            bindparam(None, [_moment(span.last, time.max) for _, span in spans], type_=ARRAY(TIMESTAMP)),
        )
        .table_valued("user_id", "first", "last", with_ordinality="position")
        .render_derived(name="asked")
    )
    moment, amount = col(UsageLog.created_at), col(UsageLog.amount)
    return (
        visible(UsageLog, viewer)
        .join(UsageQuota, col(UsageQuota.id) == col(UsageLog.quota_id))
        .join(asked, asked.c.user_id == col(UsageQuota.user_id))
        .where(
            col(UsageQuota.type) == type,
            moment.between(asked.c.first, asked.c.last),
            col(UsageLog.description).is_distinct_from(CARRIED_OVER),
        )
        .with_only_columns(
            asked.c.position,
            func.date(func.timezone("UTC", moment)).label("day"),
            func.coalesce(func.sum(amount).filter(amount > 0), 0),
            func.coalesce(-func.sum(amount).filter(amount < 0), 0),
        )
        .group_by("position", "day")
        .order_by("position", "day")
    )


def _moment(day: date, at: time) -> datetime:
    return datetime.combine(day, at, UTC)


async def current_cycles(
    session: AsyncSession, viewer: Viewer, user_ids: Sequence[UUID], type: QuotaType, terms: Terms
) -> list[CurrentCycle | None]:
    """Each user's current cycle of one limit, begun or as it will begin; None without any."""
    # Of several stored ones the latest to begin comes last, and counts.
    found = {row.id: row for row in await session.execute(_cycles(viewer, user_ids, type, terms))}
    return [_cycle(found.get(user_id), terms.now) for user_id in user_ids]


def _cycles(viewer: Viewer, user_ids: Sequence[UUID], type: QuotaType, terms: Terms) -> Select[Any]:
    covering = visible(UsageQuota, viewer).where(col(UsageQuota.type) == type, is_current(terms.now))
    quota = aliased(UsageQuota, covering.subquery(), name="quota")
    carried = visible(UsageLog, viewer).where(
        col(UsageLog.quota_id) == quota.id, col(UsageLog.description) == CARRIED_OVER
    )
    total = carried.with_only_columns(func.coalesce(func.sum(col(UsageLog.amount)), 0)).scalar_subquery()
    # Only a standing limit carries over: no other's entries need be looked through.
    before = total if type is QuotaType.PERSONA else literal(0)
    asked = bindparam(None, list(user_ids), type_=ARRAY(Uuid))
    statement: Select[Any] = accounts(viewer, asked, quota, terms).with_only_columns(
        col(User.id), Subscription, quota, before.label("carried")
    )
    return statement


def _cycle(account: Any, now: datetime) -> CurrentCycle | None:
    if account is None:
        return None
    if account.quota is not None:
        quota = account.quota
        return CurrentCycle(quota.billing_cycle_start, quota.billing_cycle_end, quota.used - account.carried)
    if account.Subscription is None:
        return None
    cycle = cycle_of(account.Subscription, now)
    return CurrentCycle(cycle.start, cycle.end, 0)
