"""Fields that are computed by a function."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import strawberry

from schema.access import Access, Require

F = TypeVar("F", bound=Callable[..., Any])


def field(description: str, access: Access | None = None) -> Callable[[F], F]:
    """Make a method a field; root fields name their `access`, others are reached through a visible row."""
    extensions = [] if access is None else [Require(access)]

    def made(resolver: F) -> F:
        # A field to Strawberry; to the type checker the method that it was.
        return cast("F", strawberry.field(resolver, description=description, extensions=[*extensions]))

    return made
