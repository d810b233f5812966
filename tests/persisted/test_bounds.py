"""How much is stored, and whose documents make room."""

import asyncio
from datetime import timedelta
from uuid import UUID

from tests import rows
from tests.persisted.conftest import NOT_FOUND, VIEWER, Serve, hash_of, number, stored
from zorbit.config import Settings
from zorbit.db import Database
from zorbit.services import persisted_queries
from zorbit.services.persisted_queries import Bounds

ROOMY = 10**6


async def fill(database: Database, user: UUID, documents: list[str], bounds: Bounds) -> None:
    """Store documents, one after the other."""
    for document in documents:
        async with database.write() as session:
            key = hash_of(document)
            await persisted_queries.store(session, user, key, document, bounds)


async def test_who_has_their_share_pushes_out_their_own_oldest(
    database: Database, database_url: str, user: UUID
) -> None:
    other = rows.insert(database_url, "User")
    bounds = Bounds(entries=20, bytes=ROOMY, share=0.25)
    await fill(database, other, [VIEWER], bounds)

    await fill(database, user, [number(count) for count in range(30)], bounds)

    assert stored(database_url) == {VIEWER, *(number(count) for count in range(25, 30))}


async def test_the_share_is_one_of_bytes_too_and_what_reaches_it_fits(
    database: Database, database_url: str, user: UUID
) -> None:
    documents = [number(count) for count in range(10, 21)]
    bounds = Bounds(entries=1000, bytes=100 * len(documents[0]), share=0.1)

    await fill(database, user, documents[:10], bounds)
    before = stored(database_url)
    await fill(database, user, documents[10:], bounds)

    assert before == set(documents[:10])
    assert stored(database_url) == set(documents[2:])


async def test_what_is_larger_than_a_share_is_not_stored(serve: Serve, database_url: str, user: UUID) -> None:
    large = f"{VIEWER} #{'x' * 1000}"
    async with serve(persisted_query_bytes=100_000, persisted_query_share=1) as caller:
        await caller(user).store(VIEWER)
        answer = await caller(user).store(large)
        recalled = await caller(user).recall(large)

    assert answer == {"data": {"viewer": {"id": str(user)}}}
    assert recalled == {"errors": [NOT_FOUND]}
    assert stored(database_url) == {VIEWER}


async def test_what_was_used_of_late_outlives_what_was_stored_later(
    database: Database, database_url: str, user: UUID
) -> None:
    bounds = Bounds(entries=10, bytes=ROOMY, share=1)
    await fill(database, user, [number(count) for count in range(10)], bounds)
    age(database_url, timedelta(days=2))

    async with database.read() as session:
        found = await persisted_queries.find(session, hash_of(number(0)))
    await fill(database, user, [number(10)], bounds)

    assert found == number(0)
    assert stored(database_url) == {number(count) for count in (0, *range(3, 11))}


async def test_that_a_document_is_used_is_noted_once_a_day(
    database: Database, database_url: str, user: UUID
) -> None:
    used: list[bool] = []
    await fill(database, user, [VIEWER], Bounds(entries=10, bytes=ROOMY, share=1))
    for hours in (23, 2):
        age(database_url, timedelta(hours=hours))
        before = rows.fetch(database_url, 'SELECT "lastUsedAt" FROM "PersistedQuery"')
        async with database.read() as session:
            await persisted_queries.find(session, hash_of(VIEWER))
        used.append(rows.fetch(database_url, 'SELECT "lastUsedAt" FROM "PersistedQuery"') != before)

    assert used == [False, True]


def age(url: str, by: timedelta) -> None:
    rows.execute(url, 'UPDATE "PersistedQuery" SET "lastUsedAt" = "lastUsedAt" - %s', by)


async def test_where_all_is_full_those_who_hold_most_make_room(
    database: Database, database_url: str, user: UUID
) -> None:
    few, many = rows.insert(database_url, "User"), rows.insert(database_url, "User")
    bounds = Bounds(entries=10, bytes=ROOMY, share=0.8)
    await fill(database, few, [number(count) for count in range(2)], bounds)
    await fill(database, many, [number(count) for count in range(10, 18)], bounds)

    await fill(database, user, [number(count) for count in range(20, 24)], bounds)

    kept = [*range(2), *range(14, 18), *range(20, 24)]
    assert stored(database_url) == {number(count) for count in kept}


async def test_many_who_hold_as_much_as_each_other_lose_what_was_used_longest_ago(
    database: Database, database_url: str
) -> None:
    bounds = Bounds(entries=3, bytes=ROOMY, share=1)
    for count in range(5):
        await fill(database, rows.insert(database_url, "User"), [number(count)], bounds)

    assert stored(database_url) == {number(2), number(3), number(4)}


async def test_rivals_store_the_same_and_others_at_once_and_the_bounds_hold(
    serve: Serve, database_url: str
) -> None:
    users = [rows.insert(database_url, "User") for _ in range(4)]
    bounds = {"persisted_queries": 20, "persisted_query_share": 25}
    async with serve(**bounds) as one, serve(**bounds) as two:
        callers = [process(user) for user in users for process in (one, two)]
        sent = [
            caller.store(number(count if count < 3 else 100 * place + count))
            for count in range(6)
            for place, caller in enumerate(callers)
        ]
        answers = await asyncio.gather(*sent)
        shared = [await callers[0].recall(number(count)) for count in range(3)]

    assert all("errors" not in answer for answer in [*answers, *shared])
    found = rows.fetch(database_url, 'SELECT "userId", count(*) FROM "PersistedQuery" GROUP BY 1')
    assert max(count for _, count in found) <= 5
    assert 15 <= sum(count for _, count in found) <= 20


async def test_who_waits_too_long_for_their_turn_is_answered_all_the_same(
    serve: Serve, database: Database, database_url: str, user: UUID
) -> None:
    bounds = Bounds.of(Settings())
    async with serve() as caller, database.write() as session:
        await persisted_queries.store(session, user, hash_of(VIEWER), VIEWER, bounds)
        answers = await asyncio.gather(*(caller(user).store(number(count)) for count in range(3)))
        unknown = await caller(user).recall(number(0))

    assert [list(answer["data"]["viewer"].values()) for answer in answers] == [[str(user)]] * 3
    assert unknown == {"errors": [NOT_FOUND]}
    assert stored(database_url) == {VIEWER}
