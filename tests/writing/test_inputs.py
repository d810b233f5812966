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
from tests.models.cases import workspace
from tests.rows import PLAIN, fetch, insert
from tests.writing.arguments import MUTATIONS, Ids, Leaf, Path, given, input_of, leaves, lists, written
from zorbit.auth.local import LocalIssuer

TAKING = [name for name in MUTATIONS if input_of(name)]
EVERY = pytest.mark.parametrize("mutation", TAKING)


def having(*kinds: str) -> pytest.MarkDecorator:
    """Every mutation that takes a value of one of these kinds."""
    found = [name for name in TAKING if {leaf.kind for leaf in leaves(name)} & set(kinds)]
    return pytest.mark.parametrize("mutation", found)


ERRORS = "userErrors { code message field }"

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
EXTREMES: list[dict[str, Any]] = [
    {
        "String": "",
        "ID": "00000000-0000-0000-0000-000000000000",
        "Int": -(2**31),
        "Float": -1.7e308,
        "DateTime": "0001-01-01T00:00:00Z",
        "Decimal": "-99999999999999999999.9999999999",
        "JSON": [],
        "Boolean": True,
    },
    {
        "String": "\U0010ffff" * 300,
        "Int": 2**31 - 1,
        "Float": 1.7e308,
        "DateTime": "9999-12-31T23:59:59.999999Z",
        "Decimal": "99999999.99",
        "JSON": {"": "\U0010ffff" * 3000},
        "Boolean": False,
    },
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
    """An admin with a row of everything, and what is told to the server for them."""

    url: str
    client: Client
    token: str
    ids: Ids
    before: list[tuple[Any, ...]]
    """What is stored before anything is sent."""

    async def send(
        self, document: str, variables: Any = None, *, content: str | None = None
    ) -> httpx.Response:
        """The response; `content` in place of the whole body."""
        body = content or json.dumps({"query": document, "variables": variables}, ensure_ascii=False)
        headers = {"authorization": f"Bearer {self.token}", "content-type": "application/json"}
        return await self.client.http.post("/graphql", content=body.encode(), headers=headers)

    async def refused(self, mutation: str, values: dict[Path, Any]) -> set[tuple[str, str]]:
        """(code, field) of each error in the payload of a mutation that shows nothing else."""
        response = await self.send(*call(mutation, given(mutation, self.ids, values)))
        return errors_of(response.json())

    def stored(self) -> list[tuple[Any, ...]]:
        """Everything that is stored, as one line a table."""
        return fetch(self.url, CHECKSUMS)


CHECKSUMS = " UNION ALL ".join(
    f"SELECT '{table}', count(*), md5(string_agg(t::text, ',' ORDER BY id)) FROM \"{table}\" t"
    for table in PLAIN
)


def errors_of(answer: Any) -> set[tuple[str, str]]:
    """(code, field) of each error in the payload that is the answer."""
    assert "errors" not in answer, answer
    (payload,) = answer["data"].values()
    return {(error["code"], ".".join(error["field"] or [])) for error in payload["userErrors"]}


def call(mutation: str, given: Any) -> tuple[str, dict[str, Any]]:
    title = mutation[0].upper() + mutation[1:]
    document = f"mutation($input: {title}Input!) {{ {mutation}(input: $input) {{ {ERRORS} }} }}"
    return document, {"input": given}


def inline(mutation: str, given: Any) -> str:
    """A call of the mutation with its input written out."""
    return f"mutation {{ {mutation}(input: {written(input_of(mutation), given)}) {{ {ERRORS} }} }}"


def populated(url: str) -> Ids:
    ids = {table: uuid7() for table in PLAIN}
    for table, values in workspace(ids).items():
        insert(url, table, **values | ({"role": "admin"} if table == "User" else {}))
    return ids


@pytest.fixture(scope="module")
async def world(
    served: Starlette, worker_database: str, data_dir: Any, sweep: Callable[[], object]
) -> AsyncIterator[World]:
    """The same world for all tests that write nothing."""
    ids = populated(worker_database)
    transport = httpx.ASGITransport(app=served)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http:
        client = Client(http, LocalIssuer.open(data_dir))
        yield World(
            worker_database, client, client.token(ids["User"]), ids, fetch(worker_database, CHECKSUMS)
        )
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

    assert world.stored() == world.before


@EVERY
async def test_each_wrong_value_alone_is_refused_with_its_field(world: World, mutation: str) -> None:
    for leaf in [leaf for leaf in leaves(mutation) if leaf.kind in BAD]:
        assert await world.refused(mutation, {leaf.path: BAD[leaf.kind][0]}) == bad([leaf])

    assert world.stored() == world.before


@pytest.mark.parametrize("mutation", [name for name in TAKING if lists(name)])
async def test_a_list_has_an_end_and_a_beginning(world: World, mutation: str) -> None:
    for leaf in lists(mutation):
        (item,) = given(mutation, world.ids, {(*leaf.path, "0", "-"): None})[leaf.path[0]]
        for entries in [[item] * 101] + [[]] * (leaf.kind != "String"):
            assert await world.refused(mutation, {leaf.path: entries}) == bad([leaf])

    assert world.stored() == world.before


@having("String")
async def test_a_text_of_a_megabyte_is_refused_with_its_field(world: World, mutation: str) -> None:
    leaf = next(leaf for leaf in leaves(mutation) if leaf.kind == "String")

    assert await world.refused(mutation, {leaf.path: HUGE}) == bad([leaf])

    assert world.stored() == world.before


@having("JSON")
async def test_json_that_postgresql_cannot_hold_is_refused_though_graphql_can_write_it(
    world: World, mutation: str
) -> None:
    for leaf in [leaf for leaf in leaves(mutation) if leaf.kind == "JSON"]:
        for text in UNSTORABLE:
            document = inline(mutation, given(mutation, world.ids, {leaf.path: text}))
            answer = (await world.send(document)).json()
            assert errors_of(answer) == bad([leaf]), text

    assert world.stored() == world.before


@having(*UNFIT)
async def test_what_no_value_of_its_type_can_be_is_refused_by_graphql(world: World, mutation: str) -> None:
    unfit = [leaf for leaf in leaves(mutation) if leaf.kind in UNFIT]

    for number in range(2):
        values = turns(mutation, UNFIT, number)
        response = await world.send(*call(mutation, given(mutation, world.ids, values)))
        errors = response.json()["errors"]
        assert {error["extensions"]["code"] for error in errors} == {"BAD_USER_INPUT"}
        assert [leaf for leaf in unfit if not any(at(leaf) in error["message"] for error in errors)] == []

    assert world.stored() == world.before


def at(leaf: Leaf) -> str:
    """How GraphQL itself says where in a variable something is."""
    return f" at {''.join(f'[{part}]' if part.isdigit() else f'.{part}' for part in leaf.path)}: "


async def test_half_a_surrogate_pair_is_refused_however_it_is_written(world: World) -> None:
    for mutation in TAKING:
        texts = [leaf for leaf in leaves(mutation) if leaf.kind in {"String", "JSON", "ID"}]
        half = {leaf.path: "\ud800" for leaf in texts}
        document, variables = call(mutation, given(mutation, world.ids, half))
        half |= {leaf.path: json.dumps("\ud800") for leaf in texts if leaf.kind == "JSON"}

        answers = [
            await world.send(document, content=json.dumps({"query": document, "variables": variables})),
            await world.send(inline(mutation, given(mutation, world.ids, half))),
        ]

        codes = [[error["extensions"]["code"] for error in answer.json()["errors"]] for answer in answers]
        assert codes == [["BAD_USER_INPUT"], ["GRAPHQL_PARSE_FAILED"]]
    assert world.stored() == world.before


@EVERY
async def test_extremes_are_taken_or_refused_and_never_a_fault(
    client: Client, database_url: str, mutation: str
) -> None:
    ids = populated(database_url)
    world = World(database_url, client, client.token(ids["User"]), ids, [])
    required = given(mutation, ids, {})

    for values in [
        *(
            {leaf.path: extreme[leaf.kind] for leaf in leaves(mutation) if leaf.kind in extreme}
            for extreme in EXTREMES
        ),
        {leaf.path[:1]: None for leaf in leaves(mutation) if leaf.path[0] not in required},
    ]:
        response = await world.send(*call(mutation, given(mutation, ids, values)))
        codes = {error["extensions"]["code"] for error in response.json().get("errors", [])}
        assert codes <= {"UNAUTHENTICATED"}, (values, response.text)
