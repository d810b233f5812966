"""Personas: users' own, which a plan limits, and those that ship with the product."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from uuid import UUID

import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from zorbit.checks import NAME_LIMIT
from zorbit.models import Persona, QuotaType
from zorbit.services import locks
from zorbit.services.rows import add_row
from zorbit.services.spending import spend
from zorbit.services.terms import Terms
from zorbit.services.values import Values, demand
from zorbit.visibility import Viewer

FILE = Path(__file__).resolve().parent.parent / "data" / "system_personas.json"
COPY_SUFFIX = " (copy)"
"""What tells a copy's name from the original's."""

TRAITS = (
    "default_prompt",
    "description",
    "target_audience",
    "profession",
    "relevant_keywords",
    "opinions",
    "vocabulary",
    "avoid_words",
    "end_goal",
    "custom_hashtag",
    "fix_cta",
    "preferences",
)
"""What makes a persona, its name aside."""


@dataclass(frozen=True, slots=True)
class SystemPersona:
    """A persona that needs no row."""

    id: str
    name: str
    description: str
    default_prompt: str
    target_audience: str
    profession: str


@cache
def system_personas() -> dict[str, SystemPersona]:
    """Every one by its id, in the order of the file."""
    return {entry["id"]: SystemPersona(**entry) for entry in orjson.loads(FILE.read_bytes())}


async def create(session: AsyncSession, user_id: UUID, values: Values, terms: Terms) -> Persona:
    """A new persona of the user's, for one PERSONA; raises SubscriptionRequired, QuotaExhausted."""
    demand(*values.faults)
    await locks.hold_user(session, user_id, alone=True)
    return await _add(session, Persona(**values, user_id=user_id), terms, "createPersona")


async def duplicate(session: AsyncSession, viewer: Viewer, id: UUID, terms: Terms) -> Persona:
    """A copy, its owner's too, and one PERSONA of theirs; raises SubscriptionRequired, QuotaExhausted."""
    await locks.hold_ancestors(session, viewer, Persona, id, field="input.id", alone=True)
    original = await locks.lock_row(session, viewer, Persona, id, field="input.id", shared=True)
    traits = {trait: getattr(original, trait) for trait in TRAITS}
    name = original.name[: NAME_LIMIT - len(COPY_SUFFIX)] + COPY_SUFFIX
    copy = Persona(**traits, name=name, user_id=original.user_id)
    return await _add(session, copy, terms, "duplicatePersona")


async def _add(session: AsyncSession, persona: Persona, terms: Terms, description: str) -> Persona:
    """Paid for before it is stored: a cycle begins with the count of the personas that there are."""
    await spend(session, persona.user_id, QuotaType.PERSONA, [persona.id], terms, description=description)
    return await add_row(session, persona)
