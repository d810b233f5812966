"""Lists as variables, good and bad, are taken as graphql-core takes them."""

from typing import Any
from uuid import UUID

import pytest

from tests.reading.conftest import sweep
from tests.reading.twins import Twins
from tests.rows import insert

QUERY = "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }"
OWN, NOBODY = "(own)", str(UUID(int=7))
"""The first stands for the caller's id."""
GOOD = [[], [OWN], [OWN, NOBODY, OWN], OWN]
BAD: list[Any] = [
    [OWN, None],
    None,
    [1, OWN],
    [True],
    [1.5],
    [[OWN]],
    [{}],
    {},
    "x",
    ["x"] * 2_000,
    [OWN] * 101,
]


def filled(given: Any, id: UUID) -> Any:
    """What is given, with the id in its place."""
    if isinstance(given, list):
        return [filled(one, id) for one in given]
    return str(id) if given == OWN else given


@pytest.mark.parametrize("given", [*GOOD, *BAD], ids=lambda given: repr(given)[:30])
async def test_lists_are_taken_alike(twins: Twins, given: Any) -> None:
    user = insert(twins.url, "User")
    body = {"query": QUERY, "variables": {"ids": filled(given, user)}}

    plans, resolvers = await twins.ask(body, user)
    sweep(twins.url)

    assert plans.same(resolvers), (plans.text, resolvers.text)
    assert plans.compiled == (given in GOOD)
