"""The account, and everything that hangs off it."""

from typing import Annotated, Any

import strawberry
from sqlmodel import col
from strawberry.types import Info

from schema.fields import field
from schema.graph import Node, many, only, shape
from schema.usage import QuotaState, Usage, load_quotas, quota_states, state_of
from zorbit import models
from zorbit.context import Context
from zorbit.models import QuotaType


@shape(models.User, "An account, and the door to everything that belongs to it.")
class User(Node):
    """An account."""

    email: strawberry.auto
    name: strawberry.auto
    role: strawberry.auto
    dodo_customer_id: strawberry.auto
    created_at: strawberry.auto
    updated_at: strawberry.auto

    threads = many(models.Thread.user_id, "The user's conversations.", orders=("created_at", "updated_at"))
    messages = many(models.ChatMessage.user_id, "The messages of all the user's conversations.")
    ideas = many(models.ContentIdea.user_id, "The ideas from all the user's messages.")
    posts = many(
        models.Post.user_id, "The user's posts.", orders=("created_at", "updated_at", "scheduled_on")
    )
    personas = many(
        models.Persona.user_id, "The voices that the user writes in.", orders=("created_at", "name")
    )
    templates = many(models.Template.user_id, "The user's templates.", orders=("created_at", "name"))
    comments = many(models.Comment.user_id, "The comments that the user keeps.")
    subscription = only(models.Subscription.user_id, "What the user subscribes to, if anything.")
    payment_methods = many(
        models.PaymentMethod.user_id,
        "The user's ways to pay, without those that were removed.",
        condition=col(models.PaymentMethod.removed_at).is_(None),
    )
    invoices = many(models.Invoice.user_id, "The user's invoices.", orders=("created_at", "billing_date"))
    usage_quotas = many(
        models.UsageQuota.user_id, "The quotas of all cycles in which something was used, as they are stored."
    )
    audit_entries = many(
        models.AuditEntry.user_id, "What was recorded of what was done to the user's data, by anybody."
    )

    @field(
        "How much of each limit is used in the current cycle, whether or not anything was used yet.",
        reading=quota_states(lambda _given, states: states),
    )
    async def quotas(self: Any, info: Info[Context, None]) -> list[QuotaState]:
        """All of them, in the order of QuotaType."""
        return await load_quotas(info.context, self.id)

    @field(
        "How much of one limit is used in the current cycle.",
        reading=quota_states(lambda given, states: state_of(states, given["type"])),
    )
    async def quota(
        self: Any,
        info: Info[Context, None],
        type: Annotated[QuotaType, strawberry.argument(description="Which limit.")],
    ) -> QuotaState:
        """One of them."""
        return state_of(await load_quotas(info.context, self.id), type)

    @field("What is used of one limit: how much, on which days, and where it leads.", needs=("id",))
    def usage(
        self: Any,
        type: Annotated[QuotaType, strawberry.argument(description="Which limit.")],
    ) -> Usage:
        """Nothing is read before one of its fields asks for it."""
        return Usage(user_id=self.id, type=type)
