"""The audit trail: who changed what, and when."""

from typing import Any, cast
from uuid import UUID

import strawberry
from strawberry.types import Info

from schema import readings
from schema.fields import field
from schema.graph import DeclaredEdge, Node, computed, shape
from zorbit import models
from zorbit.context import Context
from zorbit.engine.readings import Reference
from zorbit.loaders.relations import ToOne
from zorbit.services.nodes import BY_NAME
from zorbit.visibility import NONE


def _user(key: str, description: str) -> Any:
    """A user whose id an entry keeps, while they are visible: the entry outlives them."""

    async def resolve(self: Any, info: Info[Context, None]) -> Any:
        return await _load(info.context, models.User, getattr(self, key))

    reading = readings.row_of(ToOne(models.User, key, models.User.id), NONE)
    return DeclaredEdge(lambda _parent, _name: computed(resolve, "User | None", description, reading=reading))


async def _load(context: Context, table: type[models.Row] | None, id: UUID | None) -> Any:
    return None if table is None or id is None else await context.loaders.row(table, id)


@shape(
    models.AuditEntry,
    "One act that was recorded: it is neither changed nor deleted.",
    filters=("action", "actor_role", "subject_type", "subject_id", "created_at"),
)
class AuditEntry(Node):
    """One act."""

    action: strawberry.auto
    actor_role: strawberry.auto
    subject_type: strawberry.auto
    details: strawberry.auto
    created_at: strawberry.auto

    actor = _user("actor_id", "Who did it; null for the operator, and while the caller may not see them.")
    user = _user("user_id", "Whose it was; null for what is nobody's, and while the caller may not see them.")

    @field("The id of what was changed, which may be gone: then no node has it.", needs=("subject_id",))
    def subject_id(self: Any) -> strawberry.ID:
        """The row's."""
        return cast("strawberry.ID", self.subject_id)

    @field(
        "What was changed; null where it is gone, or the caller may not see it.",
        reading=Reference("subject_type", "subject_id"),
    )
    async def subject(self: Any, info: Info[Context, None]) -> Node | None:
        """Of any type."""
        found = await _load(info.context, BY_NAME.get(self.subject_type), self.subject_id)
        return cast("Node | None", found)
