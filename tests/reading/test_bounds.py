"""What is kept of operations is bounded, whatever is sent."""

import gc
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from typing import Any
from uuid import UUID

import pytest
from graphql import NameNode
from sqlalchemy import CompoundSelect

from tests.examples import examples
from tests.reading.conftest import sweep
from tests.reading.twins import Twins
from tests.rows import insert, insert_many
from zorbit.engine import compiled, lists, nodes, remembered, wire
from zorbit.engine.levels import Level
from zorbit.engine.planning import Planner
from zorbit.engine.plans import Plan
from zorbit.engine.statements import Prepared, prepared

pytestmark = pytest.mark.untraced  # to trace them takes twice as long; other tests go the same ways

DOCUMENTS = 100
"""That the cache holds: fewer than in a server, which takes seconds to fill."""
FULL = DOCUMENTS + 20
TEXTS = examples(80)
"""What comes when the cache is full."""


@pytest.fixture
async def caller(twins: Twins) -> AsyncIterator[UUID]:
    """A user with posts."""
    user = insert(twins.url, "User")
    insert_many(twins.url, "Post", [{"userId": user} for _ in range(3)])
    yield user
    sweep(twins.url)


async def send(twins: Twins, caller: UUID, query: str, **variables: Any) -> None:
    """An operation that a compiled plan answers."""
    answer = await twins.plans({"query": query, "variables": variables}, caller)
    assert (answer.compiled, answer.errors) == (True, ())


async def stream(twins: Twins, caller: UUID, numbers: range) -> None:
    """Operations whose texts nobody has sent before."""
    for number in numbers:
        await send(
            twins,
            caller,
            f"{{ viewer {{ a{number}: id posts(first: {number % 50}) {{ nodes {{ id }} }} }} }}",
        )


def kept(twins: Twins) -> dict[str, int]:
    """How much the server keeps."""
    known = twins.operations._remembered.known
    assert twins.operations.compiled is not None
    plans = [
        len(operation.planned.plans)
        for one in known.values()
        for operation in one.operations.values()
        if operation.planned is not None
    ]
    connections = twins.operations.compiled.pool._idle
    return {
        "texts": len(known),
        "characters": sum(map(len, known)),
        "weight": sum(one.weight for one in known.values()),
        "plans of a text": max(plans, default=0),
        "statements of a connection": max(
            (len(connection._prepared) for connection in connections), default=0
        ),
    }


def held() -> Counter[str]:
    """How many parts of plans there are, and of documents that say `forgotten`."""
    everything = gc.get_objects()
    parts = [type(one).__name__ for one in everything if isinstance(one, Level | Plan | Planner)]
    names = [one.value for one in everything if isinstance(one, NameNode) and one.value == "forgotten"]
    return Counter(parts + names)


def hold(twins: Twins) -> None:
    """Whether it is within its bounds."""
    found = kept(twins)
    assert found["texts"] <= remembered.TEXTS
    assert found["characters"] <= remembered.CHARACTERS
    assert found["weight"] <= remembered.WEIGHT
    assert found["plans of a text"] <= compiled.PLANS
    assert found["statements of a connection"] <= wire.PREPARED


@pytest.mark.soak
async def test_a_stream_of_distinct_texts_leaves_no_more_than_a_cache_full(
    twins: Twins, caller: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remembered, "TEXTS", DOCUMENTS)
    query = "{ viewer { posts { nodes { content } } } }"
    before = await twins.plans({"query": query}, caller)
    await stream(twins, caller, range(FULL))
    hold(twins)
    gc.collect()
    objects = len(gc.get_objects())

    await stream(twins, caller, range(FULL, FULL + TEXTS))

    hold(twins)
    assert kept(twins)["texts"] == DOCUMENTS
    gc.collect()
    assert len(gc.get_objects()) < objects * 1.05
    # What was forgotten is answered again.
    assert query not in twins.operations._remembered.known
    after = await twins.plans({"query": query}, caller)
    assert (before.text, before.compiled) == (after.text, True)


FORGOTTEN = [
    "{ forgotten: viewer { id posts(first: 2) { nodes { id persona { name } } totalCount } } }",
    "query ($id: ID!) { forgotten: node(id: $id) { id ... on User { email } } }",
    "query ($id: ID!) { forgotten: user(id: $id) { email subscription { status } quotas { type } } }",
    "{ forgotten: viewer { usage(type: POST_GENERATION) { forecast { exhaustsAt } } } }",
    "query ($id: ID!) { forgotten: nodes(ids: [$id, $id]) { ...F } } fragment F on User { name }",
    "{ viewer { id } forgotten: __schema { queryType { name } } }",
]


@pytest.mark.parametrize("query", FORGOTTEN)
async def test_what_is_forgotten_is_gone_without_the_collector(
    twins: Twins, caller: UUID, monkeypatch: pytest.MonkeyPatch, query: str
) -> None:
    monkeypatch.setattr(remembered, "TEXTS", 1)
    last = {"query": "{ __typename }"}
    await twins.plans(last, caller)
    gc.collect()
    before = held()
    answer = await twins.plans({"query": query, "variables": {"id": str(caller)}}, caller)
    gc.collect()  # what was needed to make it ready
    assert answer.errors == ()
    assert held()["forgotten"] > 0

    gc.disable()
    try:
        await twins.plans(last, caller)
        after = held()
    finally:
        gc.enable()

    assert after == before


async def test_what_finds_nodes_is_made_once_for_all_texts(
    twins: Twins, caller: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Any] = []

    def counted(statement: Any, names: Iterable[str]) -> Prepared:
        made.extend([statement] if isinstance(statement, CompoundSelect) else [])
        return prepared(statement, names)

    monkeypatch.setattr(nodes, "prepared", counted)
    fields = " ".join(f"n{number}: node(id: $id) {{ id }}" for number in range(40))

    for name in ("First", "Second"):
        await send(twins, caller, f"query {name}($id: ID!) {{ {fields} }}", id=str(caller))

    assert len(made) <= 1


async def test_a_text_keeps_a_bounded_number_of_plans(twins: Twins, caller: UUID) -> None:
    names = [f"s{number}" for number in range(6)]
    declared = ", ".join(f"${name}: Boolean!" for name in names)
    fields = " ".join(f"{name}: email @skip(if: ${name})" for name in names)
    query = f"query ({declared}) {{ viewer {{ id {fields} }} }}"

    for number in range(2 ** len(names)):
        switches = {name: bool(number >> place & 1) for place, name in enumerate(names)}
        await send(twins, caller, query, **switches)

    hold(twins)
    assert kept(twins)["plans of a text"] == compiled.PLANS


async def test_a_list_keeps_a_bounded_number_of_statements(twins: Twins, caller: UUID) -> None:
    query = """query ($size: Int, $where: PostWhere) {
        viewer { posts(first: $size, where: $where) { nodes { id } totalCount } }
    }"""
    columns = ["isSaved", "isLiked", "published"]
    await send(twins, caller, query)
    of_one_shape = kept(twins)["weight"]

    for size in range(40):
        for number in range(4):
            where = {name: {"eq": True} for name in columns[:number]}
            await send(twins, caller, query, size=size, where=where)

    held = [made for made in gc.get_objects() if isinstance(made, lists.ListField)]
    assert max(len(made._shapes) for made in held) == lists.SHAPES
    assert kept(twins)["weight"] > of_one_shape + lists.SHAPES
    hold(twins)


@pytest.mark.soak
async def test_texts_that_cannot_be_run_are_kept_no_longer_than_others(twins: Twins, caller: UUID) -> None:
    for number in range(TEXTS):
        await twins.plans({"query": f"{{ nothing{number} }}"}, caller)
        await twins.plans({"query": f"{{ viewer {{ a{number}"}, caller)

    hold(twins)
