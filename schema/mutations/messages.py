"""Messages, written."""

from collections.abc import Mapping
from typing import Any

from schema.access import Access
from schema.payloads import row
from schema.writing import Writing, mutation
from schema.written import columns, edits, id_of
from zorbit.models import ChatMessage
from zorbit.services import messages
from zorbit.services.rows import edit_row
from zorbit.services.values import Values

WRITTEN = row("message", ChatMessage, "The message as it is now.")


@mutation(
    "Add a message to a thread.",
    Access.PEOPLE,
    takes=id_of("thread_id", "The thread that it is to be part of.")
    | columns(ChatMessage, "generation_time", required=("content",)),
    gives=WRITTEN,
)
async def create_message(writing: Writing, values: Values) -> Mapping[str, Any]:
    """The thread's owner's."""
    return {"message": await messages.create(writing.session, writing.viewer, values)}


@mutation(
    "Change a message; it stays in its thread.",
    Access.PEOPLE,
    takes=edits(ChatMessage, "content", "generation_time"),
    gives=WRITTEN,
)
async def update_message(writing: Writing, values: Values) -> Mapping[str, Any]:
    """What is left out stays as it is."""
    id, if_updated_at = values.take("id"), values.pop("if_updated_at", None)
    changed = await edit_row(
        writing.session, writing.viewer, ChatMessage, id, values, if_updated_at=if_updated_at
    )
    return {"message": changed}
