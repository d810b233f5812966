"""Nodes: finding rows of any type by id."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import literal, union_all
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from zorbit import models
from zorbit.visibility import Viewer, visible

BY_NAME = {table.__name__: table for table in models.TABLES}


async def tables_of(
    session: AsyncSession, viewer: Viewer, ids: Sequence[UUID]
) -> list[type[models.Row] | None]:
    """The table that holds each visible row, or None: one statement probes them all."""
    probes: list[Any] = [
        visible(table, viewer)
        .where(col(table.id).in_(ids))
        .with_only_columns(col(table.id), literal(table.__name__))
        for table in models.TABLES
    ]
    found = {id: BY_NAME[name] for id, name in (await session.execute(union_all(*probes))).all()}
    return [found.get(id) for id in ids]
