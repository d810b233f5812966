"""What came of each of several rows: one that is refused doesn't stop the others."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, cast
from uuid import UUID

import orjson
import strawberry
from strawberry.types import Info

from schema.errors import MORE, Refusal, UserError, shown
from schema.fields import field
from schema.graph import NAMES, Node
from schema.payloads import Result
from schema.trash import TrashEntry
from zorbit.context import Context
from zorbit.errors import UserErrorCode
from zorbit.models import Deletable, QuotaType
from zorbit.services import trash
from zorbit.services.deletion import Declined
from zorbit.services.trash import Ancestor, Trashable

REFUSED = "Why it was not; empty where it was."


@strawberry.type(description="What came of deleting one of several rows.")
class DeletedRow:
    """Deleted, or refused."""

    kind: strawberry.Private[Trashable | None]
    id: strawberry.ID = strawberry.field(description="The id that was given.")
    user_errors: list[UserError] = strawberry.field(description=REFUSED)

    @field("Where it lies now, until it is restored; null where it was refused.")
    async def trash_entry(self, info: Info[Context, None]) -> TrashEntry | None:
        """Under the visibility of the moment."""
        if self.kind is None:
            return None
        found = await info.context.loaders.batch(trash.by_id, self.kind).load(UUID(self.id))
        return cast("TrashEntry | None", found)


@strawberry.type(description="What came of restoring one of several rows.")
class RestoredRow:
    """Restored, or refused."""

    kind: strawberry.Private[Trashable | None]
    id: strawberry.ID = strawberry.field(description="The id that was given.")
    user_errors: list[UserError] = strawberry.field(description=REFUSED)

    @field("The row as it is now; null where it was refused.")
    async def node(self, info: Info[Context, None]) -> Node | None:
        """Under the visibility of the moment."""
        if self.kind is None:
            return None
        return cast("Node | None", await info.context.loaders.row(self.kind.table, UUID(self.id)))


NAMES |= {"DeletedRow": DeletedRow, "RestoredRow": RestoredRow}

# What stands in JSON as text, made what it was.
REVIVED: dict[str, Callable[[Any], Any]] = {
    "code": UserErrorCode,
    "user_id": UUID,
    "type": QuotaType,
    "resets_at": lambda text: text and datetime.fromisoformat(text),
    "blocked_by": lambda found: [Ancestor(Trashable(one["type"]), UUID(one["id"])) for one in found],
}


def _outcomes(made: type[DeletedRow | RestoredRow]) -> dict[str, Result]:
    def show(_context: Context, kept: list[dict[str, Any]]) -> Any:
        return [made(kind=_kind(one), id=one["id"], user_errors=_errors(one)) for one in kept]

    description = "What came of each, in the order of the ids."
    return {"results": Result(f"list[{made.__name__}] | None", description, _kept, show)}


def _kept(outcomes: Sequence[Deletable | Declined]) -> list[dict[str, Any]]:
    kept = [
        {"id": one.id, "refused": type(one.refusal).__name__, "error": vars(shown(one.refusal))}
        if isinstance(one, Declined)
        else {"id": one.id, "kind": type(one).__name__}
        for one in outcomes
    ]
    return cast("list[dict[str, Any]]", orjson.loads(orjson.dumps(kept)))


def _kind(kept: dict[str, Any]) -> Trashable | None:
    return Trashable(kept["kind"]) if "kind" in kept else None


def _errors(kept: dict[str, Any]) -> list[UserError]:
    if "refused" not in kept:
        return []
    made, _ = MORE.get(kept["refused"], (Refusal, {}))
    attributes = {
        name: REVIVED[name](value) if name in REVIVED else value for name, value in kept["error"].items()
    }
    return [made(**attributes)]


DELETED_ROWS = _outcomes(DeletedRow)
RESTORED_ROWS = _outcomes(RestoredRow)
