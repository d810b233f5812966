"""References in inputs: whatever a row refers to has to be visible to the row's owner, whoever writes."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from zorbit import models
from zorbit.errors import NotFound, Refused
from zorbit.services.values import path_of
from zorbit.visibility import owner_of, visible

REFERENCES: dict[str, type[models.Row]] = {
    "persona_id": models.Persona,
    "template_id": models.Template,
    "chat_message_id": models.ChatMessage,
}


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
