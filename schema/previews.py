"""What restoring something would do."""

from typing import cast
from uuid import UUID

import strawberry

from schema.errors import UserError, shown
from schema.trash import TrashEntry
from zorbit.context import Context
from zorbit.services import trash
from zorbit.services.trash import Trashable


@strawberry.type(description="How many rows of a type would be visible again.")
class RestoredCount:
    """A type and a number."""

    type: Trashable = strawberry.field(description="What they are.")
    count: int = strawberry.field(description="How many there are, the restored row itself included.")


@strawberry.type(description="What restoring a deleted row would do, and what stands against it.")
class RestorePreview:
    """As things stand."""

    trash_entry: TrashEntry = strawberry.field(description="The deleted row.")
    restores: list[RestoredCount] = strawberry.field(
        description="What would be visible again with it, once nothing stands against it. What was deleted "
        "singly, or lies below such a row, would not."
    )
    user_errors: list[UserError] = strawberry.field(
        description="What stands against it: a deleted row that it is part of; for a persona a full quota or "
        "no subscription; for a user a live one with the same address. Empty: it can be restored."
    )


async def of_row(context: Context, id: UUID) -> RestorePreview | None:
    """What restoring the row with this id would do."""
    found = await context.loaders.once(trash.preview, id, context.terms)
    if found is None:
        return None
    return RestorePreview(
        trash_entry=cast("TrashEntry", found.trash_entry),
        restores=cast("list[RestoredCount]", found.restores),
        user_errors=[] if found.refusal is None else [shown(found.refusal)],
    )
