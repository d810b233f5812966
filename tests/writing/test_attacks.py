"""What somebody tries who means to pay less, to write what can't be read, or to learn too little."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from psycopg import AsyncConnection

from schema import core_schema
from tests.conftest import Client
from tests.rows import NOW, fetch, insert
from tests.writing.billing.accounts import Account, amounts, at, quotas, subscribed, utc
from tests.writing.changes import change, faults
from tests.writing.waiting import until_waiting
from zorbit import db
from zorbit.app import explain, policy
from zorbit.config import Settings
from zorbit.context import Context
from zorbit.db import Database
from zorbit.engine.operations import Operations, Request
from zorbit.errors import QuotaExhausted
from zorbit.models import QuotaType
from zorbit.services import locks, spending, subscribing
from zorbit.services.terms import Terms
from zorbit.visibility import owner_of

MAKE = 'mutation { createThread(input: {title: "A"}) { thread { title } } }'
NOTE = """
    mutation($metadata: JSON) {
      createPost(input: {content: "A", metadata: $metadata}) { post { metadata } userErrors { code field } }
    }
"""
JANUARY = {"startDate": utc(2026, 1, 1), "renewalDate": utc(2026, 2, 1)}


@pytest.fixture
def free(database_url: str) -> UUID:
    return insert(database_url, "Plan", price="0.00", postGenerationLimit=5)


@pytest.fixture
def dear(database_url: str) -> UUID:
    return insert(database_url, "Plan", price="29.00", postGenerationLimit=100)


async def spend(member: Account, number: int, terms: Terms) -> None:
    """Record as many posts, or what that comes to."""
    async with member.database.write() as session:
        await locks.hold_user(session, member.id)
        subjects = [uuid4() for _ in range(number)]
        await spending.spend(session, member.id, QuotaType.POST_GENERATION, subjects, terms)


async def renew(member: Account, terms: Terms) -> None:
    """What the periodic job does."""
    async with member.database.write() as session:
        _, subscription = await locks.hold_account(session, member.id)
        assert subscription is not None
        await subscribing.renew(session, subscription, terms)


# Money


async def test_an_upgrade_in_the_last_minute_brings_nothing_unpaid(
    member: Account, free: UUID, dear: UUID
) -> None:
    own = subscribed(member.url, member.id, free, **JANUARY)
    await spend(member, 5, at(2026, 1, 2))

    await member.run(subscribing.change_plan, member.viewer, own, dear, at(2026, 1, 31, 23, 59))

    assert amounts(member.url, member.id) == [("open", "0.00")]
    with pytest.raises(QuotaExhausted):
        await spend(member, 1, at(2026, 1, 31, 23, 59))

    # Nor do the days of grace begin with the dear plan.
    await renew(member, at(2026, 2, 1))
    row = member.subscription
    assert (row["planId"], row["status"], row["renewalDate"]) == (free, "active", utc(2026, 3, 1))
    assert amounts(member.url, member.id) == [("void", "0.00"), ("paid", "0.00")]


async def test_canceling_and_subscribing_again_does_not_count_anew(member: Account, free: UUID) -> None:
    own = subscribed(member.url, member.id, free, **JANUARY)
    # The next period has begun, but the periodic job has not been by.
    await spend(member, 5, at(2026, 2, 1, 0, 1))

    await member.run(subscribing.cancel, member.viewer, own, at(2026, 2, 1, 0, 2))
    assert member.subscription["endDate"] == utc(2026, 3, 1)
    await member.run(subscribing.subscribe, member.id, free, at(2026, 2, 1, 0, 3), trial=False)

    assert (member.subscription["startDate"], member.subscription["status"]) == (utc(2026, 1, 1), "active")
    with pytest.raises(QuotaExhausted):
        await spend(member, 1, at(2026, 2, 1, 0, 4))


async def test_a_cheaper_plan_for_what_is_past_due_brings_its_own_limits(
    member: Account, free: UUID, dear: UUID
) -> None:
    own = subscribed(member.url, member.id, dear, **JANUARY)
    await renew(member, at(2026, 2, 1))
    await spend(member, 3, at(2026, 2, 1, 0, 1))

    await member.run(subscribing.change_plan, member.viewer, own, free, at(2026, 2, 1, 0, 2))

    assert member.subscription["planId"] == free
    assert [(used, limit) for _, used, limit, *_ in quotas(member.url, member.id)] == [(3, 5)]
    with pytest.raises(QuotaExhausted):
        await spend(member, 3, at(2026, 2, 20))


# Numbers


@pytest.mark.parametrize(
    "number", ["18446744073709551616", "123456789012345678901234567890", "1e300", "-1e19"]
)
async def test_a_number_beyond_64_bits_is_refused_in_variables_too(
    client: Client, database_url: str, number: str
) -> None:
    user = insert(database_url, "User")
    body = NOTE.replace("\n", " ").replace('"', '\\"')
    content = f'{{"query": "{body}", "variables": {{"metadata": {{"a": [{number}]}}}}}}'
    headers = {"authorization": f"Bearer {client.token(user)}", "content-type": "application/json"}

    response = await client.http.post("/graphql", content=content, headers=headers)

    made = response.json()["data"]["createPost"]
    fault = {"code": "BAD_USER_INPUT", "field": ["input", "metadata"]}
    assert made == {"post": None, "userErrors": [fault]}
    assert fetch(database_url, 'SELECT count(*) FROM "Post"') == [(0,)]


@pytest.mark.parametrize("number", [2**64 - 1, -(2**63), 9.2e18, 1e-300, -0.5])
async def test_other_numbers_are_kept(client: Client, database_url: str, number: float) -> None:
    user = insert(database_url, "User")

    made = await client.data(NOTE, {"metadata": {"a": number}}, by=user)

    assert made["createPost"] == {"post": {"metadata": {"a": number}}, "userErrors": []}


# Names


@pytest.mark.parametrize("email", ["ada\u200b@example.com", "\u202eada@example.com", "ada@example\u2066.com"])
async def test_an_address_that_looks_like_anothers_is_none(
    client: Client, database_url: str, email: str
) -> None:
    admin = insert(database_url, "User", role="admin")

    made = await change(client, "createUser", "user { id }", by=admin, email=email)

    assert faults(made) == [("BAD_USER_INPUT", "input.email")]
    assert fetch(database_url, 'SELECT count(*) FROM "User"') == [(1,)]


# A database that gives up


@pytest.fixture
async def narrow(database_url: str, settings: Settings) -> AsyncIterator[Database]:
    """A pool of one connection, which is not waited for."""
    hasty = settings.model_copy(update={"pool_size": 1, "pool_timeout": 0.01})
    connected = db.connect(database_url, hasty)
    yield connected
    await connected.close()


async def answered(database: Database, settings: Settings, user: UUID) -> Any:
    """The answer to making a thread, of a caller who was found already."""
    operations = Operations(core_schema, explain, policy(settings))
    context = Context(owner_of(user), NOW, database, settings, operations)
    return await operations.run(operations.execution(Request(MAKE)), context, "id")


async def test_who_finds_no_free_connection_is_told_that_nothing_was_changed(
    database_url: str, narrow: Database, settings: Settings
) -> None:
    user = insert(database_url, "User")

    async with narrow.engine.connect():
        answer = await answered(narrow, settings, user)

    (error,) = answer["errors"]
    assert error["extensions"] == {"code": "SERVICE_UNAVAILABLE"}
    assert error["message"] == "the database is busy; nothing was changed. Try again shortly."
    assert fetch(database_url, 'SELECT count(*) FROM "Thread"') == [(0,)]


async def test_who_loses_the_connection_is_not_told_that_nothing_was_changed(
    database_url: str, narrow: Database, settings: Settings
) -> None:
    user = insert(database_url, "User")
    terminate = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    async with await AsyncConnection.connect(database_url) as holder:
        await holder.execute('SELECT FROM "User" FOR UPDATE')
        asking = asyncio.create_task(answered(narrow, settings, user))
        await until_waiting(database_url, 1)

        fetch(database_url, terminate)
        answer = await asking

    (error,) = answer["errors"]
    assert error["extensions"] == {"code": "SERVICE_UNAVAILABLE"}
    assert "whether anything was changed is not known" in error["message"]
    assert fetch(database_url, 'SELECT count(*) FROM "Thread"') == [(0,)]


async def test_one_callers_mutations_leave_connections_to_others(
    database_url: str, settings: Settings
) -> None:
    hog, other = insert(database_url, "User"), insert(database_url, "User")
    careful = settings.model_copy(update={"pool_size": 2, "pool_timeout": 1, "writes_at_once": 1})
    pool = db.connect(database_url, careful)
    async with await AsyncConnection.connect(database_url) as holder:
        await holder.execute('SELECT FROM "User" WHERE id = %s FOR UPDATE', [hog])
        waiting = [asyncio.create_task(answered(pool, careful, hog)) for _ in range(5)]
        await until_waiting(database_url, 1)

        answer = await answered(pool, careful, other)
        await holder.rollback()
        answers = await asyncio.gather(*waiting)

    await pool.close()
    assert "errors" not in answer
    assert ["errors" in each for each in answers] == [False] * 5
    assert fetch(database_url, 'SELECT count(*) FROM "Thread"') == [(6,)]
