"""Rows that hold what they should not: what is wrong with them, and where, the resolvers tell."""

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from graphql import get_named_type, is_leaf_type
from psycopg import sql
from sqlalchemy.dialects.postgresql import JSONB

from tests.reading.conftest import sweep
from tests.reading.twins import Twins, started
from tests.rows import connected
from tests.schema.populating import populated
from tests.schema.walks import NODES, nodes_query
from tests.schema.worlds import World
from zorbit import models
from zorbit.config import Settings

pytestmark = pytest.mark.untraced  # to trace them takes as long again; other tests go the same ways

ODD: list[tuple[type[Any], list[str]]] = [
    (sa.Enum, ["unheard-of", ""]),
    (sa.ARRAY, ["{NULL}", "{a,NULL}", "{{a,b},{c,d}}"]),
    (sa.DateTime, ["infinity", "0044-03-15 12:00+00 BC"]),
    (sa.Float, ["NaN", "Infinity", "-Infinity"]),
    (sa.Numeric, ["NaN"]),
    (JSONB, ["1e400", "[-1.5e-400]", '{"a": 123456789012345678901234567890.5}']),
]
NEEDED = {("User", "role")}
"""Without it nobody could ask."""


@pytest.fixture(scope="module")
async def twins(lax_database: str, settings: Settings) -> AsyncIterator[Twins]:
    """Both applications, over a database without constraints."""
    async with started(lax_database, settings) as made:
        yield made


@pytest.fixture(scope="module")
def world(twins: Twins) -> Iterator[World]:
    """Everybody's rows; each is made whole again once it was asked for."""
    yield populated(twins.url)
    sweep(twins.url)


def leaves(table: str) -> str:
    """All of a type's fields that hang on the row alone."""
    return " ".join(
        name if is_leaf_type(get_named_type(made.type)) else f"{name} {{ __typename }}"
        for name, made in NODES[table].fields.items()
        if not made.args
    )


def trials(table: str) -> Iterator[tuple[str, str | None]]:
    """(column, value) of what clients see: nulls where they can be, and what only CHECKs keep out."""
    for column in models.table_of(getattr(models, table)).columns:
        if column.name in NODES[table].fields and not column.primary_key:
            values = next((values for kind, values in ODD if isinstance(column.type, kind)), [])
            yield from ((column.name, value) for value in ([None] if column.nullable else []))
            yield from ((column.name, value) for value in values if (table, column.name) not in NEEDED)


@contextmanager
def broken(url: str, table: str, id: str, column: str, value: str | None) -> Iterator[None]:
    """A row with another value for a while."""
    names = {"table": sql.Identifier(table), "column": sql.Identifier(column)}
    read = sql.SQL("SELECT {column}::text FROM {table} WHERE id = %s").format(**names)
    write = sql.SQL("UPDATE {table} SET {column} = %s WHERE id = %s").format(**names)
    with connected(url) as connection:
        before = connection.execute(read, [id]).fetchall()
        connection.execute(write, [value, id])
        try:
            yield
        finally:
            connection.execute(write, [before[0][0], id])


@pytest.mark.parametrize("table", NODES)
async def test_a_value_that_cannot_be_is_answered_as_the_resolvers_answer_it(
    twins: Twins, world: World, table: str
) -> None:
    admin = UUID(world.people["root"])
    one, other = sorted(id for name, id in world.visible("root") if name == table and id != str(admin))[:2]
    body = {"query": nodes_query(table, leaves(table)), "variables": {"ids": [other, one, other]}}
    different, errors = [], 0

    for column, value in trials(table):
        with broken(twins.url, table, one, column, value):
            compiled, reference = await twins.ask(body, admin)
        errors += len(reference.errors)
        if not compiled.same(reference):
            different.append((column, value, compiled.compiled))

    assert different == []
    assert errors > 0
    compiled, _ = await twins.ask(body, admin)
    assert (compiled.compiled, compiled.errors) == (True, ())
