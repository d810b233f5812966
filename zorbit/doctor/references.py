"""The invariant of references, drawn from the foreign keys: data can be restored without them."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import ForeignKeyConstraint, Select, and_, union_all
from sqlmodel import SQLModel

from zorbit import models
from zorbit.doctor.invariants import Offenders, found, invariant
from zorbit.models import IdempotencyKey, PersistedQuery, Row, table_of
from zorbit.visibility import stored

EVERY: tuple[type[Row], ...] = (*models.TABLES, IdempotencyKey, PersistedQuery)
MODELS = {table_of(model): model for model in EVERY}


@invariant
def references_kept() -> Offenders:
    """What a row refers to is there, and is the same user's where it belongs to one."""
    return union_all(*_dangling())


def _dangling() -> Iterator[Select[Any]]:
    for table in SQLModel.metadata.sorted_tables:
        for key in sorted(table.foreign_key_constraints, key=lambda key: list(key.column_keys)):
            yield _without_target(MODELS[table], key)


def _without_target(table: type[Row], key: ForeignKeyConstraint) -> Select[Any]:
    parent = MODELS[key.referred_table]
    target = stored(parent).with_only_columns(*(element.column for element in key.elements)).subquery()
    pairs = list(zip(key.columns, target.c, strict=True))
    rows = stored(table).outerjoin(target, and_(*(column == aim for column, aim in pairs)))
    # The owner comes first, where the key carries one.
    column, aim = pairs[-1]
    of_whom = " of the same user" if len(pairs) > 1 else ""
    wrong = rows.where(column.is_not(None), aim.is_(None))
    return found(table, wrong, column.name, " ", column, f" names no {parent.__name__}{of_whom}")
