"""Quotas: how much of each limit is used. Reading never writes: a state that has no row yet is computed.

Spending is `spending.spend`, giving back `spending.refund`.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col

from zorbit.models import Persona, Plan, QuotaType, Subscription, UsageQuota, User
from zorbit.services.cycles import Cycle, cycle_at
from zorbit.services.subscriptions import entitled, is_trial
from zorbit.services.terms import Terms
from zorbit.visibility import Viewer, visible

# Which column of a plan limits what.
PLAN_LIMITS = {
    QuotaType.POST_GENERATION: "post_generation_limit",
    QuotaType.IDEA_GENERATION: "idea_generation_limit",
    QuotaType.COMMENT_GENERATION: "comment_generation_limit",
    QuotaType.POST_SCHEDULING: "post_scheduling_limit",
    QuotaType.PERSONA: "persona_limit",
    QuotaType.IMAGE_CREATION: "image_creation_limit",
}


@dataclass(frozen=True, slots=True)
class QuotaState:
    """How much of one limit is used in the current cycle."""

    type: QuotaType
    used: int
    limit: int
    resets_at: datetime | None

    @property
    def remaining(self) -> int:
        """What may still be used; never negative, though a limit can be lowered below what is used."""
        return max(self.limit - self.used, 0)

    @property
    def has_quota(self) -> bool:
        """Whether at least one more may be used."""
        return self.used < self.limit


async def states(
    session: AsyncSession, viewer: Viewer, user_ids: Sequence[UUID], terms: Terms
) -> list[list[QuotaState]]:
    """The state of every limit of each user, in the order of QuotaType."""
    stored: dict[UUID, dict[QuotaType, QuotaState]] = defaultdict(dict)
    found: dict[UUID, Any] = {}
    statement = _statement(viewer, user_ids, terms)
    # Counters change by statements that the session's own rows know nothing of.
    for row in await session.execute(statement.execution_options(populate_existing=True)):
        found[row.id] = row
        if row.quota is not None:
            quota = row.quota
            stored[row.id][quota.type] = QuotaState(quota.type, quota.used, quota.limit, quota.reset_date)
    return [
        [stored[user_id].get(type) or _coming(type, found.get(user_id), terms.now) for type in QuotaType]
        for user_id in user_ids
    ]


def _statement(viewer: Viewer, user_ids: Sequence[UUID], terms: Terms) -> Select[Any]:
    """A row for each stored quota whose cycle covers now, or one row; later cycles come last."""
    covering = visible(UsageQuota, viewer).where(is_current(terms.now))
    quota = aliased(UsageQuota, covering.subquery(), name="quota")
    personas = visible(Persona, viewer).where(col(Persona.user_id) == col(User.id))
    count = personas.with_only_columns(func.count()).scalar_subquery().label("personas")
    rows = accounts(viewer, user_ids, quota, terms).outerjoin(Plan, col(Plan.id) == col(Subscription.plan_id))
    statement: Select[Any] = rows.with_only_columns(col(User.id), Subscription, Plan, quota, count)
    return statement


def accounts(viewer: Viewer, user_ids: Sequence[UUID], quota: Any, terms: Terms) -> Select[Any]:
    """Users with the subscription that entitles them and each row of `quota` (an alias), where there are any.

    Later cycles come last.
    """
    return (
        visible(User, viewer)
        .where(col(User.id).in_(user_ids))
        .outerjoin(Subscription, and_(col(Subscription.user_id) == col(User.id), entitled(terms)))
        .outerjoin(quota, quota.user_id == col(User.id))
        .order_by(quota.billing_cycle_start)
    )


def is_current(now: datetime | ColumnElement[datetime]) -> ColumnElement[bool]:
    """Whether a stored quota's cycle covers `now`: its first instant belongs to it, its end to the next."""
    return and_(col(UsageQuota.billing_cycle_start) <= now, col(UsageQuota.billing_cycle_end) > now)


def _coming(type: QuotaType, account: Any, now: datetime) -> QuotaState:
    """The state that the next spend would find: its row is inserted by that spend, not by a reader."""
    used = account.personas if account is not None and type is QuotaType.PERSONA else 0
    if account is None or account.Subscription is None:
        return QuotaState(type, used, 0, None)
    limit = getattr(account.Plan, PLAN_LIMITS[type])
    return QuotaState(type, used, limit, cycle_of(account.Subscription, now).end)


def cycle_of(subscription: Subscription, now: datetime) -> Cycle:
    """The cycle that `now` lies in; a trial is a cycle of its own."""
    if subscription.trial_ends_at is not None and is_trial(subscription):
        return Cycle(subscription.start_date, subscription.trial_ends_at)
    return cycle_at(subscription.start_date, now)
