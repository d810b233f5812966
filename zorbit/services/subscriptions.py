"""Subscriptions: who is entitled to what they pay for, and to which kind of period."""

from sqlalchemy import ColumnElement, and_, or_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from zorbit.models import Subscription, SubscriptionStatus
from zorbit.services.terms import Terms
from zorbit.visibility import OPERATOR, visible

RUNNING = {SubscriptionStatus.TRIALING, SubscriptionStatus.ACTIVE, SubscriptionStatus.PAST_DUE}
"""What goes on by itself, until it is canceled or not paid for."""


def entitled(terms: Terms) -> ColumnElement[bool]:
    """Whether a subscription entitles its user now: the one rule that spending and due posts follow."""
    status = col(Subscription.status)
    is_within_grace = col(Subscription.renewal_date) > terms.now - terms.grace
    return or_(
        and_(status == SubscriptionStatus.TRIALING, col(Subscription.trial_ends_at) > terms.now),
        and_(status.in_([SubscriptionStatus.ACTIVE, SubscriptionStatus.PAST_DUE]), is_within_grace),
        and_(status == SubscriptionStatus.CANCELED, col(Subscription.end_date) > terms.now),
    )


async def is_entitled(session: AsyncSession, subscription: Subscription, terms: Terms) -> bool:
    """Whether this subscription does; the database is asked, so that the rule is written once."""
    holds = visible(Subscription, OPERATOR).where(col(Subscription.id) == subscription.id, entitled(terms))
    return await session.scalar(holds.with_only_columns(col(Subscription.id))) is not None


def is_trial(subscription: Subscription) -> bool:
    """Whether what runs is the trial, canceled or not: `trialEndsAt` stays when a paid period follows."""
    is_canceled_trial = (
        subscription.status is SubscriptionStatus.CANCELED
        and subscription.end_date == subscription.trial_ends_at
    )
    return subscription.status is SubscriptionStatus.TRIALING or is_canceled_trial
