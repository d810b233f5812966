"""Adjustments: an admin sets the limit of a user's current cycle, and says why."""

from sqlalchemy.ext.asyncio import AsyncSession

from zorbit.checks import fault, text_of
from zorbit.errors import Refused, SubscriptionRequired
from zorbit.models import UsageQuota
from zorbit.services import locks, spending
from zorbit.services.rows import change
from zorbit.services.terms import Terms
from zorbit.services.values import Values, demand, faults_in

LIMIT_LIMIT = 10**9
REASON_LIMIT = 1000
"""Characters in a reason."""


async def adjust(session: AsyncSession, values: Values, terms: Terms) -> tuple[UsageQuota, int]:
    """The user's current cycle with the limit of `values`, and the limit before; what is used stays.

    A cycle without a row is begun, as its first spend would. Raises SubscriptionRequired.
    """
    demand(*values.faults, *_faults(values))
    user_id, type = values["user_id"], values["type"]
    _, subscription = await locks.hold_account(session, user_id, field="input.userId")
    plan = await spending.entitled_plan(session, user_id, terms)
    if subscription is None or plan is None:
        raise SubscriptionRequired
    quota = await spending.begin_cycle(session, type, subscription, plan, terms)
    before = quota.limit
    return await change(session, quota, {"limit": values["limit"]}), before


def _faults(values: Values) -> list[Refused]:
    faults: list[Refused] = []
    if "limit" in values and not 0 <= values["limit"] <= LIMIT_LIMIT:
        faults.append(fault("input.limit", f"must be 0 to {LIMIT_LIMIT}"))
    if "reason" in values:
        faults += _reason_faults(values["reason"])
    return faults


def _reason_faults(reason: str) -> list[Refused]:
    if not reason.strip():
        return [fault("input.reason", "must say why")]
    return faults_in(text_of, reason, "input.reason", REASON_LIMIT)
