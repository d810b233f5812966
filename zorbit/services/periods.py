"""Paid periods: how long they last, what a part of one costs, and what a new one does to the quotas.

Every boundary is counted in months from the anchor, the subscription's start, so that none drifts: 31
January, 28 February, 31 March. Whoever calls holds the account alone.
"""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, case, func, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from zorbit.models import Plan, PlanInterval, QuotaType, Subscription, SubscriptionStatus, UsageQuota
from zorbit.services.cycles import months_after
from zorbit.services.quotas import PLAN_LIMITS
from zorbit.services.rows import add_row, change
from zorbit.services.terms import Terms
from zorbit.visibility import OPERATOR, visible

MONTHS = {PlanInterval.MONTH: 1, PlanInterval.YEAR: 12}
MICROSECOND = timedelta(microseconds=1)
OPEN_ENDED: dict[str, Any] = {"end_date": None, "canceled_at": None, "next_plan_id": None}


def moved(subscription: Subscription, boundary: datetime, months: int) -> datetime:
    """Another boundary of the subscription's periods, so many months after `boundary`."""
    anchor, boundary = subscription.start_date.astimezone(UTC), boundary.astimezone(UTC)
    number = (boundary.year - anchor.year) * 12 + boundary.month - anchor.month
    return months_after(anchor, number + months)


def began(subscription: Subscription, plan: Plan) -> datetime:
    """When the period that `renewalDate` ends began."""
    return moved(subscription, subscription.renewal_date, -MONTHS[plan.interval])


def share(price: Decimal, start: datetime, end: datetime, now: datetime) -> Decimal:
    """What the rest of a period costs from `now` on, rounded half up to cents."""
    whole, rest = (end - start) // MICROSECOND, (end - max(start, now)) // MICROSECOND
    # In whole numbers, so that no half is lost before it is rounded.
    return Decimal((2 * int(price * 100) * rest + whole) // (2 * whole)).scaleb(-2)


async def begin(
    session: AsyncSession, user_id: UUID, subscription: Subscription | None, plan: Plan, terms: Terms
) -> Subscription:
    """A new paid period from now on, in which counting begins anew but for what was not paid for."""
    start = await _end_cycles(session, user_id, terms)
    await _count_unpaid(session, subscription, plan, until=months_after(start, 1))
    renewal = months_after(start, MONTHS[plan.interval])
    values = {"status": SubscriptionStatus.ACTIVE, "start_date": start, "renewal_date": renewal}
    return await _begin(session, user_id, subscription, {**values, "plan_id": plan.id})


async def begin_trial(
    session: AsyncSession, user_id: UUID, subscription: Subscription | None, plan: Plan, terms: Terms
) -> Subscription:
    """The trial, from now on."""
    start = await _end_cycles(session, user_id, terms)
    ends = start + terms.trial
    await _count_unpaid(session, subscription, plan, until=ends)
    values = {"status": SubscriptionStatus.TRIALING, "start_date": start, "renewal_date": ends}
    return await _begin(session, user_id, subscription, {**values, "plan_id": plan.id, "trial_ends_at": ends})


async def _count_unpaid(
    session: AsyncSession, subscription: Subscription | None, plan: Plan, *, until: datetime
) -> None:
    """What was used in days of grace that were not paid for then goes on counting, in the cycle that begins.

    Or whoever lets a period lapse, and subscribes again, would have had a cycle for nothing.
    """
    if subscription is None:
        return
    unpaid = visible(UsageQuota, OPERATOR).where(
        col(UsageQuota.user_id) == subscription.user_id,
        col(UsageQuota.billing_cycle_start) >= subscription.renewal_date,
        # Personas are counted at the beginning of each cycle.
        col(UsageQuota.type) != QuotaType.PERSONA,
    )
    in_order = unpaid.order_by(col(UsageQuota.billing_cycle_start)).execution_options(populate_existing=True)
    latest = {quota.type: quota for quota in await session.scalars(in_order)}
    for quota in latest.values():
        if quota.used > 0:
            limit = getattr(plan, PLAN_LIMITS[quota.type])
            await change(session, quota, {"billing_cycle_end": until, "reset_date": until, "limit": limit})


async def _begin(
    session: AsyncSession, user_id: UUID, subscription: Subscription | None, values: dict[str, Any]
) -> Subscription:
    if subscription is not None:
        return await change(session, subscription, OPEN_ENDED | values)
    return await add_row(session, Subscription(**values, user_id=user_id))


async def change_within(
    session: AsyncSession, subscription: Subscription, old: Plan, plan: Plan, terms: Terms
) -> Subscription:
    """The present period with another plan, as long as that one's; the anchor and what is used stay."""
    renewal = moved(subscription, began(subscription, old), MONTHS[plan.interval])
    running = col(UsageQuota.billing_cycle_end) > terms.now
    raised = func.greatest(col(UsageQuota.limit), _limit(plan))
    await _set_limits(session, subscription.user_id, running, raised)
    return await _go_on(session, subscription, plan, renewal)


async def renew(session: AsyncSession, subscription: Subscription, plan: Plan) -> Subscription:
    """The next period, with the same plan or another, whose limits it then has from its beginning."""
    if plan.id != subscription.plan_id:
        await take_over(session, subscription, plan)
    renewal = moved(subscription, subscription.renewal_date, MONTHS[plan.interval])
    return await _go_on(session, subscription, plan, renewal)


async def _go_on(
    session: AsyncSession, subscription: Subscription, plan: Plan, renewal: datetime
) -> Subscription:
    values = {"status": SubscriptionStatus.ACTIVE, "plan_id": plan.id, "renewal_date": renewal}
    return await change(session, subscription, OPEN_ENDED | values)


async def take_over(session: AsyncSession, subscription: Subscription, plan: Plan) -> Subscription:
    """The next plan in place of the present one, for all cycles since the period's end."""
    since = col(UsageQuota.billing_cycle_start) >= subscription.renewal_date
    await _set_limits(session, subscription.user_id, since, _limit(plan))
    return await change(session, subscription, {"plan_id": plan.id, "next_plan_id": None})


def _limit(plan: Plan) -> ColumnElement[int]:
    """The plan's limit for a quota's type."""
    limits = {type.value: getattr(plan, name) for type, name in PLAN_LIMITS.items()}
    return case(limits, value=col(UsageQuota.type))


async def _set_limits(
    session: AsyncSession, user_id: UUID, which: ColumnElement[bool], limit: ColumnElement[int]
) -> None:
    statement = update(UsageQuota).where(col(UsageQuota.user_id) == user_id, which).values(limit=limit)
    await session.execute(statement.execution_options(synchronize_session=False))


async def _end_cycles(session: AsyncSession, user_id: UUID, terms: Terms) -> datetime:
    """End the cycles that still run, so that never two cover a moment; when the next may begin.

    That is now, unless a transaction that began later, but had not to wait, has begun a cycle already.
    """
    ends = col(UsageQuota.billing_cycle_end)
    running = visible(UsageQuota, OPERATOR).where(col(UsageQuota.user_id) == user_id, ends > terms.now)
    latest = await session.scalar(running.with_only_columns(func.max(col(UsageQuota.billing_cycle_start))))
    start = terms.now if latest is None else max(terms.now, latest + MICROSECOND)
    statement = update(UsageQuota).where(col(UsageQuota.user_id) == user_id, ends > start)
    await session.execute(
        statement.values(billing_cycle_end=start, reset_date=start).execution_options(
            synchronize_session=False
        )
    )
    return start
