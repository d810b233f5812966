"""Personas that ship with the product: a data file in the package, the same for everybody."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import orjson

FILE = Path(__file__).resolve().parent.parent / "data" / "system_personas.json"


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
