"""A purge beside a running server: who holds a row comes first, and an interrupted purge goes on."""

import asyncio
from uuid import UUID

import psycopg
import pytest

from tests.conftest import Client
from tests.rows import fetch, insert
from tests.writing.changes import absent, change, faults
from tests.writing.deletion.purges import AGE, OLD, counts, ids, purged
from tests.writing.waiting import until_waiting
from zorbit import db
from zorbit.config import Settings
from zorbit.db import Database
from zorbit.services import purging


async def test_what_is_being_restored_is_waited_for_and_stays(
    pool: Database, database_url: str, settings: Settings, user: UUID
) -> None:
    row = insert(database_url, "Thread", userId=user, **OLD)
    message = insert(database_url, "ChatMessage", userId=user, threadId=row)
    with psycopg.connect(database_url) as restoring:
        restoring.execute('SELECT FROM "User" WHERE id = %s FOR NO KEY UPDATE', [user])
        restoring.execute('UPDATE "Thread" SET "isDeleted" = false WHERE id = %s', [row])
        purge = asyncio.create_task(purging.run(pool, settings, AGE))
        await until_waiting(database_url, 1)

    assert +(await purge).rows == {}
    assert ids(database_url, "Thread", "ChatMessage") == {row, message}


async def test_what_becomes_referred_to_is_waited_for_and_stays(
    pool: Database, database_url: str, settings: Settings, user: UUID
) -> None:
    persona = insert(database_url, "Persona", userId=user, **OLD)
    post = insert(database_url, "Post", userId=user, personaId=persona, **OLD)
    with psycopg.connect(database_url) as restoring:
        restoring.execute('SELECT FROM "User" WHERE id = %s FOR NO KEY UPDATE', [user])
        restoring.execute('UPDATE "Post" SET "isDeleted" = false WHERE id = %s', [post])
        purge = asyncio.create_task(purging.run(pool, settings, AGE))
        await until_waiting(database_url, 1)

    assert +(await purge).rows == {}
    assert ids(database_url, "Persona", "Post") == {persona, post}


async def test_a_row_is_restored_or_purged_never_both(
    client: Client, pool: Database, database_url: str, settings: Settings, user: UUID
) -> None:
    threads = [insert(database_url, "Thread", userId=user, **OLD) for _ in range(15)]
    for thread in threads:
        insert(database_url, "ChatMessage", userId=user, threadId=thread)

    async def restored(thread: UUID) -> bool:
        payload = await change(client, "restoreThread", "thread { id }", by=user, id=thread)
        assert faults(payload) in ([], absent("id"))
        return not faults(payload)

    purge = asyncio.create_task(purging.run(pool, settings, AGE))
    outcomes = await asyncio.gather(*(restored(thread) for thread in reversed(threads)))
    found = await purge

    live = {thread for thread, back in zip(reversed(threads), outcomes, strict=True) if back}
    assert ids(database_url, "Thread") == live
    assert {thread for (thread,) in fetch(database_url, 'SELECT "threadId" FROM "ChatMessage"')} == live
    assert found.rows["Thread"] == found.rows["ChatMessage"] == 15 - len(live)


async def test_what_somebody_holds_too_long_is_left_for_the_next_time(
    database_url: str, settings: Settings, user: UUID
) -> None:
    stranger = insert(database_url, "User")
    persona = insert(database_url, "Persona", userId=user, **OLD)
    held = insert(database_url, "Post", userId=user, personaId=persona, **OLD)
    insert(database_url, "Post", userId=stranger, **OLD)
    hasty = db.connect(database_url, settings.model_copy(update={"lock_timeout": 0.1}))
    try:
        with psycopg.connect(database_url) as holding:
            holding.execute('SELECT FROM "Post" WHERE id = %s FOR UPDATE', [held])
            first = await purging.run(hasty, settings, AGE)
        assert ids(database_url, "Post", "Persona") == {held, persona}
        second = await purging.run(hasty, settings, AGE)
    finally:
        await hasty.close()

    assert (+first.rows, first.in_use) == ({"Post": 1}, 2)
    assert (+second.rows, second.in_use) == ({"Post": 1, "Persona": 1}, 0)
    assert ids(database_url, "Post", "Persona") == set()


async def test_a_purge_that_was_interrupted_goes_on_when_it_is_run_again(
    pool: Database, database_url: str, settings: Settings, user: UUID
) -> None:
    stranger = insert(database_url, "User")
    threads = {one: insert(database_url, "Thread", userId=one, **OLD) for one in (user, stranger)}
    for one, thread in threads.items():
        insert(database_url, "ChatMessage", userId=one, threadId=thread)
    with psycopg.connect(database_url) as holding:
        holding.execute('SELECT FROM "User" WHERE id = %s FOR SHARE', [stranger])
        purge = asyncio.create_task(purging.run(pool, settings, AGE))
        await until_waiting(database_url, 1)

        purge.cancel()
        with pytest.raises(asyncio.CancelledError):
            await purge

    assert ids(database_url, "Thread") == {threads[stranger]}
    assert counts(database_url)["ChatMessage"] == 1
    found = await purged(pool, settings)
    assert +found.rows == {"Thread": 1, "ChatMessage": 1}
