"""Subscriptions: who is entitled to what they pay for."""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, or_
from sqlmodel import col

from zorbit.models import Subscription, SubscriptionStatus


def entitled(now: datetime, grace: timedelta) -> ColumnElement[bool]:
    """Whether a subscription entitles its user now: the one rule that spending and due posts follow."""
    status = col(Subscription.status)
    renewal = col(Subscription.renewal_date)
    return or_(
        and_(status == SubscriptionStatus.TRIALING, col(Subscription.trial_ends_at) > now),
        and_(status.in_([SubscriptionStatus.ACTIVE, SubscriptionStatus.PAST_DUE]), renewal > now - grace),
        and_(status == SubscriptionStatus.CANCELED, col(Subscription.end_date) > now),
    )
