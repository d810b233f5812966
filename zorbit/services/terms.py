"""The terms of a transaction: what time it is, and the spans of time that the operator has set."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from zorbit.config import Settings


@dataclass(frozen=True, slots=True)
class Terms:
    """What rules about time go by. `now` is the database's transaction time; tests pass their own."""

    now: datetime
    grace: timedelta
    """How long an unpaid subscription goes on working."""
    missed_after: timedelta
    """A scheduled post later than this is missed, no longer due."""
    trial: timedelta
    """How long a trial lasts."""


def terms(settings: Settings, now: datetime) -> Terms:
    """The operator's terms at `now`."""
    return Terms(
        now,
        timedelta(days=settings.grace_days),
        timedelta(hours=settings.missed_after_hours),
        timedelta(days=settings.trial_days),
    )


async def present_terms(session: AsyncSession, settings: Settings) -> Terms:
    """The operator's terms in this transaction, where no caller was looked up: `now` is the database's."""
    return terms(settings, (await session.execute(select(func.now()))).scalar_one())
