"""Deleting and restoring, many at once: one wins, quotas hold, nothing lands in what is gone."""

import asyncio
from collections import Counter
from typing import Any
from uuid import UUID

import psycopg
import pytest

from tests.conftest import Client
from tests.rows import execute, fetch, insert
from tests.writing.changes import absent, change, faults
from tests.writing.waiting import until_waiting

pytestmark = pytest.mark.untraced  # to trace it takes half as long again; others go the same ways


@pytest.fixture
def owner(database_url: str) -> UUID:
    """A subscriber who may have five personas."""
    user = insert(database_url, "User")
    insert(database_url, "Subscription", userId=user, planId=insert(database_url, "Plan", personaLimit=5))
    return user


@pytest.mark.parametrize(("table", "name"), [("Thread", "Thread"), ("Persona", "Persona"), ("Post", "Post")])
async def test_of_twenty_who_delete_a_row_one_does_and_so_of_twenty_who_restore_it(
    client: Client, database_url: str, owner: UUID, table: str, name: str
) -> None:
    row = insert(database_url, table, userId=owner)

    for verb in ("delete", "restore"):
        payloads = await asyncio.gather(
            *(change(client, f"{verb}{name}", "__typename", by=owner, id=row) for _ in range(20))
        )

        outcomes = Counter(tuple(faults(payload)) for payload in payloads)
        assert outcomes == {(): 1, tuple(absent("id")): 19}
    assert fetch(database_url, 'SELECT count(*) FROM "AuditEntry"') == [(2,)]
    if table == "Persona":
        assert fetch(database_url, 'SELECT used FROM "UsageQuota"') == [(1,)]


async def test_ten_restores_into_three_free_places_are_three(
    client: Client, database_url: str, owner: UUID
) -> None:
    for _ in range(2):
        insert(database_url, "Persona", userId=owner)
    gone = [insert(database_url, "Persona", userId=owner, isDeleted=True) for _ in range(10)]

    payloads = await asyncio.gather(
        *(change(client, "restorePersona", "persona { id }", by=owner, id=persona) for persona in gone)
    )

    outcomes = Counter(tuple(faults(payload)) for payload in payloads)
    assert outcomes == {(): 3, (("QUOTA_EXHAUSTED", None),): 7}
    assert fetch(database_url, """SELECT count(*) FROM "Persona" WHERE NOT "isDeleted" """) == [(5,)]
    quota = 'SELECT used, (SELECT sum(amount)::int FROM "UsageLog") FROM "UsageQuota"'
    assert fetch(database_url, quota) == [(5, 5)]


async def test_a_cycle_that_begins_while_a_persona_is_deleted_counts_what_is_left(
    client: Client, database_url: str
) -> None:
    plan = insert(database_url, "Plan")
    for _ in range(10):
        owner = insert(database_url, "User")
        insert(database_url, "Subscription", userId=owner, planId=plan)
        live, gone = (insert(database_url, "Persona", userId=owner, isDeleted=flag) for flag in (False, True))

        payloads = await asyncio.gather(
            change(client, "restorePersona", "persona { id }", by=owner, id=gone),
            change(client, "deletePersona", "deletedId", by=owner, id=live),
        )

        assert [faults(payload) for payload in payloads] == [[], []]
        assert fetch(database_url, 'SELECT used FROM "UsageQuota" WHERE "userId" = %s', owner) == [(1,)]


@pytest.mark.parametrize("first", ["deleteThread", "createMessage"])
async def test_a_message_written_while_its_thread_is_deleted_is_hidden_or_refused(
    client: Client, database_url: str, owner: UUID, first: str
) -> None:
    thread = insert(database_url, "Thread", userId=owner)
    acts = {
        "deleteThread": lambda: change(client, "deleteThread", "deletedId", by=owner, id=thread),
        "createMessage": lambda: change(
            client, "createMessage", "message { id }", by=owner, threadId=thread, content="M"
        ),
    }
    tasks = {}
    with psycopg.connect(database_url) as other:
        other.execute('SELECT FROM "User" WHERE id = %s FOR NO KEY UPDATE', [owner])
        for number, name in enumerate([first, *(acts.keys() - {first})], start=1):
            tasks[name] = asyncio.create_task(acts[name]())
            await until_waiting(database_url, number)
    deleted, written = await tasks["deleteThread"], await tasks["createMessage"]

    assert faults(deleted) == []
    assert faults(written) == (absent("threadId") if first == "deleteThread" else [])
    assert await visible_messages(client, owner) == 0
    await change(client, "restoreThread", "thread { id }", by=owner, id=thread)
    assert await visible_messages(client, owner) == (0 if first == "deleteThread" else 1)


async def test_no_message_is_seen_below_a_thread_that_is_deleted_at_the_same_time(
    client: Client, database_url: str, owner: UUID
) -> None:
    for _ in range(5):
        thread = insert(database_url, "Thread", userId=owner)
        writing = [
            change(client, "createMessage", "message { id }", by=owner, threadId=thread, content="M")
            for _ in range(6)
        ]
        deleting = change(client, "deleteThread", "deletedId", by=owner, id=thread)

        deleted, *written = await asyncio.gather(deleting, *writing)

        assert faults(deleted) == []
        refused = [payload for payload in written if faults(payload)]
        assert [faults(payload) for payload in refused] == [absent("threadId")] * len(refused)
        kept = fetch(database_url, 'SELECT FROM "ChatMessage" WHERE "threadId" = %s', thread)
        assert len(kept) == 6 - len(refused)
        assert await visible_messages(client, owner) == 0


async def visible_messages(client: Client, owner: UUID) -> Any:
    found = await client.data("{ viewer { threads { nodes { messages { totalCount } } } } }", by=owner)
    return sum(thread["messages"]["totalCount"] for thread in found["viewer"]["threads"]["nodes"])


async def test_bulk_deletions_of_the_same_rows_in_opposite_orders_take_turns(
    client: Client, database_url: str
) -> None:
    admin = insert(database_url, "User", role="admin")
    owners = [insert(database_url, "User") for _ in range(3)]
    posts = [insert(database_url, "Post", userId=owner) for owner in owners for _ in range(3)]

    for verb in ("delete", "restore"):
        payloads = await asyncio.gather(
            *(
                change(client, f"{verb}Rows", "results { id userErrors { code } }", by=admin, ids=ids)
                for ids in (posts, posts[::-1]) * 4
            )
        )

        done = Counter(
            result["id"]
            for payload in payloads
            for result in payload["results"]
            if result["userErrors"] == []
        )
        assert done == {str(post): 1 for post in posts}


async def test_a_scheduled_post_that_is_deleted_and_unscheduled_at_once_gives_back_once(
    client: Client, database_url: str, owner: UUID
) -> None:
    for _ in range(5):
        post = insert(database_url, "Post", userId=owner)
        given = {"id": post, "scheduledOn": "2099-01-31T09:00:00Z"}
        assert faults(await change(client, "schedulePost", "post { id }", by=owner, **given)) == []

        deleted, _ = await asyncio.gather(
            change(client, "deletePost", "refunded", by=owner, id=post),
            change(client, "unschedulePost", "refunded", by=owner, id=post),
        )

        assert faults(deleted) == []
        quota = 'SELECT used, (SELECT sum(amount)::int FROM "UsageLog") FROM "UsageQuota"'
        assert fetch(database_url, quota) == [(0, 0)]


async def test_a_user_restored_and_a_row_of_theirs_at_once_leave_nothing_half_done(
    client: Client, database_url: str
) -> None:
    admin = insert(database_url, "User", role="admin")
    owner = insert(database_url, "User")
    thread = insert(database_url, "Thread", userId=owner)
    for _ in range(5):
        execute(database_url, 'UPDATE "Thread" SET "isDeleted" = true')
        execute(database_url, 'UPDATE "User" SET "isDeleted" = true WHERE id = %s', owner)

        user, row = await asyncio.gather(
            change(client, "restoreUser", "user { id }", by=admin, id=owner),
            change(client, "restoreThread", "thread { id }", by=admin, id=thread),
        )

        assert faults(user) == []
        assert faults(row) in ([], [("RESTORE_BLOCKED", None)])
        ((gone,),) = fetch(database_url, 'SELECT "isDeleted" FROM "Thread"')
        assert gone == bool(faults(row))
