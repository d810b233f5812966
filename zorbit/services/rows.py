"""Rows, written: what all nouns share."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, CursorResult, SelectBase, delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from zorbit import models
from zorbit.errors import Conflict
from zorbit.services import locks
from zorbit.services.values import Values, demand
from zorbit.visibility import Viewer

R = TypeVar("R", bound=models.Row)
T = TypeVar("T", bound=models.Editable)


async def add_row(session: AsyncSession, row: R) -> R:
    """The row, stored."""
    session.add(row)
    await session.flush()
    return row


async def add_rows(session: AsyncSession, rows: list[R]) -> list[R]:
    """The rows, stored together."""
    session.add_all(rows)
    await session.flush()
    return rows


async def edit_row(
    session: AsyncSession,
    viewer: Viewer,
    table: type[T],
    id: UUID,
    values: Values,
    *,
    if_updated_at: datetime | None,
) -> T:
    """The visible row with some columns changed, where nothing but their own limits rules them.

    Raises Conflict where it was changed since `if_updated_at`.
    """
    demand(*values.faults)
    row = await locks.hold_row(session, viewer, table, id, field="input.id")
    return await change(session, row, values, if_updated_at=if_updated_at)


async def change(
    session: AsyncSession, row: T, values: Mapping[str, Any], *, if_updated_at: datetime | None = None
) -> T:
    """Write `values` into a locked row, whose `updatedAt` then tells the change from the one before.

    Raises Conflict, with the row as it is, where it was changed since `if_updated_at`.
    """
    demand_unchanged(row, if_updated_at)
    for attribute, value in values.items():
        setattr(row, attribute, value)
    await session.flush()
    return row


def demand_unchanged(row: models.Editable, if_updated_at: datetime | None) -> None:
    """Raises Conflict where a locked row was changed since a client read it."""
    if if_updated_at is not None and row.updated_at != if_updated_at:
        raise Conflict(
            "it was changed since you read it", field="input.ifUpdatedAt", current=(type(row), row.id)
        )


async def count_rows(session: AsyncSession, rows: SelectBase) -> int:
    """How many rows a statement gives."""
    return await session.scalar(select(func.count()).select_from(rows.subquery())) or 0


async def erase_rows(session: AsyncSession, table: type[models.Row], *conditions: ColumnElement[bool]) -> int:
    """Delete rows for good, whoever's they are; how many they were."""
    statement = delete(table).where(*conditions).execution_options(synchronize_session=False)
    result = await session.execute(statement)
    return result.rowcount if isinstance(result, CursorResult) else 0
