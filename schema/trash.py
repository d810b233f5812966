"""The trash: what was deleted, and what stands against its return."""

from datetime import datetime
from typing import Any
from uuid import UUID

import strawberry

from schema.connections import Connection, Source
from schema.enums import describe
from zorbit import paging
from zorbit.services import trash
from zorbit.services.trash import Trashable

describe(
    Trashable,
    "What can be in the trash.",
    {
        "USER": "A User.",
        "THREAD": "A Thread.",
        "MESSAGE": "A ChatMessage.",
        "IDEA": "A ContentIdea.",
        "POST": "A Post.",
        "PERSONA": "A Persona.",
        "TEMPLATE": "A Template.",
        "COMMENT": "A Comment.",
    },
)


@strawberry.type(description="A deleted row that another one is part of.")
class DeletedAncestor:
    """A deleted ancestor."""

    type: Trashable = strawberry.field(description="What it is.")
    id: strawberry.ID = strawberry.field(description="Its id.")


@strawberry.type(description="A row in the trash.")
class TrashEntry:
    """A row in the trash."""

    type: Trashable = strawberry.field(description="What it is.")
    id: strawberry.ID = strawberry.field(description="Its id; once restored it is found by it again.")
    title: str | None = strawberry.field(
        description=f"What it is recognised by: its title or name, else its first {trash.EXCERPT} characters."
    )
    deleted_at: datetime = strawberry.field(description="When it was deleted.")
    blocked_by: list[DeletedAncestor] = strawberry.field(
        description="The deleted rows that it is part of, outermost first: they must be restored first."
    )


def of_user(user_id: UUID, page: paging.Page) -> Any:
    """One user's trash."""
    return Connection(
        source=Source(
            trash.LATEST_FIRST,
            slice=lambda loaders: loaders.once(trash.entries, user_id, page),
            count=lambda loaders: loaders.once(trash.count, user_id),
        )
    )


def of_everybody(page: paging.Page) -> Any:
    """The deleted users."""
    return Connection(
        source=Source(
            trash.LATEST_FIRST,
            slice=lambda loaders: loaders.once(trash.users, page),
            count=lambda loaders: loaders.once(trash.count_users),
        )
    )
