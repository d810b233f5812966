"""Threads, written."""

from collections.abc import Mapping
from typing import Any

from schema.access import Access
from schema.payloads import row
from schema.writing import Writing, mutation
from schema.written import columns, edits
from zorbit.models import Thread
from zorbit.services import threads
from zorbit.services.rows import edit_row
from zorbit.services.values import Values

WRITTEN = row("thread", Thread, "The thread as it is now.")


@mutation("Open a thread.", Access.PEOPLE, takes=columns(Thread, "title", "type"), gives=WRITTEN)
async def create_thread(writing: Writing, values: Values) -> Mapping[str, Any]:
    """Of the caller's own."""
    return {"thread": await threads.create(writing.session, writing.viewer_id, values)}


@mutation("Change a thread.", Access.PEOPLE, takes=edits(Thread, "title", "type"), gives=WRITTEN)
async def update_thread(writing: Writing, values: Values) -> Mapping[str, Any]:
    """What is left out stays as it is."""
    id, if_updated_at = values.take("id"), values.pop("if_updated_at", None)
    changed = await edit_row(writing.session, writing.viewer, Thread, id, values, if_updated_at=if_updated_at)
    return {"thread": changed}
