"""Filters of any shape: a row either matches or does not, though columns hold nulls."""

import operator
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from random import Random
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.conftest import Client
from tests.examples import examples
from tests.rows import fetch, insert
from tests.schema.lists import POSTS
from tests.schema.workspace import MOMENTS, WORDS, Workspace, post

ROWS = 40
COLUMNS = sorted({column for column, _, _ in POSTS.comparisons})
KINDS = {column: kind for column, comparison, kind in POSTS.comparisons if comparison == "eq"}

moments = st.builds(
    lambda moment, zone: moment.astimezone(timezone(timedelta(hours=zone))).isoformat(),
    st.sampled_from([*MOMENTS, datetime(2026, 3, 1, 12).astimezone()]),
    st.sampled_from([0, 5, -8]),
)
operands: dict[str, st.SearchStrategy[Any]] = {
    "Boolean": st.booleans(),
    "String": st.sampled_from([*WORDS, "another"]),
    "DateTime": moments,
    "PostType": st.sampled_from(["POST", "KNOWLEDGE_STACK", "POST_STACK", "IDEA", "COMMENT"]),
}
COMPARED: dict[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "lt": operator.lt,
    "lte": operator.le,
    "gt": operator.gt,
    "gte": operator.ge,
}


def conditions(column: str) -> st.SearchStrategy[dict[str, Any]]:
    """One or two comparisons of a column."""
    value = operands[KINDS[column]]
    kinds = {"in": st.lists(value, max_size=3), "isNull": st.booleans()}
    names = [comparison for other, comparison, _ in POSTS.comparisons if other == column]
    return st.dictionaries(st.sampled_from(names), st.none(), min_size=1, max_size=2).flatmap(
        lambda chosen: st.fixed_dictionaries({name: kinds.get(name, value) for name in chosen})
    )


leaves = st.lists(st.sampled_from(COLUMNS), max_size=1, unique=True).flatmap(
    lambda columns: st.fixed_dictionaries({column: conditions(column) for column in columns})
)


def combined(inner: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    """Conditions of a row's own, and a combination of others."""
    parts = st.lists(inner, max_size=2)
    kinds = {"and": parts, "or": parts, "not": inner}
    chosen = st.sampled_from(sorted(kinds)).flatmap(lambda name: st.fixed_dictionaries({name: kinds[name]}))
    return st.builds(operator.or_, leaves, chosen)


wheres = combined(leaves | combined(leaves | combined(leaves)))


def matches(where: dict[str, Any], row: dict[str, Any]) -> bool:
    """Whether a row of PostgreSQL's meets `where`, as a client would read it."""
    return all(part_matches(name, value, row) for name, value in where.items())


def part_matches(name: str, value: Any, row: dict[str, Any]) -> bool:
    match name:
        case "and":
            return all(matches(part, row) for part in value)
        case "or":
            return any(matches(part, row) for part in value)
        case "not":
            return not matches(value, row)
    return all(holds(comparison, row[name], operand, KINDS[name]) for comparison, operand in value.items())


def holds(comparison: str, value: Any, operand: Any, kind: str) -> bool:
    if comparison == "isNull":
        return (value is None) is operand
    if value is None:
        return False
    if comparison == "in":
        return any(holds("eq", value, one, kind) for one in operand)
    if kind == "DateTime":
        operand = datetime.fromisoformat(operand)
    if kind == "PostType":
        operand = operand.lower()
    return COMPARED[comparison](value, operand)


@dataclass(frozen=True)
class Posts:
    """A user's posts, newest first, by the names of their columns."""

    user: UUID
    rows: list[dict[str, Any]] = field(repr=False)


@pytest.fixture
def posts(database_url: str) -> Posts:
    user = insert(database_url, "User")
    made = Workspace(database_url, Random(7), user)
    made.add("Post", [{"userId": user} | post(made) for _ in range(ROWS)])
    columns = ["id", *COLUMNS]
    listed = ", ".join(f'"{column}"' for column in columns)
    found = fetch(database_url, f'SELECT {listed} FROM "Post" ORDER BY "createdAt" DESC, id DESC')
    return Posts(user, [dict(zip(columns, row, strict=True)) for row in found])


@settings(
    deadline=None,
    max_examples=examples(15),
    phases=[Phase.explicit, Phase.generate, Phase.shrink],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(where=wheres)
async def test_a_filter_of_any_shape_finds_what_python_finds(
    client: Client, posts: Posts, where: dict[str, Any]
) -> None:
    found = await POSTS.of(client, posts.user, posts.user, "nodes { id } totalCount", where=where, first=100)

    expected = [str(row["id"]) for row in posts.rows if matches(where, row)]
    assert [row["id"] for row in found["nodes"]] == expected
    assert found["totalCount"] == len(expected)


@settings(
    deadline=None,
    max_examples=examples(4),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(where=leaves)
async def test_a_filter_and_its_negation_share_the_rows_out(
    client: Client, posts: Posts, where: dict[str, Any]
) -> None:
    found = await POSTS.of(client, posts.user, posts.user, "nodes { id }", where=where, first=100)
    others = await POSTS.of(client, posts.user, posts.user, "nodes { id }", where={"not": where}, first=100)

    both = [row["id"] for row in found["nodes"] + others["nodes"]]
    assert sorted(both) == sorted(str(row["id"]) for row in posts.rows)


def test_the_posts_hold_nulls_and_values_in_every_column_that_may_be_null(posts: Posts) -> None:
    nullable = {column for column in COLUMNS if any(row[column] is None for row in posts.rows)}

    assert nullable == {"linkedinPostedAt", "scheduledOn", "source", "title"}
    assert all(any(row[column] is not None for row in posts.rows) for column in COLUMNS)
