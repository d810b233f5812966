"""Quota states: stored where a row covers now, computed as the next spend would find them where none does."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.conftest import Client
from tests.rows import fetch, insert, insert_many
from zorbit import models
from zorbit.db import Database
from zorbit.models import QuotaType, Role
from zorbit.services import quotas
from zorbit.services.quotas import QuotaState
from zorbit.services.terms import Terms
from zorbit.visibility import OPERATOR, Viewer

NOW = datetime(2026, 3, 31, 12, tzinfo=UTC)
INSTANT, DAY = timedelta(microseconds=1), timedelta(days=1)
GRACE = timedelta(days=7)
TERMS = Terms(NOW, GRACE, missed_after=timedelta(hours=24), trial=timedelta(days=14))
LIMITS = {
    "postGenerationLimit": 11,
    "ideaGenerationLimit": 12,
    "commentGenerationLimit": 13,
    "postSchedulingLimit": 14,
    "personaLimit": 15,
    "imageCreationLimit": 16,
}
# The anchor is a 31st: its cycles begin on the last of each month.
START, END = datetime(2026, 1, 31, 9, tzinfo=UTC), datetime(2026, 4, 30, 9, tzinfo=UTC)
NONE_HELD = [QuotaState(type, 0, 0, None) for type in QuotaType]


def coming(resets_at: datetime | None, personas: int = 0) -> list[QuotaState]:
    """The states of a cycle without any use, by the plan of LIMITS."""
    used = [personas if type is QuotaType.PERSONA else 0 for type in QuotaType]
    return [
        QuotaState(type, count, limit, resets_at)
        for type, count, limit in zip(QuotaType, used, LIMITS.values(), strict=True)
    ]


def subscriber(url: str, **subscription: Any) -> UUID:
    """A user who subscribes to the plan of LIMITS."""
    user = insert(url, "User")
    plan = insert(url, "Plan", **LIMITS)
    paid = {"status": "active", "startDate": START, "renewalDate": END}
    insert(url, "Subscription", userId=user, planId=plan, **paid | subscription)
    return user


def cycle(start: datetime, end: datetime) -> dict[str, datetime]:
    return {"billingCycleStart": start, "billingCycleEnd": end, "resetDate": end}


async def states(
    database: Database, *users: UUID, now: datetime = NOW, viewer: Viewer = OPERATOR
) -> list[list[QuotaState]]:
    async with database.read() as session:
        return await quotas.states(session, viewer, users, replace(TERMS, now=now))


async def state(database: Database, user: UUID, now: datetime = NOW) -> QuotaState:
    """The user's state of POST_GENERATION."""
    ((first, *_),) = await states(database, user, now=now)
    assert first.type is QuotaType.POST_GENERATION
    return first


@pytest.mark.parametrize(
    ("subscription", "resets_at"),
    [
        ({}, END),
        ({"renewalDate": NOW - GRACE + INSTANT}, END),
        ({"status": "past_due", "renewalDate": NOW - GRACE + INSTANT}, END),
        ({"status": "canceled", "endDate": NOW + INSTANT, "renewalDate": NOW - 9 * DAY}, END),
        ({"status": "trialing", "trialEndsAt": NOW + INSTANT}, NOW + INSTANT),
        ({"status": "trialing", "startDate": NOW - DAY, "trialEndsAt": NOW + 40 * DAY}, NOW + 40 * DAY),
        ({"startDate": NOW}, datetime(2026, 4, 30, 12, tzinfo=UTC)),
        ({"startDate": NOW - 3 * DAY}, datetime(2026, 4, 28, 12, tzinfo=UTC)),
        ({"startDate": datetime(2025, 3, 31, 12, 0, 0, 1, tzinfo=UTC)}, NOW + INSTANT),
    ],
)
async def test_a_cycle_without_use_has_the_plans_limits(
    database: Database, database_url: str, subscription: dict[str, Any], resets_at: datetime
) -> None:
    user = subscriber(database_url, **subscription)

    assert await states(database, user) == [coming(resets_at)]


@pytest.mark.parametrize(
    "subscription",
    [
        {"renewalDate": NOW - GRACE},
        {"status": "past_due", "renewalDate": NOW - GRACE},
        {"status": "canceled", "endDate": NOW},
        {"status": "trialing", "trialEndsAt": NOW},
        {"status": "expired", "endDate": NOW + DAY},
    ],
)
async def test_without_a_subscription_that_holds_there_is_nothing_to_use(
    database: Database, database_url: str, subscription: dict[str, Any]
) -> None:
    user = subscriber(database_url, **subscription)

    assert await states(database, user) == [NONE_HELD]


async def test_without_any_subscription_there_is_nothing_to_use(
    database: Database, database_url: str
) -> None:
    user = insert(database_url, "User")
    insert_many(database_url, "Persona", [{"userId": user}, {"userId": user}])

    ((*_, personas, images),) = await states(database, user)

    assert personas == QuotaState(QuotaType.PERSONA, 2, 0, None)
    assert images == QuotaState(QuotaType.IMAGE_CREATION, 0, 0, None)
    assert not personas.has_quota
    assert personas.remaining == 0


async def test_personas_are_those_that_live(database: Database, database_url: str) -> None:
    user, other = subscriber(database_url), subscriber(database_url)
    insert_many(database_url, "Persona", [{"userId": user} for _ in range(3)])
    insert_many(database_url, "Persona", [{"userId": user, "isDeleted": True}, {"userId": other}])

    assert await states(database, user, other) == [coming(END, personas=3), coming(END, personas=1)]


async def test_a_row_that_covers_now_counts_and_not_the_plan(database: Database, database_url: str) -> None:
    user = subscriber(database_url)
    row = {"userId": user, "used": 3, "limit": 5} | cycle(NOW - DAY, NOW + DAY)
    kinds = ["image_creation", "persona", "post_scheduling"]
    insert_many(database_url, "UsageQuota", [row | {"type": kind} for kind in kinds])
    insert(database_url, "Persona", userId=user)

    expected = coming(END, personas=1)
    for kind in (QuotaType.IMAGE_CREATION, QuotaType.PERSONA, QuotaType.POST_SCHEDULING):
        expected[list(QuotaType).index(kind)] = QuotaState(kind, 3, 5, NOW + DAY)
    assert await states(database, user) == [expected]


async def test_a_row_counts_though_the_subscription_has_ended(database: Database, database_url: str) -> None:
    user = subscriber(database_url, status="expired")
    insert(database_url, "UsageQuota", userId=user, used=3, limit=5, **cycle(NOW - DAY, NOW + DAY))

    assert await state(database, user) == QuotaState(QuotaType.POST_GENERATION, 3, 5, NOW + DAY)


@pytest.mark.parametrize(
    ("now", "used", "resets_at"),
    [
        (NOW - DAY - INSTANT, 0, END),
        (NOW - DAY, 3, NOW),
        (NOW - INSTANT, 3, NOW),
        (NOW, 4, NOW + DAY),
        (NOW + DAY - INSTANT, 4, NOW + DAY),
        (NOW + DAY, 0, END),
    ],
)
async def test_a_cycle_ends_at_the_instant_at_which_the_next_begins(
    database: Database, database_url: str, now: datetime, used: int, resets_at: datetime
) -> None:
    user = subscriber(database_url, startDate=datetime(2026, 3, 30, 9, tzinfo=UTC), renewalDate=END)
    for number, start in ((3, NOW - DAY), (4, NOW)):
        insert(database_url, "UsageQuota", userId=user, used=number, limit=5, **cycle(start, start + DAY))

    found = await state(database, user, now)

    assert (found.used, found.resets_at) == (used, resets_at)
    assert found.limit == (5 if used else 11)


async def test_a_cycle_that_was_begun_later_wins_over_one_that_goes_on(
    database: Database, database_url: str
) -> None:
    user = subscriber(database_url)
    rows = [(1, NOW - DAY, NOW + DAY), (2, NOW - INSTANT, NOW + 9 * DAY), (3, NOW - 9 * DAY, NOW + 20 * DAY)]
    for used, start, end in rows:
        insert(database_url, "UsageQuota", userId=user, used=used, limit=5, **cycle(start, end))

    assert await state(database, user) == QuotaState(QuotaType.POST_GENERATION, 2, 5, NOW + 9 * DAY)


@pytest.mark.parametrize(
    ("used", "limit", "expected"),
    [(0, 0, (0, False)), (0, 1, (1, True)), (4, 5, (1, True)), (5, 5, (0, False)), (9, 5, (0, False))],
)
async def test_what_remains_is_never_negative(
    client: Client, database_url: str, used: int, limit: int, expected: tuple[int, bool]
) -> None:
    user = insert(database_url, "User")
    insert(database_url, "UsageQuota", userId=user, used=used, limit=limit)

    data = await client.data(
        "{ viewer { quota(type: POST_GENERATION) { used limit remaining hasQuota } } }", by=user
    )

    remaining, has_quota = expected
    assert data["viewer"]["quota"] == {
        "used": used,
        "limit": limit,
        "remaining": remaining,
        "hasQuota": has_quota,
    }


async def test_users_are_answered_in_their_order_and_apart(database: Database, database_url: str) -> None:
    first, second = subscriber(database_url), subscriber(database_url, status="expired")
    deleted = insert(database_url, "User", isDeleted=True)
    unknown = UUID(int=1)
    insert(database_url, "UsageQuota", userId=first, used=1, limit=5, **cycle(NOW - DAY, NOW + DAY))
    insert(database_url, "UsageQuota", userId=deleted, used=1, limit=5, **cycle(NOW - DAY, NOW + DAY))

    found = await states(database, unknown, second, first, deleted, second)

    used = QuotaState(QuotaType.POST_GENERATION, 1, 5, NOW + DAY)
    assert found == [NONE_HELD, NONE_HELD, [used, *coming(END)[1:]], NONE_HELD, NONE_HELD]


async def test_a_user_sees_no_other_users_quotas(database: Database, database_url: str) -> None:
    owner, stranger = subscriber(database_url), subscriber(database_url)
    insert(database_url, "UsageQuota", userId=owner, used=1, limit=5, **cycle(NOW - DAY, NOW + DAY))

    seen = await states(database, owner, stranger, viewer=Viewer(stranger, Role.USER))

    assert seen == [NONE_HELD, coming(END)]


async def test_the_plan_counts_though_it_can_no_longer_be_subscribed_to(
    client: Client, database_url: str
) -> None:
    user = insert(database_url, "User")
    plan = insert(database_url, "Plan", isActive=False, **LIMITS)
    insert(database_url, "Subscription", userId=user, planId=plan)

    data = await client.data("{ viewer { quotas { type limit } } }", by=user)

    limits = {state["type"]: state["limit"] for state in data["viewer"]["quotas"]}
    assert limits == dict(zip((type.name for type in QuotaType), LIMITS.values(), strict=True))


async def test_reading_writes_nothing(client: Client, database_url: str) -> None:
    user = insert(database_url, "User")
    insert(database_url, "Subscription", userId=user, planId=insert(database_url, "Plan"))
    admin = insert(database_url, "User", role="admin")
    before = counts(database_url)

    for by in (user, admin):
        await client.data("{ viewer { quotas { used } quota(type: PERSONA) { used } } }", by=by)
    await client.data("{ users { nodes { quotas { used } usageQuotas { totalCount } } } }", by=admin)

    assert counts(database_url) == before
    assert before["UsageQuota"] == before["UsageLog"] == 0


def counts(url: str) -> dict[str, int]:
    """How many rows each table has."""
    names = [table.__name__ for table in models.TABLES]
    return {name: fetch(url, f'SELECT count(*) FROM "{name}"')[0][0] for name in names}
