"""What was used of what a plan allows."""

from datetime import datetime, timedelta
from typing import cast
from uuid import UUID

import strawberry

from schema.graph import Node, many, one, shape
from zorbit import models
from zorbit.context import Context
from zorbit.models import QuotaType
from zorbit.services import quotas


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


async def load_quotas(context: Context, user_id: UUID) -> list[QuotaState]:
    """The state of each of a user's limits; one statement for all users of a level."""
    grace = timedelta(days=context.settings.grace_days)
    found = await context.loaders.batch(quotas.states, context.now, grace).load(user_id)
    return cast("list[QuotaState]", found)
