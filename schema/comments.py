"""Comments that somebody left, or that were made for a persona to leave."""

import strawberry

from schema.graph import Node, one, shape
from zorbit import models


@shape(
    models.Comment,
    "A comment that somebody left, or one made for a persona to leave.",
    filters=("first_name", "last_name", "date", "created_at", "updated_at"),
)
class Comment(Node):
    """A comment."""

    first_name: strawberry.auto
    last_name: strawberry.auto
    title: strawberry.auto
    image: strawberry.auto
    quote: strawberry.auto
    date: strawberry.auto
    profile_url: strawberry.auto
    created_at: strawberry.auto
    updated_at: strawberry.auto

    user = one(models.Comment.user_id, "Who keeps the comment.")
    persona = one(models.Comment.persona_id, "The persona it belongs to; null while that is deleted.")
