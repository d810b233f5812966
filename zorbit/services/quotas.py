"""Quotas: how much of each limit is used. Reading never writes: a state that has no row yet is computed.

Spending is `spending.spend`, giving back `spending.refund`.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Select, Uuid, and_, bindparam, func, type_coerce
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col

from zorbit.models import Persona, Plan, QuotaType, Subscription, UsageQuota, User
from zorbit.models.base import TIMESTAMP
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
    asked = bindparam(None, list(user_ids), type_=ARRAY(Uuid))
    rows: dict[UUID, list[Any]] = defaultdict(list)
    for row in await session.execute(state_rows(viewer, asked, terms)):
        rows[row.id].append(row)
    return [states_of(rows[user_id]) for user_id in user_ids]


def state_rows(viewer: Viewer, user_ids: ColumnElement[Any], terms: Terms) -> Select[Any]:
    """What `states_of` needs of each user: a row for each stored quota whose cycle covers now, or one row.

    Later cycles come last.
    """
    covering = visible(UsageQuota, viewer).where(is_current(terms.now))
    quota: Any = aliased(UsageQuota, covering.subquery(), name="quota")
    personas = visible(Persona, viewer).where(col(Persona.user_id) == col(User.id))
    count = personas.with_only_columns(func.count()).scalar_subquery().label("personas")
    rows = accounts(viewer, user_ids, quota, terms).outerjoin(Plan, col(Plan.id) == col(Subscription.plan_id))
    subscription: list[Any] = [
        getattr(Subscription, name).label(name)
        for name in ("status", "start_date", "trial_ends_at", "end_date")
    ]
    limits = [getattr(Plan, name).label(name) for name in PLAN_LIMITS.values()]
    stored = [quota.type.label("type"), quota.used, quota.limit, quota.reset_date.label("reset_date")]
    now = type_coerce(terms.now, TIMESTAMP).label("now")
    statement: Select[Any] = rows.with_only_columns(col(User.id), *subscription, *limits, *stored, count, now)
    return statement


def states_of(rows: Sequence[Any]) -> list[QuotaState]:
    """The state of every limit of one user, in the order of QuotaType, from the rows of `state_rows`."""
    stored = {
        row.type: QuotaState(row.type, row.used, row.limit, row.reset_date)
        for row in rows
        if row.type is not None
    }
    account = rows[0] if rows else None
    return [stored.get(type) or _coming(type, account) for type in QuotaType]


def accounts(viewer: Viewer, user_ids: ColumnElement[Any], quota: Any, terms: Terms) -> Select[Any]:
    """Users with the subscription that entitles them and each row of `quota` (an alias), where there are any.

    Later cycles come last.
    """
    return (
        visible(User, viewer)
        .where(col(User.id) == func.any(user_ids))
        .outerjoin(Subscription, and_(col(Subscription.user_id) == col(User.id), entitled(terms)))
        .outerjoin(quota, quota.user_id == col(User.id))
        .order_by(quota.billing_cycle_start)
    )


def is_current(now: datetime | ColumnElement[datetime]) -> ColumnElement[bool]:
    """Whether a stored quota's cycle covers `now`: its first instant belongs to it, its end to the next."""
    return and_(col(UsageQuota.billing_cycle_start) <= now, col(UsageQuota.billing_cycle_end) > now)


def _coming(type: QuotaType, account: Any) -> QuotaState:
    """The state that the next spend would find: its row is inserted by that spend, not by a reader."""
    used = account.personas if account is not None and type is QuotaType.PERSONA else 0
    if account is None or account.status is None:
        return QuotaState(type, used, 0, None)
    return QuotaState(type, used, getattr(account, PLAN_LIMITS[type]), cycle_of(account, account.now).end)


def cycle_of(subscription: Subscription, now: datetime) -> Cycle:
    """The cycle that `now` lies in; a trial is a cycle of its own."""
    if subscription.trial_ends_at is not None and is_trial(subscription):
        return Cycle(subscription.start_date, subscription.trial_ends_at)
    return cycle_at(subscription.start_date, now)
