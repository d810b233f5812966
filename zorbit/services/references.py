"""References in inputs: whatever a row refers to has to be visible to the row's owner, whoever writes."""

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from zorbit import models
from zorbit.errors import NotFound, Refused, Several
from zorbit.services import locks
from zorbit.services.values import Values, demand, path_of
from zorbit.visibility import Viewer, owner_of, visible

T = TypeVar("T", bound=models.Row)

REFERENCES: dict[str, type[models.Row]] = {
    "persona_id": models.Persona,
    "template_id": models.Template,
    "chat_message_id": models.ChatMessage,
}


async def hold_parent(session: AsyncSession, viewer: Viewer, table: type[T], values: Values, name: str) -> T:
    """The row that `values` name as a new row's parent, held; raises all that is wrong with them at once."""
    return await _named(values, name, partial(locks.hold_parent, session, viewer, table))


async def see_named(session: AsyncSession, viewer: Viewer, table: type[T], values: Values, name: str) -> T:
    """The row that `values` name, not yet held; raises all that is wrong with them at once."""
    return await _named(values, name, partial(see, session, viewer, table))


async def _named(values: Values, name: str, find: Callable[..., Awaitable[T]]) -> T:
    id = values.take(name)
    try:
        found = await find(id, field=path_of(name))
    except NotFound as absent:
        raise Several([*values.faults, absent]) from None
    demand(*values.faults)
    return found


async def see(session: AsyncSession, viewer: Viewer, table: type[T], id: UUID, *, field: str) -> T:
    """The visible row, not held: it may change before the transaction ends."""
    found = await session.scalar(visible(table, viewer).where(col(table.id) == id))
    if found is None:
        raise NotFound(field=field)
    return found


async def faults_of(
    session: AsyncSession, owner_id: UUID, values: Mapping[str, Any], *place: str
) -> list[Refused]:
    """A NotFound for each reference to what `owner_id` can't see."""
    return [NotFound(field=path_of(name, *place)) for name in await missing(session, owner_id, values)]


async def missing(session: AsyncSession, owner_id: UUID, values: Mapping[str, Any]) -> list[str]:
    """The attributes that refer to what `owner_id` can't see."""
    given = {name: table for name, table in REFERENCES.items() if values.get(name) is not None}
    return [
        name for name, table in given.items() if not await _is_visible(session, owner_id, table, values[name])
    ]


async def _is_visible(session: AsyncSession, owner_id: UUID, table: Any, id: UUID) -> bool:
    statement = visible(table, owner_of(owner_id)).where(col(table.id) == id)
    return await session.scalar(statement.with_only_columns(table.id)) is not None
