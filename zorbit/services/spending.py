"""Spending quotas and giving back: one conditional statement that also writes the log.

`used` is the sum of the row's entries, and never passes `limit`, however many spend at once: the UPDATE
decides, on the row as it is when its turn comes. A cycle's row is inserted by the first spend in it.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    String,
    Uuid,
    and_,
    bindparam,
    func,
    literal,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.dialects.postgresql import distinct_on, insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col
from uuid_utils.compat import uuid7

from zorbit.errors import QuotaExhausted, Refused, SubscriptionRequired
from zorbit.models import Persona, Plan, QuotaType, Subscription, UsageLog, UsageQuota
from zorbit.services.locks import hold_subscription
from zorbit.services.quotas import PLAN_LIMITS, QuotaState, cycle_of, is_current, states
from zorbit.services.rows import add_row, count_rows
from zorbit.services.subscriptions import entitled
from zorbit.services.terms import Terms
from zorbit.visibility import OPERATOR, owner_of, visible

CARRIED_OVER = "carried over"
"""The entry that a cycle of a standing limit begins with."""
GIVEN_BACK = "given back"
SPEND = ["id", "quota_id", "type", "user_id", "amount", "subject_id", "description"]
REFUND = [*SPEND, "refund_of_id"]


async def spend(
    session: AsyncSession,
    user_id: UUID,
    type: QuotaType,
    subjects: Sequence[UUID],
    terms: Terms,
    *,
    description: str | None = None,
) -> None:
    """Use one of the quota for each of `subjects`: what is paid for, a post, a persona.

    The user must be held, and alone for PERSONA: the count that its cycle begins with must not move.
    Raises SubscriptionRequired or QuotaExhausted.
    """
    if await _spent(session, user_id, type, subjects, terms, description=description):
        return
    if await _current_quota(session, user_id, type, terms) is None:
        # One at a time: of several first spends in a cycle, one inserts its row. Only here: who waited for
        # a quota's row in vain holds it, and must not ask for the subscription then.
        subscription = await hold_subscription(session, user_id)
        plan = await entitled_plan(session, user_id, terms)
        if subscription is None or plan is None:
            raise SubscriptionRequired
        await begin_cycle(session, type, subscription, plan, terms)
    elif await entitled_plan(session, user_id, terms) is None:
        raise SubscriptionRequired
    # Again, though there was a row: a rival's first spend may have made it since the attempt above.
    if not await _spent(session, user_id, type, subjects, terms, description=description):
        raise _exhausted(await _state(session, user_id, type, terms), user_id, len(subjects))


async def shortage(
    session: AsyncSession, user_id: UUID, type: QuotaType, wanted: int, terms: Terms
) -> Refused | None:
    """What `spend` would raise as things stand; nothing is written, nothing held."""
    if await entitled_plan(session, user_id, terms) is None:
        return SubscriptionRequired()
    state = await _state(session, user_id, type, terms)
    return None if state.remaining >= wanted else _exhausted(state, user_id, wanted)


async def _state(session: AsyncSession, user_id: UUID, type: QuotaType, terms: Terms) -> QuotaState:
    (found,) = await states(session, OPERATOR, [user_id], terms)
    return next(state for state in found if state.type is type)


async def _current_quota(
    session: AsyncSession, user_id: UUID, type: QuotaType, terms: Terms
) -> UsageQuota | None:
    current = visible(UsageQuota, OPERATOR).where(*_current(user_id, type, terms))
    return await session.scalar(current.execution_options(populate_existing=True))


def _exhausted(state: QuotaState, user_id: UUID, wanted: int) -> QuotaExhausted:
    left = f"{state.used} of {state.limit} are used, which leaves too few"
    message = f"{left} for {wanted} more of {state.type.name}"
    return QuotaExhausted(message, user_id=user_id, type=state.type, resets_at=state.resets_at)


async def _spent(
    session: AsyncSession,
    user_id: UUID,
    type: QuotaType,
    subjects: Sequence[UUID],
    terms: Terms,
    *,
    description: str | None,
) -> bool:
    """Whether the quota sufficed; then it is spent, and each subject has its entry."""
    wanted = len(subjects)
    quota = col(UsageQuota.used)
    entitlement = visible(Subscription, OPERATOR).where(col(Subscription.user_id) == user_id, entitled(terms))
    spent = (
        update(UsageQuota)
        .where(
            *_current(user_id, type, terms),
            quota + wanted <= col(UsageQuota.limit),
            entitlement.exists(),
        )
        .values(used=quota + wanted, updated_at=terms.now)
        .returning(col(UsageQuota.id))
        .cte("spent")
    )
    entries = _entries(subjects)
    values: Any = (entries.c.id, spent.c.id, literal(type.value), literal(str(user_id)), literal(1))
    entry = select(*values, entries.c.subject_id, literal(description, String))
    logged = insert(UsageLog).from_select(SPEND, entry.select_from(spent.join(entries, true())))
    found = await session.scalars(logged.returning(col(UsageLog.id)))
    return bool(found.all())


def _entries(subjects: Sequence[UUID]) -> Any:
    """(id, subject_id), a row for each entry to be written."""
    ids = bindparam(None, [uuid7() for _ in subjects], type_=ARRAY(Uuid))
    keys = bindparam(None, list(subjects), type_=ARRAY(Uuid))
    return func.unnest(ids, keys).table_valued("id", "subject_id").render_derived(name="entry")


def _current(user_id: UUID, type: QuotaType, terms: Terms) -> list[ColumnElement[bool]]:
    return [
        col(UsageQuota.user_id) == user_id,
        col(UsageQuota.type) == type,
        is_current(terms.now),
    ]


async def entitled_plan(session: AsyncSession, user_id: UUID, terms: Terms) -> Plan | None:
    """The plan whose limits the user is entitled to."""
    own = visible(Plan, OPERATOR).join(Subscription, col(Subscription.plan_id) == col(Plan.id))
    return await session.scalar(own.where(col(Subscription.user_id) == user_id, entitled(terms)))


async def begin_cycle(
    session: AsyncSession, type: QuotaType, subscription: Subscription, plan: Plan, terms: Terms
) -> UsageQuota:
    """The current cycle's row, inserted where there is none; the subscription must be held alone."""
    user_id = subscription.user_id
    if (current := await _current_quota(session, user_id, type, terms)) is not None:
        return current
    cycle = cycle_of(subscription, terms.now)
    carried = await _standing(session, user_id) if type is QuotaType.PERSONA else 0
    begun = UsageQuota(
        type=type,
        used=carried,
        limit=getattr(plan, PLAN_LIMITS[type]),
        reset_date=cycle.end,
        billing_cycle_start=cycle.start,
        billing_cycle_end=cycle.end,
        user_id=user_id,
    )
    quota = await add_row(session, begun)
    if carried:
        entry = UsageLog(
            type=type, description=CARRIED_OVER, user_id=str(user_id), amount=carried, quota_id=quota.id
        )
        await add_row(session, entry)
    return quota


async def _standing(session: AsyncSession, user_id: UUID) -> int:
    return await count_rows(session, visible(Persona, owner_of(user_id)).with_only_columns(col(Persona.id)))


async def refund(
    session: AsyncSession, user_id: UUID, type: QuotaType, subjects: Sequence[UUID], terms: Terms
) -> int:
    """Give back what was spent on each of `subjects`, and answer for how many of them.

    To the row of the spend, once, and only while its cycle is current; otherwise nothing. A persona from
    before the cycle counts as spent by the carried-over entry. The user must be held alone.
    """
    # The unique index over (refund, subject) holds "once".
    refunds = insert(UsageLog).from_select(REFUND, _refunds(user_id, type, subjects, terms))
    given_back = (
        refunds.on_conflict_do_nothing()
        .returning(col(UsageLog.quota_id), col(UsageLog.amount))
        .cte("given_back")
    )
    sums = (
        select(given_back.c.quota_id, func.sum(given_back.c.amount).label("amount"))
        .group_by(given_back.c.quota_id)
        .cte()
    )
    statement = (
        update(UsageQuota)
        .where(col(UsageQuota.id) == sums.c.quota_id)
        .values(used=col(UsageQuota.used) + sums.c.amount, updated_at=terms.now)
        .returning(sums.c.amount)
        .execution_options(synchronize_session=False)
    )
    amounts: list[int] = list(await session.scalars(statement))
    return -sum(amounts)


def _refunds(user_id: UUID, type: QuotaType, subjects: Sequence[UUID], terms: Terms) -> Any:
    """An entry for each subject, giving back its latest spend; else, of a persona, the carried-over one."""
    spends = visible(UsageLog, OPERATOR).join(UsageQuota, col(UsageQuota.id) == col(UsageLog.quota_id))
    current = spends.where(*_current(user_id, type, terms), col(UsageLog.amount) > 0)
    spend: Any = aliased(UsageLog, current.subquery())
    wanted = _entries(subjects)
    carried_over = and_(spend.subject_id.is_(None), spend.description == CARRIED_OVER)
    given_back = visible(UsageLog, OPERATOR).where(
        col(UsageLog.refund_of_id) == spend.id, col(UsageLog.subject_id) == wanted.c.subject_id
    )
    # By time alone one that was given back could come first: a transaction's time is when it began, not when
    # it had waited for the one before.
    latest = [given_back.exists(), spend.created_at.desc(), spend.id]
    values: Any = (wanted.c.id, spend.quota_id, literal(type.value), literal(str(user_id)), literal(-1))
    return (
        select(*values, wanted.c.subject_id, literal(GIVEN_BACK), spend.id)
        .select_from(wanted)
        .join(spend, or_(spend.subject_id == wanted.c.subject_id, carried_over))
        .ext(distinct_on(wanted.c.subject_id))
        .order_by(wanted.c.subject_id, spend.subject_id.nulls_last(), *latest)
    )
