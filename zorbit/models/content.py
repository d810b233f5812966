"""Conversations and what comes of them: threads hold messages, messages hold ideas, posts refer to both."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import Field

from zorbit.models.base import (
    LIVE,
    Deletable,
    address,
    check,
    choice,
    document,
    flag,
    listing,
    long,
    moment,
    on_create,
    owned_reference,
    owner,
    reference_index,
    searchable,
    short,
    string,
    text_column,
    trash_listing,
)
from zorbit.models.choices import PostStatus, PostType, ThreadType


class Thread(Deletable, table=True):
    """A conversation about a post or an idea."""

    __tablename__ = "Thread"

    title: str | None = string("What the conversation is about.", None)
    type: ThreadType | None = choice(
        ThreadType, "What the conversation is meant to bring forth.", ThreadType.POST
    )
    user_id: UUID = owner()

    __table_args__ = (
        UniqueConstraint("user_id", "id"),
        *short("title"),
        listing("user_id", "created_at"),
        listing("user_id", "updated_at"),
        listing("created_at"),
        trash_listing(),
    )


class ChatMessage(Deletable, table=True):
    """One message of a conversation."""

    __tablename__ = "ChatMessage"

    content: str = text_column("What was said.")
    generation_time: float | None = Field(
        default=None, description="Seconds that generating the message took."
    )
    user_id: UUID = owner()
    thread_id: UUID = Field(description="The conversation it is part of.")

    __table_args__ = (
        UniqueConstraint("user_id", "id"),
        owned_reference("thread_id", "Thread", on_delete="CASCADE"),
        # GraphQL's Float can't carry NaN, which PostgreSQL takes for larger than any number.
        check("generation_time_finite", '"generationTime" BETWEEN 0 AND 1000000'),
        *long("content"),
        reference_index("thread_id"),
        listing("thread_id", "created_at"),
        listing("user_id", "created_at"),
        listing("created_at"),
        trash_listing(),
    )


class ContentIdea(Deletable, table=True):
    """An idea for content, made from a message."""

    __tablename__ = "ContentIdea"

    title: str = string("The idea in a line.")
    content: str = text_column("The idea in full.")
    key_takeaways: list[str] | None = Field(
        default=None, sa_type=sa.ARRAY(sa.Text), description="What a reader should keep in mind."
    )
    controversial_angle: str | None = text_column("A point of view that invites debate.", None)
    is_saved: bool = flag("Whether the owner keeps it on the list of saved ideas.")
    # Not in the source: one user's ideas are listed over all messages, and only an own column can be
    # indexed for that. A trigger fills it from the message, the foreign key holds it equal.
    user_id: UUID = owner()
    chat_message_id: UUID = Field(description="The message it was made from.")

    __table_args__ = (
        owned_reference("chat_message_id", "ChatMessage", on_delete="CASCADE"),
        *short("title"),
        *long("content", "controversialAngle"),
        reference_index("chat_message_id"),
        listing("chat_message_id", "created_at"),
        listing("user_id", "created_at"),
        listing("created_at"),
        trash_listing(),
    )


class Post(Deletable, table=True):
    """A post: draft, ready, scheduled or posted."""

    __tablename__ = "Post"

    title: str | None = string("A working title, not posted.", None)
    content: str = text_column("The text of the post.")
    image_url: str | None = address("Where the post's image can be fetched.")
    image_key: str | None = string("The image's key in the object store.", None)
    published: bool = flag("Whether its author has declared it finished.")
    is_posted_on_linkedin: bool = flag("Whether it stands on LinkedIn.")
    linkedin_url: str | None = address("Where it stands on LinkedIn.")
    linkedin_posted_at: datetime | None = moment("When it was posted on LinkedIn.")
    scheduled_on: datetime | None = moment("When it is to be posted.")
    type: PostType = choice(PostType, "The kind of content.", PostType.POST)
    source: str | None = string(
        "Where it came from (`generate`, `feed`, ...); open text, set by the server.", None
    )
    # SQLAlchemy reserves the attribute `metadata`.
    metadata_: Any | None = document("Whatever the generator noted.", name="metadata")
    system_persona_id: str | None = string(
        "A persona that ships with the product, in place of an own one.", None
    )
    is_liked: bool = flag("Whether the owner likes it.")
    is_disliked: bool = flag("Whether the owner dislikes it.")
    is_saved: bool = flag("Whether the owner has saved it.")
    user_id: UUID = owner()
    template_id: UUID | None = Field(default=None, description="The template it was made with.")
    chat_message_id: UUID | None = Field(default=None, description="The message it was made from.")
    persona_id: UUID | None = Field(default=None, description="The persona it speaks as.")

    __table_args__ = (
        owned_reference("template_id", "Template", on_delete="RESTRICT"),
        owned_reference("chat_message_id", "ChatMessage", on_delete="RESTRICT"),
        owned_reference("persona_id", "Persona", on_delete="RESTRICT"),
        check("one_opinion", 'NOT ("isLiked" AND "isDisliked")'),
        check("one_persona", '"personaId" IS NULL OR "systemPersonaId" IS NULL'),
        check("scheduled_is_ready", '"scheduledOn" IS NULL OR published'),
        check(
            "posted_is_whole",
            'NOT "isPostedOnLinkedin"'
            ' OR (published AND "linkedinUrl" IS NOT NULL AND "linkedinPostedAt" IS NOT NULL)',
        ),
        *short("title"),
        *long("content", "imageUrl", "imageKey", "linkedinUrl", "source", "systemPersonaId"),
        reference_index("chat_message_id"),
        listing("user_id", "created_at"),
        listing("user_id", "updated_at"),
        listing("user_id", "scheduled_on"),
        # Nulls come last in both directions, so each needs an index of its own.
        Index(
            "ix_Post_userId_scheduledOn_desc",
            "user_id",
            text('"scheduledOn" DESC NULLS LAST'),
            text("id DESC"),
            postgresql_where=text(LIVE),
        ),
        listing("chat_message_id", "created_at"),
        listing("persona_id", "created_at"),
        listing("template_id", "created_at"),
        listing("created_at"),
        Index(
            "ix_Post_due",
            "scheduled_on",
            "id",
            postgresql_where=text(f'{LIVE} AND "scheduledOn" IS NOT NULL AND NOT "isPostedOnLinkedin"'),
        ),
        trash_listing(),
    )


def status_of(post: Post) -> PostStatus:
    """How far a post has come."""
    if post.is_posted_on_linkedin:
        return PostStatus.POSTED
    if post.scheduled_on is not None:
        return PostStatus.SCHEDULED
    return PostStatus.READY if post.published else PostStatus.DRAFT


searchable(Thread, "title")
searchable(ChatMessage, "content")
searchable(ContentIdea, "title", "content")
searchable(Post, "title", "content")

on_create(
    ContentIdea,
    """
    CREATE FUNCTION zorbit_own_idea() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      SELECT "userId" INTO NEW."userId" FROM "ChatMessage" WHERE id = NEW."chatMessageId";
      RETURN NEW;
    END $$;
    CREATE TRIGGER zorbit_own_idea BEFORE INSERT ON "ContentIdea"
      FOR EACH ROW WHEN (NEW."userId" IS NULL) EXECUTE FUNCTION zorbit_own_idea()
    """,
)
