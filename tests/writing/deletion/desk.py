"""A user with a row of each kind, and how they delete and restore them."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from tests.conftest import Client
from tests.rows import fetch, insert
from tests.writing.changes import change

DELETED = "deletedId trashEntry { type id title blockedBy { id } }"


@dataclass
class Desk:
    """A user with a row of each kind, each part of the one before where it can be."""

    url: str
    owner: UUID
    rows: dict[str, UUID]


def settle(url: str) -> Desk:
    """A subscriber who may have three personas, and schedule two posts a month."""
    plan = insert(url, "Plan", postSchedulingLimit=2, personaLimit=3)
    owner = insert(url, "User")
    insert(url, "Subscription", userId=owner, planId=plan)
    thread = insert(url, "Thread", userId=owner, title="A title")
    message = insert(url, "ChatMessage", userId=owner, threadId=thread, content="A title")
    rows = {
        "thread": thread,
        "message": message,
        "idea": insert(url, "ContentIdea", chatMessageId=message, title="A title"),
        "post": insert(url, "Post", userId=owner, chatMessageId=message, title="A title"),
        "persona": insert(url, "Persona", userId=owner, name="A title"),
        "template": insert(url, "Template", userId=owner, name="A title"),
        "comment": insert(url, "Comment", userId=owner, quote="A title"),
    }
    return Desk(url, owner, rows)


async def delete(client: Client, kind: str, id: UUID, by: UUID, shown: str = DELETED, **more: Any) -> Any:
    """The payload of deleting a row."""
    return await change(client, f"delete{kind.title()}", shown, by=by, id=id, **more)


async def restore(client: Client, kind: str, id: UUID, by: UUID, shown: str | None = None) -> Any:
    """The payload of restoring a row."""
    return await change(client, f"restore{kind.title()}", shown or f"{kind} {{ id }}", by=by, id=id)


def flags(url: str, table: str, id: UUID) -> tuple[bool, bool]:
    """Whether it is flagged, and has the time of its deletion."""
    ((deleted, stamped),) = fetch(
        url, f'SELECT "isDeleted", "deletedAt" IS NOT NULL FROM "{table}" WHERE id = %s', id
    )
    return deleted, stamped
