"""Adjustments: an admin sets the limit of a user's current cycle, and says why."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from zorbit.checks import text_of
from zorbit.errors import BadInput, NotFound, Refused, SubscriptionRequired
from zorbit.models import Subscription, UsageQuota
from zorbit.services import locks, spending
from zorbit.services.rows import change
from zorbit.services.terms import Terms
from zorbit.services.values import Values, demand

LIMIT_LIMIT = 10**9
REASON_LIMIT = 1000
"""Characters in a reason."""


async def adjust(session: AsyncSession, values: Values, terms: Terms) -> tuple[UsageQuota, int]:
    """The user's current cycle with the limit of `values`, and the limit before; what is used stays.

    A cycle without a row is begun, as its first spend would. Raises SubscriptionRequired.
    """
    demand(*values.faults, *_faults(values))
    user_id, type = values["user_id"], values["type"]
    subscription = await _hold_subscription(session, user_id)
    plan = await spending.entitled_plan(session, user_id, terms)
    if subscription is None or plan is None:
        raise SubscriptionRequired
    quota = await spending.begin_cycle(session, type, subscription, plan, terms)
    before = quota.limit
    return await change(session, quota, {"limit": values["limit"]}), before


async def _hold_subscription(session: AsyncSession, user_id: UUID) -> Subscription | None:
    try:
        _, subscription = await locks.hold_account(session, user_id)
    except NotFound:
        raise NotFound(field="input.userId") from None
    return subscription


def _faults(values: Values) -> list[Refused]:
    faults: list[Refused] = []
    if "limit" in values and not 0 <= values["limit"] <= LIMIT_LIMIT:
        message = f"`input.limit` must be 0 to {LIMIT_LIMIT}"
        faults.append(BadInput(message, field="input.limit"))
    if "reason" in values:
        faults += _reason_faults(values["reason"])
    return faults


def _reason_faults(reason: str) -> list[Refused]:
    if not reason.strip():
        return [BadInput("`input.reason` must say why", field="input.reason")]
    try:
        text_of(reason, "input.reason", REASON_LIMIT)
    except BadInput as refused:
        return [refused]
    return []
