"""Ideas for content, written."""

from collections.abc import Mapping
from typing import Any

from schema.access import Access
from schema.payloads import row
from schema.writing import Writing, mutation
from schema.written import columns, edits, id_of
from zorbit.models import ContentIdea
from zorbit.services import ideas
from zorbit.services.rows import edit_row
from zorbit.services.values import Values

WRITTEN = row("idea", ContentIdea, "The idea as it is now.")
ID = id_of("id", "The idea's id.")
MESSAGE = id_of("chat_message_id", "The message that it is made from.")
NEW = columns(ContentIdea, "key_takeaways", "controversial_angle", required=("title", "content"))


@mutation(
    "Write an idea by hand, below a message. Costs nothing.",
    Access.PEOPLE,
    takes=MESSAGE | NEW,
    gives=WRITTEN,
)
async def create_idea(writing: Writing, values: Values) -> Mapping[str, Any]:
    """The message's owner's."""
    return {"idea": await ideas.create(writing.session, writing.viewer, values)}


@mutation(
    "Change an idea; it stays below its message.",
    Access.PEOPLE,
    takes=edits(ContentIdea, *NEW),
    gives=WRITTEN,
)
async def update_idea(writing: Writing, values: Values) -> Mapping[str, Any]:
    """What is left out stays as it is."""
    id, if_updated_at = values.take("id"), values.pop("if_updated_at", None)
    changed = await edit_row(
        writing.session, writing.viewer, ContentIdea, id, values, if_updated_at=if_updated_at
    )
    return {"idea": changed}


@mutation("Save an idea.", Access.PEOPLE, takes=ID, gives=WRITTEN)
async def save_idea(writing: Writing, values: Values) -> Mapping[str, Any]:
    """A saved one stays what it is."""
    return {"idea": await ideas.mark(writing.session, writing.viewer, values.take("id"), is_saved=True)}


@mutation("No longer save an idea.", Access.PEOPLE, takes=ID, gives=WRITTEN)
async def unsave_idea(writing: Writing, values: Values) -> Mapping[str, Any]:
    """One that isn't saved stays what it is."""
    return {"idea": await ideas.mark(writing.session, writing.viewer, values.take("id"), is_saved=False)}
