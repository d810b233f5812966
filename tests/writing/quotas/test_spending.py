"""Spending by many at once, on a real PostgreSQL: never more than the limit, and in the right cycle."""

from datetime import UTC, datetime
from typing import Any

import pytest
from uuid_utils.compat import uuid7

from tests.rows import execute, fetch, insert
from tests.writing.quotas.accounts import (
    DAY,
    END,
    GRACE,
    INSTANT,
    NOW,
    POSTS,
    START,
    account,
    subjects,
    together,
)
from zorbit.db import Database
from zorbit.errors import QuotaExhausted, SubscriptionRequired
from zorbit.models import QuotaType

pytestmark = pytest.mark.untraced  # to trace them takes as long again; other tests go the same ways


async def test_a_spend_is_counted_and_each_subject_logged(pool: Database, database_url: str) -> None:
    own, other = account(pool, database_url), account(pool, database_url)
    first, second = subjects(2)

    assert await own.spend(first, second, description="by a test") is None

    assert own.quotas() == [("post_generation", 2, 100, START, END)]
    columns = 'l.type, l."userId", l.amount, l."subjectId", l.description, q."userId", "refundOfId"'
    logged = fetch(
        database_url,
        f'SELECT {columns} FROM "UsageLog" l JOIN "UsageQuota" q ON q.id = "quotaId" ORDER BY l.id',
    )
    assert logged == [
        ("post_generation", str(own.user), 1, subject, "by a test", own.user, None)
        for subject in (first, second)
    ]
    assert await other.refund(first) == 0
    assert own.used() == [2]


async def test_of_two_hundred_at_once_a_hundred_spend(pool: Database, database_url: str) -> None:
    own = account(pool, database_url)

    outcomes = await together(own.spend(subject) for subject in subjects(200))

    assert outcomes == {"done": 100, "QUOTA_EXHAUSTED": 100}
    assert own.quotas() == [("post_generation", 100, 100, START, END)]
    assert own.used() == [100]
    assert len({subject for _, subject, _ in own.entries()}) == len(own.entries()) == 100


async def test_who_comes_too_late_is_told_how_much_is_used_and_until_when(
    pool: Database, database_url: str
) -> None:
    own = account(pool, database_url, plan={"postGenerationLimit": 3})
    await own.spend(*subjects(2))

    refused = await own.spend(*subjects(2))

    assert isinstance(refused, QuotaExhausted)
    assert (refused.user_id, refused.type, refused.resets_at) == (own.user, POSTS, END)
    assert str(refused) == "2 of 3 are used, which leaves too few for 2 more of POST_GENERATION"
    assert own.used() == [2]


@pytest.mark.parametrize("type", QuotaType)
async def test_every_type_has_its_own_limit_of_the_plan(
    pool: Database, database_url: str, type: QuotaType
) -> None:
    kinds = ("postGeneration", "ideaGeneration", "commentGeneration", "postScheduling")
    limits = {f"{kind}Limit": 3 + place for place, kind in enumerate([*kinds, "persona", "imageCreation"])}
    own = account(pool, database_url, plan=limits)
    limit = 3 + list(QuotaType).index(type)

    outcomes = await together(own.spend(subject, type=type) for subject in subjects(limit + 2))

    assert outcomes == {"done": limit, "QUOTA_EXHAUSTED": 2}
    assert own.quotas() == [(type.value, limit, limit, START, END)]


async def test_spends_on_several_are_all_or_nothing(pool: Database, database_url: str) -> None:
    own = account(pool, database_url, plan={"postGenerationLimit": 10})
    groups = [subjects(3) for _ in range(8)]

    outcomes = await together(own.spend(*group) for group in groups)

    assert outcomes == {"done": 3, "QUOTA_EXHAUSTED": 5}
    assert own.used() == [9]
    logged = {subject for _, subject, _ in own.entries()}
    assert {len(logged & set(group)) for group in groups} == {0, 3}
    assert await own.spend(uuid7()) is None
    assert own.used() == [10]


async def test_what_is_refused_leaves_no_row(pool: Database, database_url: str) -> None:
    own = account(pool, database_url, plan={"postGenerationLimit": 0})

    outcomes = await together(own.spend(subject) for subject in subjects(5))

    assert outcomes == {"QUOTA_EXHAUSTED": 5}
    assert own.quotas() == own.entries() == []


async def test_a_limit_is_the_plans_when_the_cycle_begins(pool: Database, database_url: str) -> None:
    own = account(pool, database_url, plan={"postGenerationLimit": 2})
    await own.spend(uuid7())

    execute(database_url, 'UPDATE "Plan" SET "postGenerationLimit" = 9')
    outcomes = [await own.spend(subject) for subject in subjects(2)]

    assert [refused and refused.code for refused in outcomes] == [None, "QUOTA_EXHAUSTED"]
    assert own.quotas() == [("post_generation", 2, 2, START, END)]
    assert await own.spend(uuid7(), now=END) is None
    assert [limit for _, _, limit, *_ in own.quotas()] == [2, 9]


async def test_a_limit_below_what_is_used_lets_nothing_through(pool: Database, database_url: str) -> None:
    own = account(pool, database_url)
    spent = subjects(5)
    await own.spend(*spent)
    execute(database_url, 'UPDATE "UsageQuota" SET "limit" = 3')

    assert isinstance(await own.spend(uuid7()), QuotaExhausted)
    assert await own.refund(*spent[:2]) == 2
    assert isinstance(await own.spend(uuid7()), QuotaExhausted)
    assert await own.refund(spent[2]) == 1
    assert await own.spend(uuid7()) is None

    assert own.used() == [3]


# Cycles


async def test_the_first_of_fifty_makes_the_cycles_row(pool: Database, database_url: str) -> None:
    own = account(pool, database_url)

    outcomes = await together(own.spend(subject) for subject in subjects(50))

    assert outcomes == {"done": 50}
    assert own.quotas() == [("post_generation", 50, 100, START, END)]
    assert own.used() == [50]
    resets = fetch(database_url, 'SELECT "resetDate" FROM "UsageQuota"')
    assert resets == [(END,)]


async def test_fifty_at_the_boundary_make_one_new_row(pool: Database, database_url: str) -> None:
    own = account(pool, database_url)
    await own.spend(*subjects(2))
    moments = [END - INSTANT, END] * 25

    outcomes = await together(
        own.spend(subject, now=now) for subject, now in zip(subjects(50), moments, strict=True)
    )

    assert outcomes == {"done": 50}
    assert own.quotas() == [
        ("post_generation", 27, 100, START, END),
        ("post_generation", 25, 100, END, datetime(2026, 5, 31, 9, tzinfo=UTC)),
    ]
    assert own.used() == [27, 25]


async def test_at_the_boundary_of_a_full_cycle_only_the_new_one_is_spent(
    pool: Database, database_url: str
) -> None:
    own = account(pool, database_url, plan={"postGenerationLimit": 5})
    await own.spend(*subjects(5))
    moments = [END - INSTANT, END] * 8

    outcomes = await together(
        own.spend(subject, now=now) for subject, now in zip(subjects(16), moments, strict=True)
    )

    assert outcomes == {"done": 5, "QUOTA_EXHAUSTED": 11}
    assert own.used() == [5, 5]


@pytest.mark.parametrize("days", [14, 40])
async def test_a_trial_is_a_cycle_of_its_own(pool: Database, database_url: str, days: int) -> None:
    start, end = NOW - DAY, NOW - DAY + days * DAY
    trial = {"status": "trialing", "startDate": start, "trialEndsAt": end, "renewalDate": end}
    own = account(pool, database_url, subscription=trial)

    outcomes = await together(own.spend(subject, now=end - INSTANT) for subject in subjects(3))

    assert outcomes == {"done": 3}
    assert own.quotas() == [("post_generation", 3, 100, start, end)]
    assert isinstance(await own.spend(uuid7(), now=end), SubscriptionRequired)
    assert own.used() == [3]


HOLDING = [
    ({"status": "trialing", "trialEndsAt": NOW + INSTANT}, True),
    ({"status": "trialing", "trialEndsAt": NOW}, False),
    ({"status": "trialing", "trialEndsAt": NOW - INSTANT, "renewalDate": NOW + GRACE}, False),
    ({"status": "active", "renewalDate": NOW - GRACE + INSTANT}, True),
    ({"status": "active", "renewalDate": NOW - GRACE}, False),
    ({"status": "past_due", "renewalDate": NOW - GRACE + INSTANT}, True),
    ({"status": "past_due", "renewalDate": NOW - GRACE}, False),
    ({"status": "canceled", "endDate": NOW + INSTANT, "renewalDate": NOW - 9 * DAY}, True),
    ({"status": "canceled", "endDate": NOW, "renewalDate": NOW + GRACE}, False),
    ({"status": "expired", "endDate": NOW + GRACE, "renewalDate": NOW + GRACE}, False),
    ({}, False),
]


@pytest.mark.parametrize("begun", [False, True])
@pytest.mark.parametrize(("subscription", "holds"), HOLDING)
async def test_only_a_subscription_that_holds_spends(
    pool: Database, database_url: str, subscription: dict[str, Any], holds: bool, begun: bool
) -> None:
    own = account(pool, database_url, subscription=subscription)
    if begun:
        cycle = {"billingCycleStart": NOW - DAY, "billingCycleEnd": NOW + DAY, "resetDate": NOW + DAY}
        insert(database_url, "UsageQuota", userId=own.user, **cycle)
    before = own.quotas()

    refused = await own.spend(uuid7())

    if holds:
        assert refused is None
        assert own.used() == [1]
    else:
        assert isinstance(refused, SubscriptionRequired)
        assert own.quotas() == before
        assert own.entries() == []
