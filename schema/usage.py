"""What was used of what a plan allows."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Annotated, Any, cast
from uuid import UUID

import strawberry
from strawberry.types import Info

from schema.fields import field
from schema.graph import Node, many, one, shape
from zorbit import models
from zorbit.context import Context
from zorbit.engine.readings import Loaded
from zorbit.models import QuotaType
from zorbit.services import forecasts, quotas, usage
from zorbit.services.usage import DAYS_LIMIT, RECENT_DAYS, CurrentCycle


@strawberry.type(description="How much of one limit is used in the current cycle: computed, so it has no id.")
class QuotaState:
    """A limit's state now; a cycle without any use yet is shown as it will begin."""

    type: QuotaType = strawberry.field(description="What is limited.")
    used: int = strawberry.field(
        description="How much was used in this cycle; of PERSONA, how many there are."
    )
    limit: int = strawberry.field(
        description="How much may be used in this cycle; 0 without a subscription that holds."
    )
    remaining: int = strawberry.field(description="How much may still be used; never negative.")
    has_quota: bool = strawberry.field(description="Whether at least one more may be used.")
    resets_at: datetime | None = strawberry.field(
        description="When the cycle ends and counting begins anew; null without a subscription that holds."
    )


@shape(
    models.UsageQuota,
    "What was used of one limit in one cycle, as it is stored.",
    filters=("type", "billing_cycle_start", "billing_cycle_end"),
)
class UsageQuota(Node):
    """A stored cycle of one limit."""

    type: strawberry.auto
    used: strawberry.auto
    limit: strawberry.auto
    reset_date: strawberry.auto
    billing_cycle_start: strawberry.auto
    billing_cycle_end: strawberry.auto
    created_at: strawberry.auto
    updated_at: strawberry.auto

    user = one(models.UsageQuota.user_id, "Whose quota it is.")
    logs = many(models.UsageLog.quota_id, "What the quota was used for.")


@shape(models.UsageLog, "One spend or refund.", filters=("created_at", "amount"))
class UsageLog(Node):
    """One spend or refund."""

    type: strawberry.auto
    description: strawberry.auto
    metadata_: strawberry.auto
    amount: strawberry.auto
    created_at: strawberry.auto

    quota = one(models.UsageLog.quota_id, "The quota that it counts against.")


@strawberry.type(description="What was used of one limit on one day, in UTC; numbers stop at 2147483647.")
class UsageDay:
    """One day's use."""

    day: date = strawberry.field(description="The day.")
    spent: int = strawberry.field(description="How much was used; of PERSONA, how many came to be.")
    refunded: int = strawberry.field(description="How much was given back, as a positive number.")
    net: int = strawberry.field(description="`spent` less `refunded`.")


@strawberry.type(description="What the current cycle comes to if it goes on at its own pace.")
class UsageForecast:
    """A cycle's end, as it looks now."""

    projected_use: int = strawberry.field(
        description="What `used` will be at the cycle's end; it can be more than the limit."
    )
    exhausts_at: datetime | None = strawberry.field(
        description="When the limit is reached, if before the cycle's end; now where it is reached already."
    )


FORECAST = (
    "What the current cycle comes to if it goes on at its own pace; null without a cycle. The pace is what "
    "was used less what was given back since the cycle began, divided by the time since then plus one day: a "
    "weak prior, by which a few uses in the first hours don't count for the whole cycle. The rest of the "
    "cycle is taken to go on at this pace. Of PERSONA it is the pace of the change in their number."
)
HISTORY = (
    "What was used day by day, the oldest first, from the day `since` to the day `until`, at most "
    f"{DAYS_LIMIT} days. Days without any use are left out, and so is what a cycle carried over."
)
SINCE = (
    "The first day. Unless told otherwise the current cycle's; without a cycle, or with `until`, the one "
    f"that makes it {RECENT_DAYS} days."
)

Since = Annotated[date | None, strawberry.argument(description=SINCE)]
Until = Annotated[date | None, strawberry.argument(description="The last day; today unless told otherwise.")]


@strawberry.type(description="What is used of one limit: how much, when, and where it leads.")
class Usage:
    """One limit of one user."""

    user_id: strawberry.Private[UUID]
    type: strawberry.Private[QuotaType]

    @field("How much is used in the current cycle.")
    async def state(self, info: Info[Context, None]) -> QuotaState:
        """As among the user's quotas."""
        return state_of(await load_quotas(info.context, self.user_id), self.type)

    @field(HISTORY)
    async def history(
        self, info: Info[Context, None], since: Since = None, until: Until = None
    ) -> list[UsageDay]:
        """One statement for all users of a level, whatever their cycles."""
        context = info.context
        cycle = await self._cycle(context) if since is None and until is None else None
        span = usage.span(since, until, cycle, context.terms.now)
        found = await context.loaders.batch(usage.days, self.type).load((self.user_id, span))
        return cast("list[UsageDay]", found)

    @field(FORECAST)
    async def forecast(self, info: Info[Context, None]) -> UsageForecast | None:
        """From the state that the client sees beside it."""
        cycle = await self._cycle(info.context)
        if cycle is None:
            return None
        state = await self.state(info)
        made = forecasts.forecast(cycle, info.context.terms.now, used=state.used, limit=state.limit)
        return cast("UsageForecast", made)

    async def _cycle(self, context: Context) -> CurrentCycle | None:
        cycles = context.loaders.batch(usage.current_cycles, self.type, context.terms)
        return await cycles.load(self.user_id)


async def load_quotas(context: Context, user_id: UUID) -> list[QuotaState]:
    """The state of each of a user's limits; one statement for all users of a level."""
    found = await context.loaders.batch(quotas.states, context.terms).load(user_id)
    return cast("list[QuotaState]", found)


def state_of(states: Sequence[QuotaState], type: QuotaType) -> QuotaState:
    """One limit's state among a user's."""
    return next(state for state in states if state.type is type)


def quota_states(pick: Callable[[Mapping[str, Any], Sequence[Any]], Any]) -> Loaded:
    """How compiled plans read a user's limits; `pick` chooses among their states by a field's arguments."""
    return Loaded(quotas.state_rows, quotas.states_of, pick)
