"""Every limit lets through what reaches it exactly, and refuses one more, before anything else is done."""

from collections.abc import Callable
from importlib import import_module
from typing import Any

import pytest
from graphql import get_introspection_query

from bench.places import PEERS
from tests.limits.conftest import Serve
from zorbit import graphiql
from zorbit.engine.http import OBJECTS_LIMIT, VALUES_LIMIT


def several(text: str, number: int) -> str:
    """`text`, with the number of each in place of `#`."""
    return " ".join(text.replace("#", str(place)) for place in range(number))


def below(depth: int) -> str:
    """Fields below one another."""
    names = ["viewer", *["subscription", "user"] * depth][: depth - 1]
    return "{" + "{".join(names) + "{ __typename" + "}" * depth


def fragments(number: int) -> str:
    """A document of that many definitions."""
    spread, made = several("...F#", number - 1), several("fragment F# on User { id }", number - 1)
    return f"{{ viewer {{ {spread} }} }} {made}"


LIMITS: list[tuple[str, int, Callable[[int], str], str | None]] = [
    ("characters", 10_000, "{ viewer { id } }".ljust, None),
    ("tokens", 500, lambda number: f"{{ viewer {{ {'id ' * (number - 5)} }} }}", None),
    ("definitions", 10, fragments, None),
    ("depth", 20, below, below(21).strip("{}").replace("{ ", ".").replace("{", ".")),
    ("fields", 300, lambda number: f"{{ viewer {{ {several('a#: id', number - 1)} }} }}", "viewer"),
    ("root_fields", 3, lambda number: f"{{ {several('a#: viewer { id }', number)} }}", None),
    ("aliases", 3, lambda number: f"{{ viewer {{ {several('a#: id', number)} }} }}", "viewer"),
    (
        "directives",
        3,
        lambda number: f"{{ viewer {{ {several('a#: id @include(if: true)', number)} }} }}",
        "viewer",
    ),
    ("repeats", 50, lambda number: f"{{ viewer {{ {'id ' * (number + 1)} }} }}", "viewer.id"),
    (
        "lists",
        2,
        lambda number: f"{{ viewer {{ {several('a#: posts { totalCount }', number)} }} }}",
        "viewer",
    ),
]
TOLD = 50
"""Errors of variables that are told, before one that says that there are more."""
WIDE = {"limit_repeats": 1_000, "limit_aliases": 10_000, "limit_definitions": 1_000}


@pytest.mark.parametrize(("name", "limit", "document", "path"), LIMITS, ids=[name for name, *_ in LIMITS])
async def test_what_reaches_a_limit_passes_and_one_more_is_refused(
    serve: Serve, name: str, limit: int, document: Callable[[int], str], path: str | None
) -> None:
    async with serve(**WIDE | {f"limit_{name}": limit}) as both:
        allowed = await both.ask(document(limit))
        refused = await both.ask(document(limit + 1))

    assert "errors" not in allowed
    told = "rootFields" if name == "root_fields" else name
    extensions = {"code": "QUERY_TOO_COMPLEX", "measure": told, "value": limit + 1, "limit": limit}
    where = f"; most of it at `{path}`" if path else ""
    assert refused == {
        "errors": [
            {
                "message": f"the operation is too complex: {told} {limit + 1}, the limit is {limit}{where}",
                "extensions": extensions | ({"path": path} if path else {}),
            }
        ]
    }


def doubling(levels: int) -> str:
    """Fragments that unfold to a power of two."""
    made = " ".join(
        f"fragment F{n} on User {{ a: subscription {{ user {{ ...F{n + 1} }} }} "
        f"b: subscription {{ user {{ ...F{n + 1} }} }} }}"
        for n in range(levels)
    )
    return f"{{ viewer {{ ...F0 }} }} {made} fragment F{levels} on User {{ id }}"


def circling(number: int) -> str:
    """Fragments each of which spreads all of them."""
    spread = several("...F#", number)
    return f"{{ viewer {{ ...F0 }} }} {several(f'fragment F# on User {{ id {spread} }}', number)}"


@pytest.mark.parametrize(
    ("query", "measures"),
    [
        (doubling(14), {"fields", "aliases", "depth"}),
        (doubling(60), {"fields", "aliases", "depth"}),
        (f"{{ viewer {{ {'subscription { id } ' * 400} }} }}", {"repeats"}),
        (f"{{ {several('a#: viewer { email }', 105)} }}", {"aliases"}),
        (f"{{ viewer {{ {several('a#: posts(first: 1) { totalCount }', 100)} }} }}", {"lists"}),
        ("{ viewer { id } } " + "#\n" * 3_000, {"tokens"}),
    ],
)
async def test_what_would_cost_the_server_much_is_refused_by_its_measures(
    serve: Serve, query: str, measures: set[str]
) -> None:
    async with serve() as both:
        refused = await both.ask(query)

    assert {error["extensions"]["measure"] for error in refused["errors"]} == measures
    assert {error["extensions"]["code"] for error in refused["errors"]} == {"QUERY_TOO_COMPLEX"}


@pytest.mark.parametrize("number", [1, 2, 20])
async def test_fragments_in_circles_are_told_as_such(serve: Serve, number: int) -> None:
    async with serve() as both:
        refused = await both.ask(circling(number))

    assert {error["extensions"]["code"] for error in refused["errors"]} == {"GRAPHQL_VALIDATION_FAILED"}
    assert "within itself" in refused["errors"][0]["message"]


async def test_a_fragment_that_is_used_nowhere_is_measured_too(serve: Serve) -> None:
    unused = f"fragment Unused on User {{ {'subscription { id } ' * 400} }}"
    async with serve() as both:
        refused = await both.ask(f"{{ viewer {{ id }} }} {unused}")

    assert [error["extensions"]["measure"] for error in refused["errors"]] == ["repeats"]


async def test_what_is_wrong_is_not_told_at_any_length(serve: Serve) -> None:
    unknown = several(f"{'x' * 140}#: 1", 600)
    async with serve() as both:
        refused = await both.ask(f"{{ viewer {{ posts(where: {{{unknown}}}) {{ totalCount }} }} }}")

    assert {error["extensions"]["code"] for error in refused["errors"]} == {"GRAPHQL_VALIDATION_FAILED"}
    assert max(len(error["message"]) for error in refused["errors"]) < 1_100


async def test_variables_hold_so_many_values_and_no_more(serve: Serve) -> None:
    query = "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }"
    async with serve() as both:
        allowed = await both.ask(query, {"ids": ["x"] * (VALUES_LIMIT - 2)})
        refused = await both.ask(query, {"ids": ["x"] * (VALUES_LIMIT - 1)})

    assert "at most 100 ids" in allowed["errors"][0]["message"]
    assert refused["errors"] == [
        {
            "message": f"`variables` hold at most {VALUES_LIMIT} values",
            "extensions": {"code": "BAD_USER_INPUT"},
        }
    ]


async def test_variables_hold_so_many_objects_and_no_more(serve: Serve) -> None:
    query = "query ($w: PostWhere!) { viewer { posts(where: $w) { nodes { id } } } }"
    async with serve() as both:
        allowed = await both.ask(query, {"w": {"or": [{}] * (OBJECTS_LIMIT - 2)}})
        refused = await both.ask(query, {"w": {"or": [{}] * (OBJECTS_LIMIT - 1)}})

    assert "conditions" in allowed["errors"][0]["message"]
    assert refused["errors"][0]["message"] == f"`variables` hold at most {OBJECTS_LIMIT} objects"


async def test_of_variables_that_are_all_wrong_only_those_that_are_told_are_looked_at(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[str] = []

    def suggested(name: str, _known: object) -> list[str]:
        looked.append(name)
        return []

    # By its name in `sys.modules`: in its package a function of that name hides the module.
    validating = import_module("graphql.utilities.validate_input_value")
    monkeypatch.setattr(validating, "suggestion_list", suggested)
    query = "query ($where: PostWhere) { viewer { posts(where: $where) { totalCount } } }"
    unknown = {f"unknown{number}": 1 for number in range(VALUES_LIMIT - 100)}
    async with serve() as both:
        refused = await both.ask(query, {"where": unknown})

    assert len(refused["errors"]) == TOLD + 1
    assert len(looked) == 2 * (TOLD + 1)  # by the resolvers, which tell it, of either server


KNOWN = [
    get_introspection_query(
        specified_by_url=True,
        directive_is_repeatable=True,
        schema_description=True,
        input_value_deprecation=True,
    ),
    *(example["query"] for example in graphiql.examples()),
    *(
        path.read_text()
        for dialect in ("zorbit", "zorbit-admin", "similar")
        for path in sorted((PEERS / "queries" / dialect).iterdir())
    ),
]


async def test_what_clients_really_ask_fits(serve: Serve) -> None:
    variables: dict[str, Any] = {"counted": True, "id": "x", "ids": [], "where": {}}
    async with serve() as both:
        found = [
            await both.clients[0].run(query, variables, by=None if "mutation" in query else both.user)
            for query in KNOWN
        ]

    codes = {error["extensions"]["code"] for answer in found for error in answer.get("errors", ())}
    assert "QUERY_TOO_COMPLEX" not in codes
