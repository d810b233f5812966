"""Fields that are computed by a function."""

from collections.abc import Callable
from inspect import iscoroutinefunction, signature
from typing import Any, TypeVar, cast

import strawberry

from schema.access import Access, Require
from zorbit.engine.readings import Computed, Reading, Resolved, Restricted

F = TypeVar("F", bound=Callable[..., Any])


READING = "reading"
"""Under which a field's metadata says how compiled plans read it."""


def field(
    description: str,
    access: Access | None = None,
    *,
    needs: tuple[str, ...] = (),
    reading: Reading | None = None,
) -> Callable[[F], F]:
    """Make a method a field; root fields name their `access`, others are reached through a visible row.

    `needs` are the columns of its row that the method looks at. Compiled plans call it as it is where it only
    computes; another `reading` may say how they do without it.
    """
    extensions = [] if access is None else [Require(access)]

    def made(resolver: F) -> F:
        metadata = {READING: read_by(access, reading or _reading(resolver, needs))}
        # A field to Strawberry; to the type checker the method that it was.
        return cast(
            "F",
            strawberry.field(resolver, description=description, extensions=[*extensions], metadata=metadata),
        )

    return made


def read_by(access: Access | None, reading: Reading) -> Reading:
    """`reading`, for those whom the field's rule lets in."""
    return reading if access is None else Restricted(reading, access.value)


def _reading(resolver: Callable[..., Any], needs: tuple[str, ...]) -> Reading:
    only_computes = not iscoroutinefunction(resolver) and list(signature(resolver).parameters) == ["self"]
    return Computed(resolver, needs) if only_computes and needs else Resolved(needs)
