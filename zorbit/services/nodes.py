"""Nodes: finding rows of any type by id."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    CompoundSelect,
    Uuid,
    bindparam,
    func,
    literal_column,
    union_all,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from zorbit import models
from zorbit.visibility import Viewer, visible

BY_NAME = {table.__name__: table for table in models.TABLES}


async def tables_of(
    session: AsyncSession, viewer: Viewer, ids: Sequence[UUID]
) -> list[type[models.Row] | None]:
    """The table that holds each visible row, or None."""
    asked = bindparam(None, list(ids), type_=ARRAY(Uuid))
    found = {id: BY_NAME[name] for id, name in (await session.execute(probe(viewer, asked))).all()}
    return [found.get(id) for id in ids]


def probe(viewer: Viewer, ids: ColumnElement[Any]) -> CompoundSelect[Any]:
    """(id, table's name) of each visible row with one of `ids`, an array: one statement probes all tables."""
    probes: list[Any] = [
        visible(table, viewer)
        .where(col(table.id) == func.any(ids))
        .with_only_columns(col(table.id), literal_column(f"'{table.__name__}'").label("name"))
        for table in models.TABLES
    ]
    return union_all(*probes)
