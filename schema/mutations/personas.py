"""Personas, written."""

from collections.abc import Mapping
from typing import Any

from schema.access import Access
from schema.payloads import QUOTA, row
from schema.writing import Writing, mutation
from schema.written import columns, edits, id_of
from zorbit.models import Persona, QuotaType
from zorbit.services import personas
from zorbit.services.personas import TRAITS
from zorbit.services.rows import edit_row
from zorbit.services.values import Values

WRITTEN = row("persona", Persona, "The persona as it is now.")


@mutation(
    "Create a persona. Costs one PERSONA.",
    Access.PEOPLE,
    takes=columns(Persona, *TRAITS, required=("name", "default_prompt")),
    gives=WRITTEN | QUOTA,
)
async def create_persona(writing: Writing, values: Values) -> Mapping[str, Any]:
    """Of the caller's own."""
    return _paid(await personas.create(writing.session, writing.viewer_id, values, writing.terms))


@mutation("Change a persona.", Access.PEOPLE, takes=edits(Persona, "name", *TRAITS), gives=WRITTEN)
async def update_persona(writing: Writing, values: Values) -> Mapping[str, Any]:
    """What is left out stays as it is."""
    id, if_updated_at = values.take("id"), values.pop("if_updated_at", None)
    changed = await edit_row(
        writing.session, writing.viewer, Persona, id, values, if_updated_at=if_updated_at
    )
    return {"persona": changed}


@mutation(
    "Copy a persona, for the same owner. Costs them one PERSONA.",
    Access.PEOPLE,
    takes=id_of("id", "The persona's id."),
    gives=WRITTEN | QUOTA,
)
async def duplicate_persona(writing: Writing, values: Values) -> Mapping[str, Any]:
    """The original stays what it is."""
    copy = await personas.duplicate(writing.session, writing.viewer, values.take("id"), writing.terms)
    return _paid(copy)


def _paid(persona: Persona) -> Mapping[str, Any]:
    return {"persona": persona, "quota": (persona.user_id, QuotaType.PERSONA)}
