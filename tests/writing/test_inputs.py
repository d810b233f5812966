"""Whatever is sent to whatever mutation: what can't be taken is refused with its field, and never a fault."""

import json
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from uuid_utils.compat import uuid7

from tests.conftest import Client
from tests.writing.arguments import MUTATIONS, Leaf, Path, given, input_of, leaves, lists, written
from tests.writing.people import ERRORS, Person, call, errors_of, person
from zorbit.auth.local import LocalIssuer

pytestmark = pytest.mark.untraced  # to trace them takes as long again; other tests go the same ways

TAKING = [name for name in MUTATIONS if input_of(name)]
EVERY = pytest.mark.parametrize("mutation", TAKING)


def having(*kinds: str) -> pytest.MarkDecorator:
    """Every mutation that takes a value of one of these kinds."""
    found = [name for name in TAKING if {leaf.kind for leaf in leaves(name)} & set(kinds)]
    return pytest.mark.parametrize("mutation", found)


NUL = "a\0b"
LONG = "x" * 100_001
"""Longer than any text; a request holds nine of them."""
HUGE = "x" * 1_000_000
DEEP = json.loads("[" * 9 + "]" * 9)
# What is refused with its field: by itself as the first of its kind, and all of them in turn.
BAD: dict[str, list[Any]] = {
    "String": [NUL],
    "ID": ["nonsense", "", NUL, f"{uuid7()} ", uuid7().hex, "x" * 1000],
    "Decimal": ["1.999", "100000000.00", "-0.01"],
    "JSON": [DEEP, {"a": DEEP[0]}, "x" * (16 * 1024), ["x" * 1000] * 17, {"a": [NUL]}, {NUL: 1}],
}
# What GraphQL itself turns down, and the whole document with it.
UNFIT: dict[str, list[Any]] = {
    "Int": [2**31, -(2**31) - 1, 10**30, 1.5, "1", True],
    "Float": ["1.5", True, [1.5, 2.5]],
    "Boolean": ["true", 1],
    "String": [1, True, {}],
    "ID": [1.5, True, {}],
    "DateTime": [
        *("2099-01-31", "2099-01-31T09:00:00", "2099-02-30T09:00:00Z", NUL, 1),
        *("9999-12-31T23:59:59-01:00", "0001-01-01T00:00:00+01:00"),
    ],
    "Decimal": ["NaN", "Infinity", "1e5", "1,5", "", "1" * 21, 1.5, "\u0661"],
}
# As GraphQL writes it.
UNSTORABLE = [
    "{a: 123456789012345678901234567890}",
    "[18446744073709551616]",
    "1e999",
    "{a: [-1e999]}",
    "[[[[[[[[[1]]]]]]]]]",
    "{a: {a: {a: {a: {a: {a: {a: {a: {a: 1}}}}}}}}}",
    '{a: "\\u0000"}',
]


def turns(mutation: str, kinds: Mapping[str, list[Any]], number: int) -> dict[Path, Any]:
    """A value for each leaf of these kinds, another for each, and in the round `number` others again."""
    found = [leaf for leaf in leaves(mutation) if leaf.kind in kinds]
    first = TAKING.index(mutation) + number
    return {
        leaf.path: kinds[leaf.kind][(first + place) % len(kinds[leaf.kind])]
        for place, leaf in enumerate(found)
    }


@dataclass(frozen=True)
class World:
    """An admin, who may send everything, and what is stored before anything is sent."""

    admin: Person
    before: list[tuple[Any, ...]]

    async def refused(self, mutation: str, values: Mapping[Path, Any]) -> set[tuple[str, str]]:
        """What is wrong with these values."""
        return set(errors_of(await self.admin.call(mutation, self.admin.rows(mutation), values)))

    def inline(self, mutation: str, values: Mapping[Path, Any]) -> str:
        """A call of the mutation with its input written out."""
        made = written(input_of(mutation), given(mutation, self.admin.live, values))
        return f"mutation {{ {mutation}(input: {made}) {{ {ERRORS} }} }}"


@pytest.fixture(scope="module")
async def world(
    served: Starlette, worker_database: str, data_dir: Any, sweep: Callable[[], object]
) -> AsyncIterator[World]:
    """One world for all tests of this file: none of them writes anything."""
    transport = httpx.ASGITransport(app=served)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http:
        admin = person(worker_database, Client(http, LocalIssuer.open(data_dir)), "admin")
        yield World(admin, admin.stored())
    sweep()


def bad(leaves: list[Leaf]) -> set[tuple[str, str]]:
    return {("BAD_USER_INPUT", str(leaf)) for leaf in leaves}


def test_only_what_needs_no_input_takes_none() -> None:
    assert {name for name in MUTATIONS if name not in TAKING} == {"deleteViewer"}


@EVERY
async def test_everything_wrong_with_an_input_is_told_at_once(world: World, mutation: str) -> None:
    wrong = [leaf for leaf in leaves(mutation) if leaf.kind in BAD]
    texts = [leaf for leaf in wrong if leaf.kind == "String"]

    for number in range(2 + len(texts) // 9):
        long = {leaf.path: LONG for leaf in texts[9 * number - 9 :][:9] if number}
        assert await world.refused(mutation, turns(mutation, BAD, number) | long) == bad(wrong)

    assert world.admin.stored() == world.before


@EVERY
async def test_each_wrong_value_alone_is_refused_with_its_field(world: World, mutation: str) -> None:
    for leaf in [leaf for leaf in leaves(mutation) if leaf.kind in BAD]:
        assert await world.refused(mutation, {leaf.path: BAD[leaf.kind][0]}) == bad([leaf])

    assert world.admin.stored() == world.before


@pytest.mark.parametrize("mutation", [name for name in TAKING if lists(name)])
async def test_a_list_has_an_end_and_a_beginning(world: World, mutation: str) -> None:
    for leaf in lists(mutation):
        (item,) = given(mutation, world.admin.live, {(*leaf.path, "0", "-"): None})[leaf.path[0]]
        for entries in [[item] * 101] + [[]] * (leaf.kind != "String"):
            assert await world.refused(mutation, {leaf.path: entries}) == bad([leaf])

    assert world.admin.stored() == world.before


@having("String")
async def test_a_text_of_a_megabyte_is_refused_with_its_field(world: World, mutation: str) -> None:
    leaf = next(leaf for leaf in leaves(mutation) if leaf.kind == "String")

    assert await world.refused(mutation, {leaf.path: HUGE}) == bad([leaf])

    assert world.admin.stored() == world.before


@having("JSON")
async def test_json_that_postgresql_cannot_hold_is_refused_though_graphql_can_write_it(
    world: World, mutation: str
) -> None:
    for leaf in [leaf for leaf in leaves(mutation) if leaf.kind == "JSON"]:
        for text in UNSTORABLE:
            response = await world.admin.send(world.inline(mutation, {leaf.path: text}))
            assert set(errors_of(response.json())) == bad([leaf]), text

    assert world.admin.stored() == world.before


@having(*UNFIT)
async def test_what_no_value_of_its_type_can_be_is_refused_by_graphql(world: World, mutation: str) -> None:
    unfit = [leaf for leaf in leaves(mutation) if leaf.kind in UNFIT]

    for number in range(2):
        values = turns(mutation, UNFIT, number)
        errors = (await world.admin.call(mutation, world.admin.live, values))["errors"]
        assert {error["extensions"]["code"] for error in errors} == {"BAD_USER_INPUT"}
        assert [leaf for leaf in unfit if not any(at(leaf) in error["message"] for error in errors)] == []

    assert world.admin.stored() == world.before


def at(leaf: Leaf) -> str:
    """How GraphQL itself says where in a variable something is."""
    return f" at {''.join(f'[{part}]' if part.isdigit() else f'.{part}' for part in leaf.path)}: "


async def test_half_a_surrogate_pair_is_refused_however_it_is_written(world: World) -> None:
    for mutation in TAKING:
        texts = [leaf for leaf in leaves(mutation) if leaf.kind in {"String", "JSON", "ID"}]
        half = {leaf.path: "\ud800" for leaf in texts}
        document, variables = call(mutation, given(mutation, world.admin.live, half))
        half |= {leaf.path: json.dumps("\ud800") for leaf in texts if leaf.kind == "JSON"}

        answers = [
            await world.admin.send(document, content=json.dumps({"query": document, "variables": variables})),
            await world.admin.send(world.inline(mutation, half)),
        ]

        codes = [[error["extensions"]["code"] for error in answer.json()["errors"]] for answer in answers]
        assert codes == [["BAD_USER_INPUT"], ["GRAPHQL_PARSE_FAILED"]]
    assert world.admin.stored() == world.before
