"""Posts, and those that are due."""

from typing import Annotated, Any

import strawberry

from schema import readings
from schema.connections import Connection, Source
from schema.fields import READING, field
from schema.graph import Node, one, shape
from schema.personas import SystemPersona
from zorbit import models
from zorbit.context import Context
from zorbit.engine.readings import Same
from zorbit.models import PostStatus, SubscriptionStatus
from zorbit.models.content import status_of
from zorbit.paging import Page
from zorbit.services import publishing
from zorbit.services.personas import system_personas


@shape(
    models.Post,
    "A post: draft, ready, scheduled or posted.",
    filters=(
        "title",
        "type",
        "source",
        "published",
        "is_posted_on_linkedin",
        "linkedin_posted_at",
        "scheduled_on",
        "is_liked",
        "is_disliked",
        "is_saved",
        "created_at",
        "updated_at",
    ),
)
class Post(Node):
    """A post."""

    title: strawberry.auto
    content: strawberry.auto
    image_url: strawberry.auto
    image_key: strawberry.auto
    published: strawberry.auto
    is_posted_on_linkedin: strawberry.auto
    linkedin_url: strawberry.auto
    linkedin_posted_at: strawberry.auto
    scheduled_on: strawberry.auto
    type: strawberry.auto
    source: strawberry.auto
    metadata_: strawberry.auto
    is_liked: strawberry.auto
    is_disliked: strawberry.auto
    is_saved: strawberry.auto
    created_at: strawberry.auto
    updated_at: strawberry.auto

    user = one(models.Post.user_id, "Whose post it is.")
    persona = one(models.Post.persona_id, "The persona it speaks as; null while that is deleted.")
    template = one(models.Post.template_id, "The template it was made with; null while that is deleted.")
    message = one(models.Post.chat_message_id, "The message it was made from; null while that is deleted.")

    @field("How far it has come.", needs=("is_posted_on_linkedin", "scheduled_on", "published"))
    def status(self: Any) -> PostStatus:
        """From its other columns."""
        return status_of(self)

    @field(
        "The persona that ships with the product and that it speaks as, in place of an own one.",
        needs=("system_persona_id",),
    )
    def system_persona(self: Any) -> SystemPersona | None:
        """Null too for one that has been withdrawn."""
        return system_personas().get(self.system_persona_id or "")  # type: ignore[return-value] # same fields


@strawberry.type(description="A post to be posted now, and what a publisher needs to know of its owner.")
class DuePost:
    """A due post."""

    post: Annotated["Post", strawberry.lazy("schema.posts")] = strawberry.field(
        description="The post.", metadata={READING: Same()}
    )
    owner_email: str = strawberry.field(
        description="Where its owner can be reached.", metadata={READING: readings.OWNER_EMAIL}
    )
    subscription_status: SubscriptionStatus = strawberry.field(
        description="Where its owner's subscription stands.",
        metadata={READING: readings.SUBSCRIPTION_STATUS},
    )


def due_posts(context: Context, page: Page) -> Any:
    """The posts that are due at the time of the request."""
    terms = context.terms
    return Connection(
        source=Source(
            publishing.LONGEST_DUE_FIRST,
            slice=lambda loaders: loaders.once(publishing.due_posts, terms, page),
            count=lambda loaders: loaders.once(publishing.count_due_posts, terms),
        )
    )
