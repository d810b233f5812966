"""Which callers a root field answers; whoever is let in still sees only what is visible to them."""

from collections.abc import Callable
from enum import Enum
from typing import Any

from strawberry.extensions import FieldExtension
from strawberry.types import Info

from zorbit.errors import Forbidden, Unauthenticated
from zorbit.models import Role
from zorbit.visibility import Viewer


class Access(Enum):
    """The rule of a root field: the roles that it answers, None for callers without a token."""

    ANYBODY = frozenset({None, *Role})
    ANY_ROLE = frozenset(Role)
    PEOPLE = frozenset({Role.USER, Role.ADMIN})
    ADMINS = frozenset({Role.ADMIN})
    PUBLISHERS = frozenset({Role.SERVICE, Role.ADMIN})

    def demand(self, viewer: Viewer) -> None:
        """Raises Unauthenticated or Forbidden unless the rule lets `viewer` in."""
        if viewer.role in self.value:
            return
        if not viewer.is_signed_in:
            raise Unauthenticated
        raise Forbidden(f"this needs the role {' or '.join(sorted(role or '' for role in self.value))}")


class Require(FieldExtension):
    """Holds a field's rule before its resolver runs."""

    def __init__(self, access: Access) -> None:
        """`access` is the field's rule."""
        self.access = access

    def resolve(self, next_: Callable[..., Any], source: Any, info: Info[Any, None], **kwargs: Any) -> Any:
        """Run the field for those whom the rule lets in."""
        self.access.demand(info.context.viewer)
        return next_(source, info, **kwargs)

    async def resolve_async(
        self, next_: Callable[..., Any], source: Any, info: Info[Any, None], **kwargs: Any
    ) -> Any:
        """The same for a resolver that waits."""
        self.access.demand(info.context.viewer)
        return await next_(source, info, **kwargs)
