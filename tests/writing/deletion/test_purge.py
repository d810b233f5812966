"""What a purge deletes, and what stays because something refers to it."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.rows import NOW, insert
from tests.writing.deletion.purges import LIVE, OLD, RECENT, counts, ids, purged
from zorbit import models
from zorbit.config import Settings
from zorbit.db import Database
from zorbit.models import table_of
from zorbit.services.purging import REFERENCES

# What goes


async def test_what_was_deleted_long_ago_goes_and_nothing_else(
    pool: Database, database_url: str, settings: Settings, user: UUID
) -> None:
    tables = ["Post", "Comment", "Persona", "Template", "Thread"]
    kept = set()
    for table in tables:
        insert(database_url, table, userId=user, **OLD)
        kept |= {insert(database_url, table, userId=user, **state) for state in (RECENT, LIVE)}
    nobody = insert(database_url, "User", **RECENT)
    kept.add(insert(database_url, "Post", userId=nobody))
    insert(database_url, "Post", userId=nobody, **OLD)

    found = await purged(pool, settings)

    assert +found.rows == {**dict.fromkeys(tables, 1), "Post": 2}
    assert ids(database_url, *tables) == kept
    assert ids(database_url, "User") == {user, nobody}
    assert counts(database_url)["AuditEntry"] == 0


async def test_a_thread_takes_its_messages_and_ideas_along(
    pool: Database, database_url: str, settings: Settings, user: UUID
) -> None:
    thread = insert(database_url, "Thread", userId=user, **OLD)
    for state in (LIVE, RECENT, OLD):
        message = insert(database_url, "ChatMessage", userId=user, threadId=thread, **state)
        insert(database_url, "ContentIdea", chatMessageId=message)
        insert(database_url, "Post", userId=user, chatMessageId=message, **OLD)

    found = await purged(pool, settings)

    assert +found.rows == {"Post": 3, "Thread": 1, "ChatMessage": 3, "ContentIdea": 3}
    assert ids(database_url, "Thread", "ChatMessage", "ContentIdea", "Post") == set()


async def test_below_what_stays_only_what_was_deleted_itself_goes(
    pool: Database, database_url: str, settings: Settings, user: UUID
) -> None:
    thread = insert(database_url, "Thread", userId=user)
    live, gone = (
        insert(database_url, "ChatMessage", userId=user, threadId=thread, **state) for state in (LIVE, OLD)
    )
    idea = insert(database_url, "ContentIdea", chatMessageId=live)
    for message, state in ((live, OLD), (gone, LIVE)):
        insert(database_url, "ContentIdea", chatMessageId=message, **state)

    found = await purged(pool, settings)

    assert +found.rows == {"ChatMessage": 1, "ContentIdea": 2}
    assert ids(database_url, "Thread", "ChatMessage", "ContentIdea") == {thread, live, idea}


async def test_keys_that_have_expired_are_forgotten(
    pool: Database, database_url: str, settings: Settings, user: UUID
) -> None:
    for age in (timedelta(hours=25), timedelta(hours=23)):
        insert(database_url, "IdempotencyKey", callerId=user, createdAt=NOW - age, outcome={})

    found = await purged(pool, settings)

    assert +found.rows == {"IdempotencyKey": 1}
    assert counts(database_url)["IdempotencyKey"] == 1


# What stays


@pytest.mark.parametrize("state", [LIVE, RECENT, OLD], ids=["live", "recent", "old"])
@pytest.mark.parametrize(
    ("table", "key", "target"),
    [(key.class_.__name__, key.expression.name, target.__name__) for key, target in REFERENCES],
)
async def test_what_a_kept_row_refers_to_stays_with_all_that_it_is_part_of(
    pool: Database,
    database_url: str,
    settings: Settings,
    user: UUID,
    table: str,
    key: str,
    target: str,
    state: dict[str, Any],
) -> None:
    place = (
        {"threadId": insert(database_url, "Thread", userId=user, **OLD)} if target == "ChatMessage" else {}
    )
    referred = insert(database_url, target, userId=user, **place, **OLD)
    beside = insert(database_url, target, userId=user, **place)
    referring = insert(database_url, table, userId=user, **{key: referred}, **state)

    await purged(pool, settings)

    kept = {referring, referred, beside, *place.values()}
    lone = {beside} if not place else set()
    assert ids(database_url, table, target, "Thread") == (lone if state is OLD else kept)


async def test_a_thread_that_stays_loses_the_messages_that_nothing_refers_to(
    pool: Database, database_url: str, settings: Settings, user: UUID
) -> None:
    thread = insert(database_url, "Thread", userId=user, **OLD)
    referred, live = (insert(database_url, "ChatMessage", userId=user, threadId=thread) for _ in range(2))
    insert(database_url, "ChatMessage", userId=user, threadId=thread, **OLD)
    insert(database_url, "Post", userId=user, chatMessageId=referred)

    found = await purged(pool, settings)

    assert +found.rows == {"ChatMessage": 1}
    assert ids(database_url, "Thread", "ChatMessage") == {thread, referred, live}


def test_every_reference_that_restricts_is_thought_of() -> None:
    restricting = {
        (model.__name__, key.elements[-1].parent.name, key.referred_table.name)
        for model in models.DELETABLE
        for key in table_of(model).foreign_key_constraints
        if key.ondelete == "RESTRICT"
    }

    named = {(key.class_.__name__, key.expression.name, target.__name__) for key, target in REFERENCES}
    assert named == restricting
