"""Many at once, on one pool, and whatever the database's own settings are."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import make_url

from tests.reading.conftest import WIDE
from tests.reading.known import Known
from tests.reading.operations import Operation, compose
from tests.reading.twins import Answer, Twins, started
from zorbit.config import Settings
from zorbit.engine.nodes import Kinds
from zorbit.engine.runs import Fetch, Run

SEEDS = range(1_000, 1_020)
DEFAULTS = {
    "datestyle": "German, DMY",
    "timezone": "Asia/Kolkata",
    "intervalstyle": "sql_standard",
    "extra_float_digits": "0",
    "client_encoding": "LATIN1",
    "bytea_output": "escape",
    "standard_conforming_strings": "on",
    "default_transaction_isolation": "serializable",
}


def questions(one_world: Known) -> list[tuple[str, Operation]]:
    """Operations, each by several callers."""
    callers = [name for name in one_world.callers if name not in {"nobody", "bot"}]
    return [(name, compose(seed, one_world)) for seed in SEEDS for name in callers]


@pytest.fixture(scope="module")
async def alone(twins: Twins, one_world: Known) -> list[Answer]:
    """What the resolvers answer to each of them."""
    return [await twins.resolvers(made.body, one_world.callers[name]) for name, made in questions(one_world)]


async def test_many_requests_at_once_are_answered_each_as_it_would_be_alone(
    twins: Twins, one_world: Known, alone: list[Answer]
) -> None:
    asked = questions(one_world)

    together = await asyncio.gather(
        *(twins.plans(made.body, one_world.callers[name]) for name, made in asked)
    )

    different = [made for made, one, other in zip(asked, alone, together, strict=True) if not one.same(other)]
    assert different == []
    assert sum(answer.compiled is True for answer in together) > len(asked) / 3


async def test_a_request_that_is_given_up_leaves_nothing_for_the_next(twins: Twins, one_world: Known) -> None:
    for name, made in questions(one_world)[:40]:
        by = one_world.callers[name]
        given_up = asyncio.ensure_future(twins.plans(made.body, by))
        await asyncio.sleep(0.001)
        given_up.cancel()
        await asyncio.wait({given_up})

        compiled, reference = await twins.ask(made.body, by)

        assert compiled.same(reference)


async def test_others_have_their_turn_while_a_plan_meets_types_that_are_new_to_it(
    twins: Twins, one_world: Known, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    fetches = Kinds.fetches

    def planned(self: Kinds, run: Run, ids: dict[str, list[str]]) -> list[Fetch]:
        told.append("planned")
        return fetches(self, run, ids)

    async def others() -> None:
        while True:
            told.append("others")
            await asyncio.sleep(0)

    monkeypatch.setattr(Kinds, "fetches", planned)
    caller = one_world.callers["owner"]
    fields = " ".join(f"n{number}: nodes(ids: $ids) {{ id }}" for number in range(3))
    turns = asyncio.ensure_future(others())
    answer = await twins.plans(
        {"query": f"query ($ids: [ID!]!) {{ {fields} }}", "variables": {"ids": [str(caller)]}}, caller
    )
    turns.cancel()

    assert (answer.compiled, answer.errors) == (True, ())
    assert told.count("planned") == 3
    assert [after for before, after in pairwise(told) if before == "planned"] == ["others"] * 3


@contextmanager
def defaults(url: str) -> Iterator[None]:
    """A database with settings that new connections begin with."""
    name = sql.Identifier(make_url(url).database or "")
    with psycopg.connect(url, autocommit=True) as connection:
        for key, value in DEFAULTS.items():
            connection.execute(
                sql.SQL("ALTER DATABASE {} SET {} = {}").format(name, sql.SQL(key), sql.Literal(value))
            )
        yield
        for key in DEFAULTS:
            connection.execute(sql.SQL("ALTER DATABASE {} RESET {}").format(name, sql.SQL(key)))


async def test_the_databases_own_settings_change_no_answer(
    twins: Twins, one_world: Known, alone: list[Answer], settings: Settings
) -> None:
    asked = questions(one_world)

    with defaults(twins.url):
        async with started(twins.url, settings.model_copy(update=WIDE)) as others:
            after = [await others.ask(made.body, one_world.callers[name]) for name, made in asked]

    assert [
        made for made, one, (plans, _) in zip(asked, alone, after, strict=True) if not one.same(plans)
    ] == []
    assert [made for made, one, (_, own) in zip(asked, alone, after, strict=True) if not one.same(own)] == []
