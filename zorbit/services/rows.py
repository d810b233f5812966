"""Rows, changed: what every noun's updates share."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy.ext.asyncio import AsyncSession

from zorbit import models
from zorbit.errors import Conflict

T = TypeVar("T", bound=models.Editable)


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
