"""Filters: every comparison as Python sees it, and how few or many of them combine."""

import operator
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from random import Random
from typing import Any

import pytest

from tests.conftest import Client
from tests.rows import insert, insert_many
from tests.schema.lists import LISTS, POSTS, ROOT, Edge
from tests.schema.workspace import MOMENTS, fill

MESSAGES = Edge("User", "messages", "ChatMessage")
SEEN = "nodes { id title } totalCount"
PARSED: dict[str, Callable[[Any], Any]] = {"DateTime": datetime.fromisoformat, "Decimal": Decimal}
COMPARED: dict[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "in": lambda value, operand: value in operand,
    "lt": operator.lt,
    "lte": operator.le,
    "gt": operator.gt,
    "gte": operator.ge,
}
FILTERED = list(
    {str(edge.definition.args["where"].type): edge for edge in LISTS if edge.comparisons}.values()
)
LONELY = [edge for edge in FILTERED if edge.parent != ROOT]
"""One list for each type of `where`."""


def matches(comparison: str, value: Any, operand: Any) -> bool:
    """Whether a value meets a comparison; without a value only `isNull` can be met."""
    if comparison == "isNull":
        return (value is None) is operand
    return value is not None and COMPARED[comparison](value, operand)


@pytest.mark.untraced  # to trace it takes as long again; other tests go the same ways
@pytest.mark.parametrize("at_root", [True, False])
async def test_every_filter_finds_what_python_finds(client: Client, database_url: str, at_root: bool) -> None:
    made, random = fill(database_url, seed=at_root), Random(at_root)
    seen: set[tuple[str, str, bool]] = set()

    for edge in [edge for edge in FILTERED if (edge.parent == ROOT) is at_root]:
        columns = sorted({column for column, _, _ in edge.comparisons})
        parent = made.parent(edge.parent)
        whole = await edge.of(client, made.admin, parent, f"nodes {{ id {' '.join(columns)} }}", first=100)
        for column, comparison, kind in edge.comparisons:
            parsed = PARSED.get(kind, lambda value: value)
            written = {row["id"]: row[column] for row in whole["nodes"]}
            values = {id: value if value is None else parsed(value) for id, value in written.items()}
            present = [value for value in written.values() if value is not None]
            # Equality for every column; every other comparison once for a type, with nulls and without.
            known = (kind, comparison, len(present) < len(values))
            if comparison != "eq" and known in seen:
                continue
            seen.add(known)
            for operand in operands(comparison, present, random):
                given = [parsed(one) for one in operand] if comparison == "in" else parsed(operand)
                where = {column: {comparison: operand}}
                found = await edge.of(client, made.admin, parent, "nodes { id }", where=where, first=100)

                expected = [id for id, value in values.items() if matches(comparison, value, given)]
                assert [row["id"] for row in found["nodes"]] == expected, (str(edge), where)
                assert expected or comparison in {"lt", "gt", "isNull"}


def operands(comparison: str, present: list[Any], random: Random) -> list[Any]:
    """What to compare with: values that occur."""
    if comparison == "isNull":
        return [True, False]
    if comparison == "in":
        return [random.choices(present, k=2)]
    return [random.choice(present)]


def test_every_type_of_filter_takes_part() -> None:
    kinds = {kind for edge in FILTERED for _, comparison, kind in edge.comparisons if comparison == "eq"}

    assert kinds == {
        "Boolean",
        "DateTime",
        "Decimal",
        "Float",
        "ID",
        "Int",
        "InvoiceStatus",
        "PlanInterval",
        "PostType",
        "QuotaType",
        "Role",
        "String",
        "SubscriptionStatus",
        "ThreadType",
    }


async def test_several_comparisons_of_a_column_must_all_hold(client: Client, database_url: str) -> None:
    user = insert(database_url, "User")
    rows = [{"userId": user, "createdAt": moment, "title": str(n)} for n, moment in enumerate(MOMENTS)]
    insert_many(database_url, "Post", rows)

    where = {"createdAt": {"gt": MOMENTS[0].isoformat(), "lte": MOMENTS[2].isoformat()}}
    found = await POSTS.of(client, user, user, "nodes { title } totalCount", where=where)

    assert found == {"nodes": [{"title": "2"}, {"title": "1"}], "totalCount": 2}


@pytest.mark.parametrize("written", ["2026-03-01T09:00:00.000001Z", "2026-03-01T14:30:00.000001+05:30"])
async def test_a_moment_is_the_same_in_every_zone(client: Client, database_url: str, written: str) -> None:
    user = insert(database_url, "User")
    insert_many(
        database_url, "Post", [{"userId": user, "createdAt": MOMENTS[1], "title": "it"}, {"userId": user}]
    )

    found = await POSTS.of(client, user, user, "nodes { title }", where={"createdAt": {"eq": written}})

    assert found == {"nodes": [{"title": "it"}]}


@pytest.mark.parametrize(
    ("where", "titles"),
    [
        ({}, ["b", "a", None]),
        ({"and": []}, ["b", "a", None]),
        ({"or": []}, []),
        ({"not": {}}, []),
        ({"not": {"or": []}}, ["b", "a", None]),
        ({"not": {"and": []}}, []),
        ({"and": [{}]}, ["b", "a", None]),
        ({"or": [{}]}, ["b", "a", None]),
        ({"title": {}}, ["b", "a", None]),
        ({"title": {"in": []}}, []),
        ({"not": {"title": {"in": []}}}, ["b", "a", None]),
        ({"not": {"title": {"eq": "a"}}}, ["b", None]),
        ({"not": {"not": {"title": {"eq": "a"}}}}, ["a"]),
        ({"or": [{"title": {"eq": "a"}}, {"not": {"title": {"eq": "b"}}}]}, ["a", None]),
        ({"or": [{"title": {"eq": "a"}}], "and": [{"title": {"eq": "b"}}]}, []),
        ({"title": {"isNull": True}}, [None]),
        ({"not": {"title": {"isNull": True}}}, ["b", "a"]),
        ({"title": {"isNull": False, "in": ["a", "c"]}}, ["a"]),
        ({"title": {"eq": "A"}}, []),
        ({"title": {"eq": "' OR true --"}}, []),
        ({"title": {"eq": "%"}}, []),
    ],
)
async def test_combinations_of_none_or_one_or_more(
    client: Client, database_url: str, where: dict[str, Any], titles: list[str | None]
) -> None:
    user = insert(database_url, "User")
    insert_many(database_url, "Post", [{"userId": user, "title": title} for title in (None, "a", "b")])

    found = await POSTS.of(client, user, user, SEEN, where=where)

    assert [row["title"] for row in found["nodes"]] == titles
    assert found["totalCount"] == len(titles)


@pytest.mark.parametrize(
    ("bounds", "times"),
    [
        ({"gte": 0, "lt": 5e-324}, [0]),
        ({"eq": 5e-324}, [5e-324]),
        ({"gt": 0, "lt": 1}, [0.1, 5e-324]),
        ({"eq": 0.1}, [0.1]),
        ({"gt": -1e308, "lt": 1e308}, [1_000_000, 0.1, 5e-324, 0]),
        ({"gte": 1_000_000, "lt": 2**53}, [1_000_000]),
        ({"in": [-1e308, 0, 1e308]}, [0]),
    ],
)
async def test_any_number_can_be_compared_with(
    client: Client, database_url: str, bounds: dict[str, Any], times: list[float]
) -> None:
    user = insert(database_url, "User")
    own = {"userId": user, "threadId": insert(database_url, "Thread", userId=user)}
    rows = [own | {"generationTime": time} for time in (0, 5e-324, 0.1, 1_000_000, None)]
    insert_many(database_url, "ChatMessage", rows)

    found = await MESSAGES.of(
        client, user, user, "nodes { generationTime }", where={"generationTime": bounds}
    )

    assert [row["generationTime"] for row in found["nodes"]] == times


async def test_moments_at_the_ends_of_time_can_be_compared_with(client: Client, database_url: str) -> None:
    user = insert(database_url, "User")
    insert(database_url, "Post", userId=user)
    ends = {"gt": "0001-01-01T00:00:00Z", "lt": "9999-12-31T23:59:59.999999Z"}

    found = await POSTS.of(client, user, user, "totalCount", where={"createdAt": ends})

    assert found == {"totalCount": 1}
