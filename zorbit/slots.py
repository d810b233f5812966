"""Values that are left open in a rule, so that one statement serves every request that asks alike."""

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import bindparam


@dataclass(frozen=True, slots=True)
class Slot:
    """A value that each request gives for itself, as the parameter `name` of a statement."""

    name: str


@dataclass(frozen=True, slots=True)
class Slots:
    """The values that one request gives for slots `v0`, `v1`, ..., in their order."""

    values: list[Any] = field(default_factory=list)

    def take(self, value: Any) -> Slot:
        """The slot for one more value."""
        self.values.append(value)
        return Slot(f"v{len(self.values) - 1}")


def operand(value: Any, kind: Any) -> Any:
    """A value, or the parameter of type `kind` in its place, as a statement takes it."""
    return bindparam(value.name, type_=kind) if isinstance(value, Slot) else value
