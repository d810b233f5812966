"""`operationCost` tells what an operation would come to, and runs nothing."""

from typing import Any

import pytest

from tests import rows
from tests.limits.conftest import Both, Serve
from zorbit.config import Settings

QUERY = """query ($document: String!, $variables: JSON, $name: String) {
    operationCost(document: $document, variables: $variables, operationName: $name) {
        fits
        cost { name value limit path }
        measures { name value limit path }
    }
}"""
PAGES = "query Pages($n: Int) { viewer { posts(first: $n) { nodes { id title } } } }"

DEEP = "persona { posts(first: 100) { nodes { id } } }"


async def told(both: Both, document: str, variables: Any = None, name: str | None = None) -> Any:
    """What is told of a document."""
    asked = {"document": document, "variables": variables, "name": name}
    return (await both.ask(QUERY, asked))["data"]["operationCost"]


async def test_it_tells_the_cost_that_a_request_with_these_variables_would_have(serve: Serve) -> None:
    async with serve() as both:
        found = await told(both, PAGES, {"n": 30}, "Pages")

        assert found["cost"]["value"] == await both.cost(PAGES, {"n": 30}) == 20 + 30 * 12
    assert found["cost"] == {
        "name": "cost",
        "value": 380,
        "limit": Settings().limit_cost,
        "path": "viewer.posts.nodes",
    }
    assert found["fits"]
    measures = {one["name"]: (one["value"], one["limit"]) for one in found["measures"]}
    assert measures == {
        "characters": (len(PAGES), 100_000),
        "tokens": (27, 2_000),
        "definitions": (1, 100),
        "depth": (4, 25),
        "fields": (5, 2_000),
        "rootFields": (1, 50),
        "aliases": (0, 100),
        "directives": (0, 50),
        "repeats": (0, 200),
        "lists": (1, 40),
        "cost": (380, 500_000),
    }


async def test_what_does_not_fit_is_told_and_not_refused(serve: Serve) -> None:
    wide = "{ viewer { " + " ".join(f"a{n}: id" for n in range(101)) + " } }"
    doubling = " ".join(f"fragment F{n} on User {{ ...F{n + 1} ...F{n + 1} }}" for n in range(60))
    async with serve(limit_cost=100_000) as both:
        aliased = await told(both, wide)
        endless = await told(both, f"{{ viewer {{ ...F0 }} }} {doubling} fragment F60 on User {{ id }}")
        large = await told(both, PAGES.replace("title", DEEP), {"n": 100})

    assert (aliased["fits"], aliased["cost"]) == (False, None)
    assert {"name": "aliases", "value": 101, "limit": 100, "path": "viewer"} in aliased["measures"]
    assert (endless["fits"], endless["cost"]) == (False, None)
    assert {one["name"]: one["value"] for one in endless["measures"]}["fields"] == 2**31 - 1
    assert not large["fits"]
    assert large["cost"]["value"] > large["cost"]["limit"] == 100_000


async def test_a_mutation_is_priced_and_not_done(serve: Serve, database_url: str) -> None:
    async with serve() as both:
        found = await told(both, 'mutation { createThread(input: {title: "x"}) { thread { id } } }')

    assert found["cost"]["value"] == 5_011
    assert rows.fetch(database_url, 'SELECT count(*) FROM "Thread"') == [(0,)]


@pytest.mark.parametrize(
    ("document", "variables", "name", "field", "message"),
    [
        ("{ viewer {", None, None, "document", "Syntax Error: Expected Name, found <EOF>."),
        (
            "{ viewer }",
            None,
            None,
            "document",
            "Field 'viewer' of type 'User' must have a selection of subfields.",
        ),
        (PAGES, [1], None, "variables", "`variables` must be an object"),
        (PAGES, None, "Others", "document", "name the operation to run: `operationName`"),
    ],
)
async def test_a_faulty_document_is_refused(
    serve: Serve, document: str, variables: Any, name: str | None, field: str, message: str
) -> None:
    async with serve() as both:
        answer = await both.ask(QUERY, {"document": document, "variables": variables, "name": name})

    (error,) = answer["errors"]
    assert error["message"].startswith(message)
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "field": field}


async def test_it_costs_more_than_what_it_tells_of(serve: Serve) -> None:
    async with serve() as both:
        assert await both.cost('{ operationCost(document: "{ viewer { id } }") { fits } }') == 50_001
