"""The payloads of mutations: what changed, and why nothing did.

A payload holds ids, and its fields read what they name, under the visibility of the moment: that is how a
request sent again under its idempotency key is answered, and so the first is answered in the same way.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import strawberry
from strawberry.types import Info

from schema.errors import UserError, shown
from schema.graph import NAMES, computed
from schema.trash import TrashEntry
from schema.usage import QuotaState, load_quotas
from zorbit import models
from zorbit.context import Context
from zorbit.engine.journal import note_codes
from zorbit.errors import Refused
from zorbit.services import trash
from zorbit.services.trash import Trashable

NAMES |= {"UserError": UserError, "QuotaState": QuotaState, "TrashEntry": TrashEntry, "ID": strawberry.ID}


@dataclass(frozen=True)
class Payload:
    """What came of a mutation: `kept` is what its idempotency key remembers, as JSON."""

    kept: Mapping[str, Any]
    errors: Sequence[UserError] = field(default=())


@dataclass(frozen=True)
class Result:
    """A field of a payload: how what a service gives is kept, and how that is shown."""

    annotation: str
    description: str
    keep: Callable[[Any], Any]
    show: Callable[[Context, Any], Any]
    is_row: bool = False
    """Whether it is a row as it was written, which need not be read again."""


Results = Mapping[str, Result]
"""The fields of a payload besides `userErrors`."""


def row(name: str, table: type[models.Row], description: str) -> dict[str, Result]:
    """A row that was written."""

    async def show(context: Context, kept: str) -> Any:
        return await context.loaders.row(table, UUID(kept))

    return {
        name: Result(f"{table.__name__} | None", description, lambda made: str(made.id), show, is_row=True)
    }


def rows(name: str, table: type[models.Row], description: str) -> dict[str, Result]:
    """Rows that were written; those that became invisible since are left out."""

    async def show(context: Context, kept: list[str]) -> Any:
        found = await asyncio.gather(*(context.loaders.row(table, UUID(id)) for id in kept))
        return [row for row in found if row is not None]

    annotation = f"list[{table.__name__}] | None"
    return {name: Result(annotation, description, lambda made: [str(row.id) for row in made], show)}


def plain(name: str, annotation: str, description: str) -> dict[str, Result]:
    """A value that stays what it was."""
    return {
        name: Result(f"{annotation} | None", description, lambda value: value, lambda _context, kept: kept)
    }


def _kept_entry(deleted: models.Row) -> list[str]:
    return [type(deleted).__name__, str(deleted.id)]


async def _entry(context: Context, kept: list[str]) -> Any:
    name, id = kept
    return await context.loaders.batch(trash.by_id, Trashable(name)).load(UUID(id))


async def _quota(context: Context, kept: list[str]) -> Any:
    user_id, type = kept
    # Who can't be seen any more, when the request is sent again, has no state that could be told.
    owner, found = await asyncio.gather(
        context.loaders.row(models.User, UUID(user_id)), load_quotas(context, UUID(user_id))
    )
    return None if owner is None else next(state for state in found if state.type == type)


DELETED: dict[str, Result] = {
    "deleted_id": Result(
        "ID | None", "The id of what was deleted.", lambda made: str(made.id), lambda _, kept: kept
    ),
    "trash_entry": Result(
        "TrashEntry | None", "Where it lies now, until it is restored.", _kept_entry, _entry
    ),
}
QUOTA: dict[str, Result] = {
    "quota": Result(
        "QuotaState | None",
        "The quota that it counts against, as it is now.",
        lambda key: [str(key[0]), key[1].value],
        _quota,
    )
}
REFUNDED = plain(
    "refunded",
    "bool",
    "Whether what was spent on it was given back: only in the cycle in which it was spent.",
)


def keep(results: Results, given: Mapping[str, Any]) -> dict[str, Any]:
    """What a service gave for each field, as JSON; a field without anything is null."""
    return {name: results[name].keep(value) for name, value in given.items() if value is not None}


def payload_type(name: str, results: Results) -> Any:
    """The GraphQL type of a payload."""
    made = type(name, (), {"__module__": __name__, "__annotations__": {}})
    for attribute, result in results.items():
        setattr(made, attribute, computed(_shown(attribute, result), result.annotation, result.description))
    errors = computed(_errors, "list[UserError]", "Why nothing was changed; empty where it was.")
    setattr(made, "user_errors", errors)  # noqa: B010 - a type is made of data here
    setattr(made, "is_type_of", classmethod(lambda _cls, value, _info: isinstance(value, Payload)))  # noqa: B010
    return strawberry.type(made, description="What came of it.")


def _shown(attribute: str, result: Result) -> Callable[..., Any]:
    async def resolve(self: Payload, info: Info[Context, None]) -> Any:
        kept = self.kept.get(attribute)
        if kept is None:
            return None
        found = result.show(info.context, kept)
        return await found if asyncio.iscoroutine(found) else found

    return resolve


def _errors(self: Payload) -> Any:
    return self.errors


def refused(refusals: Sequence[Refused]) -> Payload:
    """The payload of a mutation that changed nothing."""
    note_codes(*(refusal.code for refusal in refusals))
    return Payload({}, [shown(refusal) for refusal in refusals])
