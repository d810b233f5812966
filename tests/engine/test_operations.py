"""Operations of a schema that has nothing to do with Zorbit's: the engine is general."""

import asyncio
from typing import Any

import pytest
from graphql import (
    GraphQLArgument,
    GraphQLField,
    GraphQLInt,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLString,
)

from zorbit import app
from zorbit.config import Settings
from zorbit.engine import remembered
from zorbit.engine.documents import RULES
from zorbit.engine.operations import Operations, Refusal, Request


class NotToday(Exception):  # noqa: N818 - a refusal of the test's own
    """Refused."""


async def later(_source: Any, _info: Any) -> str:
    """A value that has to be waited for."""
    await asyncio.sleep(0)
    return "later"


def refuse(_source: Any, _info: Any) -> str:
    """A refusal."""
    raise NotToday("come back tomorrow")


def fail(_source: Any, _info: Any) -> str:
    """A fault with something in its text that nobody may read."""
    raise RuntimeError("password=hunter2")


SCHEMA = GraphQLSchema(
    GraphQLObjectType(
        "Query",
        {
            "double": GraphQLField(
                GraphQLInt,
                args={"of": GraphQLArgument(GraphQLNonNull(GraphQLInt))},
                resolve=lambda _source, _info, of: of * 2,
            ),
            "later": GraphQLField(GraphQLString, resolve=later),
            "refuse": GraphQLField(GraphQLString, resolve=refuse),
            "fail": GraphQLField(GraphQLString, resolve=fail),
            "missing": GraphQLField(GraphQLNonNull(GraphQLString), resolve=lambda _source, _info: None),
            "wrong": GraphQLField(GraphQLInt, resolve=lambda _source, _info: "x"),
        },
    )
)


@pytest.fixture
def operations() -> Operations:
    return Operations(
        SCHEMA,
        lambda error: Refusal(str(error), {"code": "LATER"}) if isinstance(error, NotToday) else None,
        app.policy(Settings()),
    )


async def run(operations: Operations, request: Request, request_id: str = "id") -> dict[str, Any]:
    execution = operations.execution(request)
    return operations.at_hand(execution) or await operations.run(execution, None, request_id)


async def test_operations_run_with_their_variables(operations: Operations) -> None:
    query = "query A($n: Int!) { double(of: $n) } query B { later }"

    a = await run(operations, Request(query, {"n": 21}, "A"))
    b = await run(operations, Request(query, None, "B"))

    assert (a, b) == ({"data": {"double": 42}}, {"data": {"later": "later"}})


async def test_a_refusal_is_told_and_leaves_its_siblings_alone(operations: Operations) -> None:
    answer = await run(operations, Request("{ refuse double(of: 1) }"))

    assert answer["data"] == {"refuse": None, "double": 2}
    assert answer["errors"] == [
        {
            "message": "come back tomorrow",
            "extensions": {"code": "LATER"},
            "locations": [{"line": 1, "column": 3}],
            "path": ["refuse"],
        }
    ]


@pytest.mark.parametrize("field", ["fail", "missing", "wrong"])
async def test_a_fault_tells_nothing_but_the_requests_id(operations: Operations, field: str) -> None:
    answer = await run(operations, Request(f"{{ {field} }}"), "request-7")

    assert [error["message"] for error in answer["errors"]] == ["internal server error"]
    assert answer["errors"][0]["extensions"] == {"code": "INTERNAL_SERVER_ERROR", "requestId": "request-7"}


async def test_variables_that_do_not_fit_are_the_clients_fault(operations: Operations) -> None:
    answer = await run(operations, Request("query ($n: Int!) { double(of: $n) }", {"n": "x"}))

    assert "data" not in answer
    assert answer["errors"][0]["extensions"] == {"code": "BAD_USER_INPUT"}


def test_a_text_is_prepared_once(operations: Operations) -> None:
    first = operations.prepare("{ later }")

    assert operations.prepare("{ later }") is first


def test_a_text_that_is_too_long_to_be_read_pushes_out_no_other(operations: Operations) -> None:
    kept = operations.prepare("{ later }")

    refused = operations.prepare("{ later } #" + "x" * remembered.CHARACTERS)

    assert refused.document is None
    assert operations.prepare("{ later }") is kept


@pytest.mark.untraced  # to trace it takes as long again; other tests go the same ways
def test_a_stream_of_distinct_texts_does_not_grow_memory(operations: Operations) -> None:
    kept = operations.prepare("{ later }")
    for number in range(remembered.TEXTS + 100):
        operations.prepare(f"{{ double(of: {number}) }}")
        operations.prepare("{ later }")
    for number in range(25):
        operations.prepare("{ later } #" + "x" * (remembered.CHARACTERS // 21) + str(number))

    kept_texts = operations._remembered.known
    assert len(kept_texts) <= remembered.TEXTS
    assert sum(map(len, kept_texts)) <= remembered.CHARACTERS
    assert operations.prepare("{ later }") is not kept


async def test_while_a_text_is_made_ready_others_have_their_turn(operations: Operations) -> None:
    turns = 0

    async def take_turns() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    others = asyncio.create_task(take_turns())
    ready = await operations.learn("{ later }")
    others.cancel()

    assert ready.operations
    assert turns > len(RULES)


async def test_answers_about_the_schema_are_kept_within_bounds(
    operations: Operations, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remembered, "WEIGHT", 50)
    for number in range(30):
        query = f"{{ a{number}: __schema {{ types {{ name description fields {{ name }} }} }} }}"
        assert "errors" not in await run(operations, Request(query))

    kept = operations._remembered.known.values()
    assert 0 < sum(one.weight for one in kept) <= 50
    assert all(operation.told for one in kept for operation in one.operations.values())
