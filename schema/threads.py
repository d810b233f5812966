"""Conversations."""

import strawberry

from schema.graph import Node, many, one, shape
from zorbit import models


@shape(
    models.Thread,
    "A conversation about a post or an idea.",
    filters=("title", "type", "created_at", "updated_at"),
)
class Thread(Node):
    """A conversation."""

    title: strawberry.auto
    type: strawberry.auto
    created_at: strawberry.auto
    updated_at: strawberry.auto

    user = one(models.Thread.user_id, "Whose conversation it is.")
    messages = many(models.ChatMessage.thread_id, "What was said.")
