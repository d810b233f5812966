"""Voices to write in: own ones and those that ship with the product."""

import strawberry

from schema.graph import Node, many, one, shape
from zorbit import models


@strawberry.type(description="A persona that ships with the product, the same for everybody.")
class SystemPersona:
    """A persona without a row."""

    id: strawberry.ID = strawberry.field(description="Its name for programs; not a node's id.")
    name: str = strawberry.field(description="Its name.")
    description: str = strawberry.field(description="Who it is.")
    default_prompt: str = strawberry.field(description="What a generator is told, whatever the post.")
    target_audience: str = strawberry.field(description="Whom it writes for.")
    profession: str = strawberry.field(description="What it does for a living.")


@shape(models.Persona, "A voice to write in.", filters=("name", "created_at", "updated_at"))
class Persona(Node):
    """A voice to write in."""

    name: strawberry.auto
    description: strawberry.auto
    default_prompt: strawberry.auto
    target_audience: strawberry.auto
    profession: strawberry.auto
    relevant_keywords: strawberry.auto
    opinions: strawberry.auto
    vocabulary: strawberry.auto
    avoid_words: strawberry.auto
    end_goal: strawberry.auto
    custom_hashtag: strawberry.auto
    fix_cta: strawberry.auto
    preferences: strawberry.auto
    created_at: strawberry.auto
    updated_at: strawberry.auto

    user = one(models.Persona.user_id, "Whose persona it is.")
    posts = many(models.Post.persona_id, "The posts that speak as it.")
    comments = many(models.Comment.persona_id, "The comments that belong to it.")
