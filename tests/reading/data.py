"""Random rows: those of other tests, with whatever values their columns can hold."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import psycopg
import sqlalchemy as sa
from psycopg import sql
from psycopg.types.json import Jsonb
from sqlalchemy.dialects.postgresql import JSONB

from tests.rows import connected, insert_many
from tests.schema.populating import populated
from tests.schema.subscribers import subscribe
from tests.schema.workspace import MOMENTS, WORDS, Workspace, fill
from tests.schema.worlds import World
from zorbit import models

TEXTS = [
    *WORDS,
    " leading and trailing ",
    "\U0001d49cstral 😀 👨‍👩‍👧 e\u0301 \ufeff\uffff",
    "quote \" apostrophe ' back\\slash / solidus",
    "lines\nbroken\r\n\tand \u2028 \u2029 \u0085",
    "control \x01\x1f\x7f",
    "</script> &amp; %s {} $1 null true",
    "long " * 60,
]
DOCUMENTS: list[Any] = [
    {},
    [],
    "text \u2028 😀",
    0,
    False,
    None,
    {"b": 1, "a": {"é": [1, [2.5, {"": None}]]}, "null": None, '"': "\n"},
    {"beyond": [2**63, 2**64, -(2**70), 10**30], "fraction": [0.1, 1.0, 1e-7, 1e100, -0.0]},
    [[[[[[["deep"]]]]]]],
]
INSTANTS = [
    *MOMENTS,
    MOMENTS[0] + timedelta(milliseconds=500),
    MOMENTS[0] + timedelta(milliseconds=120),
    datetime(1970, 1, 1, tzinfo=UTC),
    datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
    datetime(1, 1, 1, tzinfo=UTC),
    datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
]
VALUES: list[tuple[type[Any], list[Any]]] = [
    (JSONB, [Jsonb(document) for document in DOCUMENTS]),
    (sa.DateTime, INSTANTS),
    (sa.Boolean, [False, True]),
    (sa.Float, [0.0, 0.1, 1e-300, 2.5, 123456.789, 1e6]),
    (sa.Numeric, ["0.00", "0.10", "29.50", "100.00", "99999999.99"]),
    (sa.Integer, [0, 1, 7, 12, 2026, 2**31 - 1]),
    (object, TEXTS),
]

# They say who may see what, or who is asking.
LEFT_ALONE = {"isDeleted", "role", "email", "authIssuer", "authSubject", "userId"}
CHANGES = 7
"""Columns of a row that are written anew."""


def random_world(url: str, seed: int) -> tuple[World, Workspace]:
    """Everybody's rows, live and deleted and below deleted ones, and a workspace of rows that tie."""
    random = Random(seed)
    workspace, world = fill(url, seed), populated(url)
    subscribe(url, random, insert_many(url, "User", [{} for _ in range(12)]))
    with connected(url) as connection:
        connection.execute("SET zorbit.erase = 'on'")
        for table in models.TABLES:
            _vary(connection, models.table_of(table), random)
        connection.execute("RESET zorbit.erase")
    return world, workspace


def _vary(connection: psycopg.Connection, table: sa.Table, random: Random) -> None:
    columns = [column for column in table.columns if _is_free(column)]
    name = sql.Identifier(table.name)
    ids = connection.execute(sql.SQL("SELECT id FROM {} ORDER BY id").format(name)).fetchall()
    for (id,) in ids:
        for column in random.sample(columns, min(CHANGES, len(columns))):
            statement = sql.SQL("UPDATE {} SET {} = %s WHERE id = %s").format(
                name, sql.Identifier(column.name)
            )
            # What hangs together with other columns stays as it was.
            with suppress(psycopg.errors.IntegrityError):
                connection.execute(statement, [_value(column, random), id])


def _is_free(column: sa.Column[Any]) -> bool:
    fixed = column.primary_key or column.foreign_keys or column.computed or column.name in LEFT_ALONE
    return not fixed and not isinstance(column.type, sa.Uuid)


def _value(column: sa.Column[Any], random: Random) -> Any:
    if column.nullable and random.random() < 0.25:
        return None
    if isinstance(column.type, sa.Enum):
        return random.choice(column.type.enums)
    if isinstance(column.type, sa.ARRAY):
        return random.choices(TEXTS, k=random.randint(0, 3))
    return random.choice(next(values for kind, values in VALUES if isinstance(column.type, kind)))
