"""What an author writes with: personas, templates, and the comments collected for them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import UniqueConstraint
from sqlmodel import Field

from zorbit.models.base import (
    Deletable,
    address,
    document,
    listing,
    long,
    moment,
    owned_reference,
    owner,
    reference_index,
    short,
    string,
    text_column,
    trash_listing,
)


class Persona(Deletable, table=True):
    """A voice to write in."""

    __tablename__ = "Persona"

    name: str = string("The persona's name.")
    description: str | None = text_column("Who the persona is.", None)
    default_prompt: str = text_column("What a generator is told, whatever the post.")
    target_audience: str | None = string("Whom the persona writes for.", None)
    profession: str | None = string("What the persona does for a living.", None)
    relevant_keywords: str | None = string("Words that should occur.", None)
    opinions: str | None = text_column("What the persona believes.", None)
    vocabulary: str | None = string("How the persona speaks.", None)
    avoid_words: str | None = string("Words that must not occur.", None)
    end_goal: str | None = string("What the posts are to achieve.", None)
    custom_hashtag: str | None = string("A hashtag of the persona's own.", None)
    fix_cta: str | None = string("The call to action at the end of every post.", None)
    preferences: Any | None = document("Further preferences.")
    user_id: UUID = owner()

    __table_args__ = (
        UniqueConstraint("user_id", "id"),
        *short("name"),
        *long("description", "defaultPrompt", "targetAudience", "profession", "relevantKeywords", "opinions"),
        *long("vocabulary", "avoidWords", "endGoal", "customHashtag", "fixCta"),
        listing("user_id", "created_at"),
        listing("user_id", "name"),
        listing("created_at"),
        trash_listing(),
    )


class Template(Deletable, table=True):
    """A pattern to write posts by."""

    __tablename__ = "Template"

    name: str = string("The template's name.")
    content: str = text_column("The pattern.")
    user_id: UUID = owner()

    __table_args__ = (
        UniqueConstraint("user_id", "id"),
        *short("name"),
        *long("content"),
        listing("user_id", "created_at"),
        listing("user_id", "name"),
        listing("created_at"),
        trash_listing(),
    )


class Comment(Deletable, table=True):
    """A comment that somebody left, or one made for a persona to leave."""

    __tablename__ = "Comment"

    first_name: str = string("The commenter's first name.")
    last_name: str = string("The commenter's last name.")
    title: str | None = string("The commenter's title.", None)
    image: str | None = address("Where the commenter's picture can be fetched.")
    quote: str = text_column("What the comment says.")
    date: datetime = moment("When the comment was made.", default_now=True)
    profile_url: str | None = address("The commenter's profile.")
    user_id: UUID = owner()
    persona_id: UUID | None = Field(default=None, description="The persona it belongs to.")

    __table_args__ = (
        owned_reference("persona_id", "Persona", on_delete="RESTRICT"),
        *short("firstName", "lastName", "title"),
        *long("image", "quote", "profileUrl"),
        reference_index("persona_id"),
        listing("user_id", "created_at"),
        listing("persona_id", "created_at"),
        listing("created_at"),
        trash_listing(),
    )
