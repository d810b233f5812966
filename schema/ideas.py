"""Ideas for content."""

import strawberry

from schema.graph import Node, one, shape
from zorbit import models


@shape(
    models.ContentIdea,
    "An idea for content, made from a message.",
    filters=("title", "is_saved", "created_at", "updated_at"),
)
class ContentIdea(Node):
    """An idea for content."""

    title: strawberry.auto
    content: strawberry.auto
    key_takeaways: strawberry.auto
    controversial_angle: strawberry.auto
    is_saved: strawberry.auto
    created_at: strawberry.auto
    updated_at: strawberry.auto

    user = one(models.ContentIdea.user_id, "Whose idea it is.")
    message = one(models.ContentIdea.chat_message_id, "The message it was made from.")
