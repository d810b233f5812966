"""Rows on their way to PostgreSQL: collected by table, written with COPY, parents first."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from random import Random
from typing import Any
from uuid import UUID

import psycopg
import sqlalchemy as sa
from psycopg import sql
from pydantic_core import PydanticUndefined
from sqlmodel import SQLModel

from zorbit import models

Table = type[models.Row]
Counts = Counter[str]
"""How many rows each table got, by the table's name."""

_PLACES = {table.name: place for place, table in enumerate(SQLModel.metadata.sorted_tables)}
PARENTS_FIRST = sorted(models.TABLES, key=lambda table: _PLACES[table.__name__])


@dataclass(slots=True)
class Rows:
    """What was made and is not written yet."""

    counts: Counts = field(default_factory=Counter)
    _waiting: dict[Table, list[dict[str, Any]]] = field(
        default_factory=lambda: {table: [] for table in PARENTS_FIRST}
    )
    _size: int = 0

    def __len__(self) -> int:
        return self._size

    def add(self, table: Table, rng: Random, at: datetime, **values: Any) -> UUID:
        """Add a row created `at` and answer its id; what is not given gets the model's default."""
        row = _defaults(table) | values
        id: UUID = row["id"] or identity(rng, at)
        row["id"], row["created_at"] = id, at
        if "updated_at" in row:
            row["updated_at"] = row.get("deleted_at") or row["updated_at"] or at
        if row.get("deleted_at"):
            row["is_deleted"] = True
        self._waiting[table].append(row)
        self._size += 1
        return id

    def write(self, connection: psycopg.Connection, advance: Callable[[int], None]) -> None:
        """Copy everything that waits; `advance` hears of each table's rows."""
        for table, rows in self._waiting.items():
            if rows:
                with connection.cursor().copy(_statement(table)) as copy:
                    for row in rows:
                        copy.write_row(tuple(row.values()))
                advance(len(rows))
            self._count(table)

    def discard(self) -> None:
        """Count everything that waits and forget it."""
        for table in self._waiting:
            self._count(table)

    def _count(self, table: Table) -> None:
        self.counts[table.__name__] += len(self._waiting[table])
        self._size -= len(self._waiting[table])
        self._waiting[table].clear()


def identity(rng: Random, at: datetime) -> UUID:
    """A UUID of version 7 whose time is `at`; the rest comes from `rng`."""
    milliseconds = int(at.timestamp() * 1000)
    noise = rng.getrandbits(74)
    return UUID(int=milliseconds << 80 | 7 << 76 | noise >> 62 << 64 | 2 << 62 | noise & (1 << 62) - 1)


@cache
def _defaults(table: Table) -> dict[str, Any]:
    """What stands in a row unless told otherwise, by attribute, in the order of COPY."""
    return {name: _default(table, name) for name in sa.inspect(table).column_attrs.keys()}  # noqa: SIM118


def _default(table: Table, name: str) -> Any:
    default = table.model_fields[name].default
    return None if default is PydanticUndefined else default


@cache
def _statement(table: Table) -> sql.Composed:
    attributes = sa.inspect(table).column_attrs
    columns = sql.SQL(", ").join(sql.Identifier(attribute.columns[0].name) for attribute in attributes)
    return sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table.__name__), columns)
