"""Giving back what was spent: once, within its cycle, whoever asks at the same time; and personas."""

import asyncio
from collections import Counter
from datetime import datetime
from random import Random
from typing import Any
from uuid import UUID

import pytest
from uuid_utils.compat import uuid7

from tests.rows import fetch, insert_many
from tests.writing.quotas.accounts import (
    DAY,
    END,
    INSTANT,
    PERSONAS,
    START,
    Account,
    account,
    at_once,
    subjects,
    together,
)
from zorbit.db import Database
from zorbit.models import QuotaType

pytestmark = pytest.mark.untraced  # to trace them takes as long again; other tests go the same ways


async def test_of_twenty_refunds_at_once_one_gives_back(pool: Database, database_url: str) -> None:
    own = account(pool, database_url)
    kept, returned = subjects(2)
    await own.spend(kept, returned)

    given = await at_once(own.refund(returned) for _ in range(20))

    assert sorted(given) == [0] * 19 + [1]
    assert own.used() == [1]
    assert own.entries() == [(1, kept, None), (1, returned, None), (-1, returned, "given back")]
    linked = 'SELECT s."subjectId" FROM "UsageLog" r JOIN "UsageLog" s ON s.id = r."refundOfId"'
    assert fetch(database_url, linked) == [(returned,)]


async def test_a_refund_of_several_counts_those_that_were_paid(pool: Database, database_url: str) -> None:
    own = account(pool, database_url)
    paid = subjects(3)
    await own.spend(*paid)
    await own.refund(paid[0])

    assert await own.refund(*paid, uuid7()) == 2
    assert await own.refund() == 0

    assert own.used() == [0]


async def test_a_refund_is_for_its_type_alone(pool: Database, database_url: str) -> None:
    own = account(pool, database_url)
    await own.spend(subject := uuid7())

    assert await own.refund(subject, type=QuotaType.POST_SCHEDULING) == 0

    assert own.used() == [1]


async def test_what_is_spent_again_can_be_given_back_again(pool: Database, database_url: str) -> None:
    own = account(pool, database_url, plan={"postGenerationLimit": 1})
    subject = uuid7()

    for _ in range(3):
        assert await own.spend(subject) is None
        assert await own.refund(subject) == 1
        assert await own.refund(subject) == 0

    assert own.used() == [0]


@pytest.mark.parametrize(("now", "given"), [(END - INSTANT, 1), (END, 0), (END + DAY, 0)])
async def test_only_within_its_cycle_is_a_spend_given_back(
    pool: Database, database_url: str, now: datetime, given: int
) -> None:
    own = account(pool, database_url)
    await own.spend(subject := uuid7())
    await own.spend(uuid7(), now=END)
    before = own.entries()

    assert await own.refund(subject, now=now) == given

    assert own.used() == [1 - given, 1]
    assert own.entries() == before + [(-1, subject, "given back")] * given


async def test_spends_and_refunds_at_once_come_to_what_stays(pool: Database, database_url: str) -> None:
    own = account(pool, database_url, plan={"postGenerationLimit": 15})
    held = subjects(10)
    await own.spend(*held)

    async with asyncio.TaskGroup() as group:
        refunds = [group.create_task(own.refund(subject)) for subject in held * 2]
        outcomes = await together(own.spend(subject) for subject in subjects(20))

    assert sum(task.result() for task in refunds) == 10
    assert own.used() == [outcomes["done"]]
    assert 5 <= outcomes["done"] <= 15
    assert outcomes["done"] + outcomes["QUOTA_EXHAUSTED"] == 20


@pytest.mark.parametrize("seed", range(2))
async def test_any_turns_of_spending_and_giving_back_leave_what_is_outstanding(
    pool: Database, database_url: str, seed: int
) -> None:
    random = Random(seed)
    own = account(pool, database_url, plan={"postGenerationLimit": 6})
    known = subjects(9)
    outstanding = Counter[UUID]()

    for _ in range(30):
        chosen = random.sample(known, random.randint(1, 3))
        if random.random() < 0.5:
            refused = await own.spend(*chosen)
            assert (refused is None) == (outstanding.total() + len(chosen) <= 6)
            outstanding.update(chosen if refused is None else [])
        else:
            paid = [subject for subject in chosen if outstanding[subject]]
            assert await own.refund(*chosen) == len(paid)
            outstanding.subtract(paid)
        assert sum(own.used()) == outstanding.total()


# Personas: a standing limit


def personas(own: Account, count: int, **values: Any) -> list[UUID]:
    return insert_many(own.url, "Persona", [{"userId": own.user} | values for _ in range(count)])


async def test_a_cycle_of_personas_begins_with_those_that_live(pool: Database, database_url: str) -> None:
    own, other = account(pool, database_url), account(pool, database_url)
    personas(own, 3)
    personas(own, 2, isDeleted=True)
    personas(other, 1)

    assert await own.spend(made := uuid7(), type=PERSONAS) is None

    assert own.quotas() == [("persona", 4, 10, START, END)]
    assert own.entries() == [(3, None, "carried over"), (1, made, None)]


async def test_nothing_is_carried_over_from_nothing(pool: Database, database_url: str) -> None:
    own = account(pool, database_url)

    assert await own.spend(made := uuid7(), type=PERSONAS) is None

    assert own.entries() == [(1, made, None)]


async def test_no_more_personas_than_the_limit_are_carried_over_and_made(
    pool: Database, database_url: str
) -> None:
    own = account(pool, database_url, plan={"personaLimit": 5})
    personas(own, 3)

    outcomes = await together(own.spend(subject, type=PERSONAS) for subject in subjects(20))

    assert outcomes == {"done": 2, "QUOTA_EXHAUSTED": 18}
    assert own.quotas() == [("persona", 5, 5, START, END)]
    assert own.used() == [5]


async def test_more_personas_than_a_smaller_plan_allows_are_carried_over_all_the_same(
    pool: Database, database_url: str
) -> None:
    own = account(pool, database_url, plan={"personaLimit": 2})
    personas(own, 4)

    refused = await own.spend(uuid7(), type=PERSONAS)

    assert str(refused) == "4 of 2 are used, which leaves too few for 1 more of PERSONA"
    assert own.quotas() == []


async def test_personas_from_before_the_cycle_are_given_back_once_each(
    pool: Database, database_url: str
) -> None:
    own = account(pool, database_url)
    carried = personas(own, 3)
    await own.spend(made := uuid7(), type=PERSONAS)

    given = await at_once(own.refund(id, type=PERSONAS) for id in [*carried, made] * 3)

    assert sum(given) == 4
    assert own.used() == [0]


async def test_a_persona_that_was_carried_over_and_comes_back_is_given_back_as_made_again(
    pool: Database, database_url: str
) -> None:
    own = account(pool, database_url)
    (carried,) = personas(own, 1)
    await own.spend(uuid7(), type=PERSONAS)

    for _ in range(3):
        assert await own.refund(carried, type=PERSONAS) == 1
        assert await own.refund(carried, type=PERSONAS) == 0
        assert own.used() == [1]
        assert await own.spend(carried, type=PERSONAS) is None
        assert own.used() == [2]


async def test_every_cycle_of_personas_carries_over_anew(pool: Database, database_url: str) -> None:
    own = account(pool, database_url)
    (persona,) = personas(own, 1)
    await own.spend(persona, type=PERSONAS, now=END - INSTANT)

    await own.spend(uuid7(), type=PERSONAS, now=END)

    # The first was counted as carried over and as made, since it stood there before it was paid for.
    assert own.used() == [2, 2]
    assert await own.refund(persona, type=PERSONAS, now=END) == 1
    assert own.used() == [2, 1]
