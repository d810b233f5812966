"""Which sizes and directions of pages are refused, of every list."""

from typing import Any

import pytest

from tests.conftest import Client
from tests.rows import insert
from tests.schema.lists import LISTS, ROOT, Edge
from tests.schema.pages import ID, QUERY, cursor, refusal
from tests.schema.workspace import fill

BOTH_WAYS = "page forwards with `first` and `after`, or backwards with `last` and `before`, not both"
BAD_PAGES: list[tuple[dict[str, Any], str]] = [
    ({"first": 101}, "first"),
    ({"last": -1}, "last"),
    ({"after": "x"}, "after"),
    ({"before": "x"}, "before"),
]


@pytest.mark.parametrize(
    "arguments",
    [
        {"first": 1, "last": 1},
        {"first": 1, "before": cursor("created_at-", 0, ID)},
        {"last": 1, "after": cursor("created_at-", 0, ID)},
        {"after": cursor("created_at-", 0, ID), "before": cursor("created_at-", 0, ID)},
        {"first": 0, "last": 0},
        {"first": 101, "last": 1},
    ],
)
async def test_both_directions_at_once_are_refused(
    client: Client, database_url: str, arguments: dict[str, Any]
) -> None:
    user = insert(database_url, "User")

    answer = await client.run(QUERY, arguments, by=user)

    assert refusal(answer) == (BOTH_WAYS, {"code": "BAD_USER_INPUT"})
    assert answer["data"] == {"viewer": None}


@pytest.mark.parametrize("name", ["first", "last"])
@pytest.mark.parametrize("size", [-1, 101, 2**31 - 1, -(2**31)])
async def test_a_size_out_of_bounds_is_refused(
    client: Client, database_url: str, name: str, size: int
) -> None:
    user = insert(database_url, "User")

    answer = await client.run(QUERY, {name: size}, by=user)

    message = f"`{name}` must be between 0 and 100, not {size}"
    assert refusal(answer) == (message, {"code": "BAD_USER_INPUT", "field": name})


@pytest.mark.parametrize("size", [2**31, 1.5, "1", True, [1]])
async def test_a_size_that_is_no_int_is_refused(client: Client, database_url: str, size: Any) -> None:
    user = insert(database_url, "User")

    answer = await client.run(QUERY, {"first": size}, by=user)

    message, extensions = refusal(answer)
    assert message.startswith("Variable '$first' has invalid value: Int cannot represent non")
    assert extensions == {"code": "BAD_USER_INPUT"}
    assert "data" not in answer


@pytest.mark.parametrize("edge", [edge for edge in LISTS if edge.parent == ROOT], ids=str)
async def test_every_list_at_the_root_holds_its_page_arguments_to_the_rules(
    client: Client, database_url: str, edge: Edge
) -> None:
    admin = insert(database_url, "User", role="admin")

    for arguments, field in BAD_PAGES:
        answer = await client.run(edge.query("nodes { __typename }", arguments), arguments, by=admin)

        assert refusal(answer)[1] == {"code": "BAD_USER_INPUT", "field": field}
        assert answer["data"] == {"found": None}


async def test_every_list_below_a_row_holds_its_page_arguments_to_the_rules(
    client: Client, database_url: str
) -> None:
    made = fill(database_url)

    for edge in [edge for edge in LISTS if edge.parent != ROOT]:
        for arguments, field in BAD_PAGES:
            query = edge.query("nodes { __typename }", arguments)
            answer = await client.run(query, arguments | {"id": str(made.parent(edge.parent))}, by=made.admin)

            assert refusal(answer)[1] == {"code": "BAD_USER_INPUT", "field": field}, str(edge)
