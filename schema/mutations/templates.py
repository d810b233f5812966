"""Templates, written."""

from collections.abc import Mapping
from typing import Any

from schema.access import Access
from schema.payloads import row
from schema.writing import Writing, mutation
from schema.written import columns, edits
from zorbit.models import Template
from zorbit.services import templates
from zorbit.services.rows import edit_row
from zorbit.services.values import Values

WRITTEN = row("template", Template, "The template as it is now.")


@mutation(
    "Create a template.",
    Access.PEOPLE,
    takes=columns(Template, required=("name", "content")),
    gives=WRITTEN,
)
async def create_template(writing: Writing, values: Values) -> Mapping[str, Any]:
    """Of the caller's own."""
    return {"template": await templates.create(writing.session, writing.viewer_id, values)}


@mutation("Change a template.", Access.PEOPLE, takes=edits(Template, "name", "content"), gives=WRITTEN)
async def update_template(writing: Writing, values: Values) -> Mapping[str, Any]:
    """What is left out stays as it is."""
    id, if_updated_at = values.take("id"), values.pop("if_updated_at", None)
    changed = await edit_row(
        writing.session, writing.viewer, Template, id, values, if_updated_at=if_updated_at
    )
    return {"template": changed}
