"""Personas, templates and comments."""

from datetime import datetime, timedelta
from typing import Any

from psycopg.types.json import Jsonb

from zorbit.demo.scene import Scene
from zorbit.demo.topics import library, topics
from zorbit.models import Comment, Persona, QuotaType, Template

COMMENTS = 12
DISMISSED = 1
"""Which of a user's personas was deleted, though a post still speaks as it."""


def write_library(scene: Scene) -> None:
    """Add the personas and templates that a user sets up on the first day, and what came of them since."""
    at = scene.terms.start
    for number, persona in enumerate(library()["personas"]):
        at = scene.after(at, 1, 6)
        _write_persona(scene, at, persona, is_dismissed=number == DISMISSED)
    for number, template in enumerate(library()["templates"]):
        at = scene.after(at, 1, 6)
        deleted_at = at + timedelta(hours=3) if number == len(library()["templates"]) - 1 else None
        updated_at = scene.after(at, 1, 50) if number == 0 else None
        scene.templates.append(
            scene.add(Template, at, **template, updated_at=updated_at, deleted_at=deleted_at)
        )


def dismissal(scene: Scene) -> datetime:
    """When the persona was deleted: past the middle of the last cycle."""
    window = scene.terms.windows[-1]
    return window.cycle.start + (window.stop - window.cycle.start) * 0.6


def _write_persona(scene: Scene, at: datetime, persona: dict[str, Any], *, is_dismissed: bool) -> None:
    preferences = persona.get("preferences")
    deleted_at = dismissal(scene) if is_dismissed else None
    values = persona | {"preferences": Jsonb(preferences) if preferences else None}
    id = scene.add(Persona, at, **values, deleted_at=deleted_at)
    scene.personas.append(id)
    note = scene.ledger.note
    subject: dict[str, Any] = {"subject_id": id, "personaId": str(id)}
    note(QuotaType.PERSONA, at, f"Persona {persona['name']} created", **subject)
    if deleted_at:
        note(QuotaType.PERSONA, deleted_at, f"Persona {persona['name']} deleted", amount=-1, **subject)


def write_comments(scene: Scene) -> None:
    """Add comments that others left below the user's posts, collected over all the cycles."""
    windows = scene.terms.windows
    for number, at in enumerate(scene.spread(windows[0].cycle.start, windows[-1].stop, COMMENTS)):
        first, last = (scene.rng.choice(library()[key]) for key in ("first_names", "last_names"))
        address = f"{first}-{last}-{scene.index}{number}".lower().replace("ß", "ss")
        scene.add(
            Comment,
            at,
            first_name=first,
            last_name=last,
            title=scene.rng.choice(library()["titles"]) if number % 3 else None,
            image=f"https://images.example.com/people/{address}.webp" if number % 2 else None,
            quote=scene.rng.choice(scene.turn(topics(), number).comments),
            date=scene.after(at, -300, -20),
            profile_url=f"https://profiles.example.com/{address}" if number % 4 else None,
            persona_id=scene.personas[0] if number % 3 == 0 else None,
            deleted_at=scene.after(at, 10, 90) if number == 4 else None,
        )
