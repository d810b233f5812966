"""Comments, written."""

from collections.abc import Mapping
from typing import Any

from schema.access import Access
from schema.payloads import row
from schema.writing import Writing, mutation
from schema.written import columns, edits, id_of
from zorbit.models import Comment
from zorbit.services import comments
from zorbit.services.values import Values

WRITTEN = row("comment", Comment, "The comment as it is now.")
PERSONA = id_of("persona_id", "The persona that it belongs to.", required=False)
COLUMNS = columns(
    Comment, "title", "image", "date", "profile_url", required=("first_name", "last_name", "quote")
)
NEW = COLUMNS | PERSONA


@mutation("Write a comment down by hand. Costs nothing.", Access.PEOPLE, takes=NEW, gives=WRITTEN)
async def create_comment(writing: Writing, values: Values) -> Mapping[str, Any]:
    """Of the caller's own."""
    return {"comment": await comments.create(writing.session, writing.viewer_id, values)}


@mutation("Change a comment.", Access.PEOPLE, takes=edits(Comment, *COLUMNS) | PERSONA, gives=WRITTEN)
async def update_comment(writing: Writing, values: Values) -> Mapping[str, Any]:
    """What is left out stays as it is."""
    id, if_updated_at = values.take("id"), values.pop("if_updated_at", None)
    changed = await comments.update(writing.session, writing.viewer, id, values, if_updated_at=if_updated_at)
    return {"comment": changed}
