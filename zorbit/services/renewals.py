"""What time brings about: trials and cancellations end, periods are billed, what is not paid for is given up.

Each subscription is moved on once, however many processes do this at once: who finds one locked leaves it.
"""

from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import ColumnElement, and_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from zorbit.config import Settings
from zorbit.db import Database, is_unreachable
from zorbit.models import InvoiceStatus, Subscription, SubscriptionStatus, User
from zorbit.services import audit, idempotency, invoices, subscribing
from zorbit.services.rows import change
from zorbit.services.terms import Terms, present_terms
from zorbit.visibility import OPERATOR, visible

BATCH = 100
"""Subscriptions that one transaction moves on: 6 ms each (measured), so no account is held for a second."""
ACTION = "periodic"
FIRST = UUID(int=0)

logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that time brings about: to which subscriptions, and what."""

    name: str
    is_due: Callable[[Terms], ColumnElement[bool]]
    act: Callable[[AsyncSession, Subscription, Terms], Awaitable[Any]]


async def run(database: Database, settings: Settings) -> Counter[str]:
    """Bring every subscription up to the present, and forget old idempotency keys; how many of what.

    Safe at any time, any number of times. A subscription that can't be moved on is logged and counted.
    """
    counts: Counter[str] = Counter()
    for step in STEPS:
        last: UUID | None = FIRST
        while last is not None:
            async with database.write() as session:
                last = await _batch(session, settings, step, last, counts)
    counts["keys_forgotten"] = await idempotency.forget_all_old(database, settings)
    return +counts


async def _batch(
    session: AsyncSession, settings: Settings, step: Step, after: UUID, counts: Counter[str]
) -> UUID | None:
    """Move on the next due subscriptions behind `after`; the last one's id, None when there are no more."""
    terms = await present_terms(session, settings)
    due = visible(Subscription, OPERATOR).join(User, col(User.id) == col(Subscription.user_id))
    next_ones = due.where(step.is_due(terms), col(Subscription.id) > after).order_by(col(Subscription.id))
    # Nothing is waited for, so that no order of locks can be wrong.
    locked = next_ones.limit(BATCH).with_for_update(of=[Subscription, User], skip_locked=True, key_share=True)
    found = {subscription.id: subscription for subscription in await session.scalars(locked)}
    for id, subscription in found.items():
        try:
            async with session.begin_nested():
                await step.act(session, subscription, terms)
                await audit.record(session, OPERATOR, ACTION, [subscription], {"step": step.name})
        except Exception as error:
            if is_unreachable(error):
                raise
            logger.exception("subscription left as it is", subscription_id=str(id), step=step.name)
            counts["failed"] += 1
        else:
            counts[step.name] += 1
    return max(found) if len(found) == BATCH else None


async def _expire(session: AsyncSession, subscription: Subscription, _terms: Terms) -> None:
    await change(session, subscription, {"status": SubscriptionStatus.EXPIRED})


async def _give_up(session: AsyncSession, subscription: Subscription, terms: Terms) -> None:
    await invoices.withdraw(session, subscription.user_id, status=InvoiceStatus.UNCOLLECTIBLE)
    await _expire(session, subscription, terms)


def _is(status: SubscriptionStatus) -> ColumnElement[bool]:
    return col(Subscription.status) == status


# In this order: what falls due may be due for longer than the grace already.
STEPS = (
    Step(
        "trials_ended",
        lambda terms: and_(_is(SubscriptionStatus.TRIALING), col(Subscription.trial_ends_at) <= terms.now),
        _expire,
    ),
    Step(
        "cancellations_ended",
        lambda terms: and_(_is(SubscriptionStatus.CANCELED), col(Subscription.end_date) <= terms.now),
        _expire,
    ),
    Step(
        "periods_ended",
        lambda terms: and_(_is(SubscriptionStatus.ACTIVE), col(Subscription.renewal_date) <= terms.now),
        subscribing.renew,
    ),
    Step(
        "given_up",
        lambda terms: and_(
            _is(SubscriptionStatus.PAST_DUE), col(Subscription.renewal_date) <= terms.now - terms.grace
        ),
        _give_up,
    ),
)
