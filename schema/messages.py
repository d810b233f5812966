"""Messages of a conversation."""

import strawberry

from schema.graph import Node, many, one, shape
from zorbit import models


@shape(
    models.ChatMessage,
    "One message of a conversation.",
    filters=("generation_time", "created_at", "updated_at"),
)
class ChatMessage(Node):
    """One message of a conversation."""

    content: strawberry.auto
    generation_time: strawberry.auto
    created_at: strawberry.auto
    updated_at: strawberry.auto

    user = one(models.ChatMessage.user_id, "Whose conversation it is part of.")
    thread = one(models.ChatMessage.thread_id, "The conversation it is part of.")
    ideas = many(models.ContentIdea.chat_message_id, "The ideas made from it.")
    posts = many(models.Post.chat_message_id, "The posts made from it.")
