"""What an operation costs follows from its text and its variables, and is known before it runs."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.limits.conftest import Serve
from zorbit.engine.formulas import Listed

PAGE = "{ viewer { posts%s { nodes { id title } } } }"
DEEP = """query ($n: Int) {
    viewer { posts(first: $n) { nodes { persona { posts(first: 100) { nodes { id } } } } } }
}"""


@pytest.mark.parametrize(
    ("query", "variables", "cost"),
    [
        ("{ viewer { id email } }", None, 12),
        ("{ viewer { id } ... on Query { viewer { id email } } }", None, 12),
        (PAGE % "", None, 10 + 10 + 20 * 12),
        (PAGE % "(first: 3)", None, 10 + 10 + 3 * 12),
        (PAGE % "(last: 0)", None, 10 + 10),
        (PAGE % "(first: 1000000)", None, 10 + 10 + 100 * 12),
        ("query ($n: Int) " + PAGE % "(first: $n)", {"n": 3}, 10 + 10 + 3 * 12),
        ("query ($n: Int) " + PAGE % "(first: $n)", {"n": None}, 10 + 10 + 20 * 12),
        ("query ($n: Int) " + PAGE % "(first: $n)", None, 10 + 10 + 20 * 12),
        ("query ($n: Int = 7) " + PAGE % "(last: $n)", None, 10 + 10 + 7 * 12),
        ("query ($n: Int, $m: Int) " + PAGE % "(first: $n, last: $m)", {"m": 5}, 10 + 10 + 5 * 12),
        ("query ($n: Int) " + PAGE % "(first: $n)", {"n": -4}, 10 + 10),
        (PAGE.replace("id title", "...P") % "(first: 2)" + " fragment P on Post { id title id }", None, 44),
        ("{ viewer { posts(first: 2) { edges { cursor node { id } } } } }", None, 20 + 2 * (1 + 1 + 11)),
        ("{ viewer { posts(first: 2) { totalCount } } }", None, 20 + 50),
        ('{ viewer { posts(first: 2, search: "x") { totalCount } } }', None, 20 + 50 + 200),
        ("{ viewer { posts(first: 1, where: {type: {in: [POST, POST]}}) { totalCount } } }", None, 120 + 20),
        (
            "query ($w: PostWhere) { viewer { posts(where: $w) { totalCount } } }",
            {"w": {"or": [{"type": {"in": ["POST", "POST"]}}]}},
            120 + 10 + 200 + 200 + 20,
        ),
        (
            "query ($w: PostWhere!) { viewer { posts(where: {or: [$w, {not: {}}]}) { totalCount } } }",
            {"w": {"isSaved": {"eq": True}}},
            120 + 2 * (10 + 200 + 200),
        ),
        ("query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", {"ids": [str(uuid4())] * 3}, 3 * (11 + 10)),
        (f'query ($ids: [ID!] = ["{UUID(int=7)}"]) {{ nodes(ids: $ids) {{ id }} }}', None, 11 + 10),
        ("{ viewer { id @skip(if: true) email } }", None, 12),
        ("mutation { deleteViewer { deletedId } }", None, 5_001),
    ],
)
async def test_a_cost_is_a_sum_over_what_is_selected_and_page_sizes_multiply(
    serve: Serve, query: str, variables: dict[str, Any] | None, cost: int
) -> None:
    async with serve() as both:
        if query.startswith("mutation"):
            answer = await both.clients[0].http.post(
                "/graphql", json={"query": query, "extensions": {"cost": True}}
            )
            assert answer.json()["extensions"]["cost"] == {"requested": cost, "limit": 500_000}
        else:
            assert await both.cost(query, variables) == cost


async def test_page_sizes_of_variables_multiply_and_count_anew_in_each_request(serve: Serve) -> None:
    async with serve() as both:
        found = [await both.cost(DEEP, {"n": number}) for number in (0, 1, 2, 50)]

    row = 10 + 10 + 10 + 100 * 11
    assert found == [20, 20 + row, 20 + 2 * row, 20 + 50 * row]


async def test_a_cost_that_reaches_its_limit_passes_and_one_more_is_refused(serve: Serve) -> None:
    async with serve() as both:
        cost = await both.cost(DEEP, {"n": 100})
    async with serve(limit_cost=cost) as both:
        assert "errors" not in await both.ask(DEEP, {"n": 100})
    async with serve(limit_cost=cost - 1) as both:
        refused = await both.ask(DEEP, {"n": 100}, extensions={"cost": True})
        allowed = await both.ask(DEEP, {"n": 99})

    path = "viewer.posts.nodes.persona.posts.nodes"
    assert refused["errors"] == [
        {
            "message": f"the operation is too complex: cost {cost}, the limit is {cost - 1}; "
            f"most of it at `{path}`",
            "extensions": {
                "code": "QUERY_TOO_COMPLEX",
                "measure": "cost",
                "value": cost,
                "limit": cost - 1,
                "path": path,
            },
        }
    ]
    assert "data" not in refused
    assert refused["extensions"]["cost"] == {"requested": cost, "limit": cost - 1}
    assert "errors" not in allowed


async def test_values_are_not_counted_anew_for_each_field_that_takes_them(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted, count = [], Listed.of

    def of(self: Listed, variables: Mapping[str, Any]) -> int:
        counted.append(self.name)
        return count(self, variables)

    monkeypatch.setattr(Listed, "of", of)
    fields = " ".join(f"p{number}: posts(where: $w) {{ totalCount }}" for number in range(30))
    query = f"query ($w: PostWhere) {{ viewer {{ {fields} }} }}"
    async with serve() as both:
        refused = await both.ask(query, {"w": {"title": {"in": ["x"] * 2_000}}})

    assert [error["extensions"]["measure"] for error in refused["errors"]] == ["cost"]
    assert (
        len(counted) < 2 * 5
    )  # by either server: what it comes to, if that is too much, and where it arises


async def test_the_operation_that_is_named_counts_and_not_its_neighbours(serve: Serve) -> None:
    query = "query A { viewer { id } } query B { viewer { id email name } }"
    async with serve() as both:
        found = [await both.cost(query, operationName=name) for name in ("A", "B")]

    assert found == [11, 13]
