"""Values that are left open in a rule, so that one statement serves every request that asks alike."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam


@dataclass(frozen=True, slots=True)
class Slot:
    """A value that each request gives for itself, as the parameter `name` of a statement."""

    name: str


def operand(value: Any, kind: Any) -> Any:
    """A value, or the parameter of type `kind` in its place, as a statement takes it."""
    return bindparam(value.name, type_=kind) if isinstance(value, Slot) else value
