"""`zorbit purge`: what goes, what stays because something refers to it, and who comes first."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest

from tests.conftest import Client
from tests.rows import NOW, PLAIN, execute, fetch, insert
from tests.writing.changes import absent, change, faults
from tests.writing.commands import zorbit
from tests.writing.waiting import until_waiting
from zorbit import db, demo, models
from zorbit.config import Settings
from zorbit.db import Database
from zorbit.models import table_of
from zorbit.services import purging
from zorbit.services.purging import ANONYMISED, REFERENCES, Purged

AGE = timedelta(days=90)
OLD = {"isDeleted": True, "deletedAt": NOW - AGE - timedelta(minutes=1)}
RECENT = {"isDeleted": True, "deletedAt": NOW - AGE + timedelta(hours=1)}
LIVE: dict[str, Any] = {}


@pytest.fixture
def owner(database_url: str) -> UUID:
    return insert(database_url, "User", email="ada@example.com")


def counts(url: str) -> dict[str, int]:
    """How many rows each table has."""
    tables = " UNION ALL ".join(f"SELECT '{table}', count(*) FROM \"{table}\"" for table in PLAIN)
    return dict(fetch(url, tables))


def ids(url: str, *tables: str) -> set[UUID]:
    return {id for table in tables for (id,) in fetch(url, f'SELECT id FROM "{table}"')}


async def purged(database: Database, settings: Settings) -> Purged:
    """What a purge deletes, which a dry run has told beforehand."""
    expected = await purging.preview(database, settings, AGE)
    found = await purging.run(database, settings, AGE)
    assert +found.rows == +expected.rows
    assert expected.in_use == 0
    return found


# What goes


async def test_what_was_deleted_long_ago_goes_and_nothing_else(
    pool: Database, database_url: str, settings: Settings, owner: UUID
) -> None:
    tables = ["Post", "Comment", "Persona", "Template", "Thread"]
    kept = set()
    for table in tables:
        insert(database_url, table, userId=owner, **OLD)
        kept |= {insert(database_url, table, userId=owner, **state) for state in (RECENT, LIVE)}
    nobody = insert(database_url, "User", **RECENT)
    kept.add(insert(database_url, "Post", userId=nobody))
    insert(database_url, "Post", userId=nobody, **OLD)

    found = await purged(pool, settings)

    assert +found.rows == {**dict.fromkeys(tables, 1), "Post": 2}
    assert ids(database_url, *tables) == kept
    assert ids(database_url, "User") == {owner, nobody}
    assert counts(database_url)["AuditEntry"] == 0


async def test_a_thread_takes_its_messages_and_ideas_along(
    pool: Database, database_url: str, settings: Settings, owner: UUID
) -> None:
    thread = insert(database_url, "Thread", userId=owner, **OLD)
    for state in (LIVE, RECENT, OLD):
        message = insert(database_url, "ChatMessage", userId=owner, threadId=thread, **state)
        insert(database_url, "ContentIdea", chatMessageId=message)
        insert(database_url, "Post", userId=owner, chatMessageId=message, **OLD)

    found = await purged(pool, settings)

    assert +found.rows == {"Post": 3, "Thread": 1, "ChatMessage": 3, "ContentIdea": 3}
    assert ids(database_url, "Thread", "ChatMessage", "ContentIdea", "Post") == set()


async def test_below_what_stays_only_what_was_deleted_itself_goes(
    pool: Database, database_url: str, settings: Settings, owner: UUID
) -> None:
    thread = insert(database_url, "Thread", userId=owner)
    live, gone = (
        insert(database_url, "ChatMessage", userId=owner, threadId=thread, **state) for state in (LIVE, OLD)
    )
    idea = insert(database_url, "ContentIdea", chatMessageId=live)
    for message, state in ((live, OLD), (gone, LIVE)):
        insert(database_url, "ContentIdea", chatMessageId=message, **state)

    found = await purged(pool, settings)

    assert +found.rows == {"ChatMessage": 1, "ContentIdea": 2}
    assert ids(database_url, "Thread", "ChatMessage", "ContentIdea") == {thread, live, idea}


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
    owner: UUID,
    table: str,
    key: str,
    target: str,
    state: dict[str, Any],
) -> None:
    place = (
        {"threadId": insert(database_url, "Thread", userId=owner, **OLD)} if target == "ChatMessage" else {}
    )
    referred = insert(database_url, target, userId=owner, **place, **OLD)
    beside = insert(database_url, target, userId=owner, **place)
    referring = insert(database_url, table, userId=owner, **{key: referred}, **state)

    await purged(pool, settings)

    kept = {referring, referred, beside, *place.values()}
    lone = {beside} if not place else set()
    assert ids(database_url, table, target, "Thread") == (lone if state is OLD else kept)


async def test_a_thread_that_stays_loses_the_messages_that_nothing_refers_to(
    pool: Database, database_url: str, settings: Settings, owner: UUID
) -> None:
    thread = insert(database_url, "Thread", userId=owner, **OLD)
    referred, live = (insert(database_url, "ChatMessage", userId=owner, threadId=thread) for _ in range(2))
    insert(database_url, "ChatMessage", userId=owner, threadId=thread, **OLD)
    insert(database_url, "Post", userId=owner, chatMessageId=referred)

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


# Users


def furnished(url: str, user: UUID) -> None:
    """A row of everything that a user can have, but invoices; each refers to all that it can."""
    own = {"userId": user}
    thread = insert(url, "Thread", **own)
    message = insert(url, "ChatMessage", **own, threadId=thread)
    insert(url, "ContentIdea", chatMessageId=message)
    persona, template = insert(url, "Persona", **own), insert(url, "Template", **own)
    insert(url, "Post", **own, personaId=persona, templateId=template, chatMessageId=message)
    insert(url, "Comment", **own, personaId=persona)
    insert(url, "Subscription", **own, planId=insert(url, "Plan"), status="canceled", endDate=NOW)
    card = {"cardBrand": "visa", "lastFour": "4242", "expiryMonth": 12, "expiryYear": 2030}
    insert(url, "PaymentMethod", **own, isDefault=True, providerToken="pm_1", **card)
    quota = insert(url, "UsageQuota", **own, used=0)
    spend = insert(url, "UsageLog", quotaId=quota, userId=str(user), subjectId=persona)
    insert(url, "UsageLog", quotaId=quota, userId=str(user), subjectId=persona, amount=-1, refundOfId=spend)
    insert(url, "IdempotencyKey", callerId=user, outcome={})
    insert(url, "PersistedQuery", **own)


FURNITURE = {
    "Thread": 1,
    "ChatMessage": 1,
    "ContentIdea": 1,
    "Persona": 1,
    "Template": 1,
    "Post": 1,
    "Comment": 1,
    "Subscription": 1,
    "UsageQuota": 1,
    "UsageLog": 2,
    "IdempotencyKey": 1,
    "PersistedQuery": 1,
}


async def test_a_user_goes_with_all_that_is_theirs(
    pool: Database, database_url: str, settings: Settings, owner: UUID
) -> None:
    gone = insert(database_url, "User", **OLD)
    for user in (owner, gone):
        furnished(database_url, user)
    before = counts(database_url)

    found = await purged(pool, settings)

    rows = FURNITURE | {"PaymentMethod": 1, "User": 1}
    assert +found.rows == rows
    assert counts(database_url) == {
        table: number - rows.get(table, 0) + (table == "AuditEntry") for table, number in before.items()
    }
    columns = 'action, "actorId", "actorRole", "subjectType", "subjectId", "userId", details'
    entries = fetch(database_url, f'SELECT {columns} FROM "AuditEntry"')
    assert entries == [("purge", None, None, "User", gone, gone, {"rows": rows})]


async def test_a_user_with_invoices_is_made_anonymous(
    pool: Database, database_url: str, settings: Settings, client: Client
) -> None:
    admin = insert(database_url, "User", role="admin")
    named = {"name": "Ada", "dodoCustomerId": "cus_1", "authIssuer": "https://i", "authSubject": "s"}
    gone = insert(database_url, "User", email="ada@example.com", **named, **OLD)
    furnished(database_url, gone)
    method = fetch(database_url, 'SELECT id FROM "PaymentMethod"')[0][0]
    invoice = insert(database_url, "Invoice", userId=gone, paymentMethodId=method)
    insert(database_url, "InvoiceItem", invoiceId=invoice)
    before = counts(database_url)

    found = await purged(pool, settings)

    assert +found.rows == FURNITURE | {ANONYMISED: 1}
    assert counts(database_url) == {
        table: number - FURNITURE.get(table, 0) + (table == "AuditEntry") for table, number in before.items()
    }
    columns = 'email, name, "dodoCustomerId", "authIssuer", "authSubject", "isDeleted"'
    user = fetch(database_url, f'SELECT {columns} FROM "User" WHERE id = %s', gone)
    assert user == [(f"deleted-{gone}@invalid", None, None, None, None, True)]
    columns = 'type, "cardBrand", "lastFour", "expiryMonth", "expiryYear", "providerToken", "isDefault"'
    assert fetch(database_url, f'SELECT {columns}, "removedAt" IS NULL FROM "PaymentMethod"') == [
        ("credit_card", "visa", None, None, None, None, False, False)
    ]
    assert ids(database_url, "Invoice", "InvoiceItem", "PaymentMethod") >= {invoice, method}

    trash = await client.data("{ deletedUsers { totalCount nodes { id } } }", by=admin)
    refused = await change(client, "restoreUser", "user { id }", by=admin, id=gone)
    again = await purged(pool, settings)

    assert trash["deletedUsers"] == {"totalCount": 0, "nodes": []}
    assert faults(refused) == absent("id")
    assert +again.rows == {}
    assert counts(database_url)["AuditEntry"] == 1


# Keys


async def test_keys_that_have_expired_are_forgotten(
    pool: Database, database_url: str, settings: Settings, owner: UUID
) -> None:
    for age in (timedelta(hours=25), timedelta(hours=23)):
        insert(database_url, "IdempotencyKey", callerId=owner, createdAt=NOW - age, outcome={})

    found = await purged(pool, settings)

    assert +found.rows == {"IdempotencyKey": 1}
    assert counts(database_url)["IdempotencyKey"] == 1


# Beside a running server


async def test_what_is_being_restored_is_waited_for_and_stays(
    pool: Database, database_url: str, settings: Settings, owner: UUID
) -> None:
    row = insert(database_url, "Thread", userId=owner, **OLD)
    message = insert(database_url, "ChatMessage", userId=owner, threadId=row)
    with psycopg.connect(database_url) as restoring:
        restoring.execute('SELECT FROM "User" WHERE id = %s FOR NO KEY UPDATE', [owner])
        restoring.execute('UPDATE "Thread" SET "isDeleted" = false WHERE id = %s', [row])
        purge = asyncio.create_task(purging.run(pool, settings, AGE))
        await until_waiting(database_url, 1)

    assert +(await purge).rows == {}
    assert ids(database_url, "Thread", "ChatMessage") == {row, message}


async def test_what_becomes_referred_to_is_waited_for_and_stays(
    pool: Database, database_url: str, settings: Settings, owner: UUID
) -> None:
    persona = insert(database_url, "Persona", userId=owner, **OLD)
    post = insert(database_url, "Post", userId=owner, personaId=persona, **OLD)
    with psycopg.connect(database_url) as restoring:
        restoring.execute('SELECT FROM "User" WHERE id = %s FOR NO KEY UPDATE', [owner])
        restoring.execute('UPDATE "Post" SET "isDeleted" = false WHERE id = %s', [post])
        purge = asyncio.create_task(purging.run(pool, settings, AGE))
        await until_waiting(database_url, 1)

    assert +(await purge).rows == {}
    assert ids(database_url, "Persona", "Post") == {persona, post}


async def test_a_row_is_restored_or_purged_never_both(
    client: Client, pool: Database, database_url: str, settings: Settings, owner: UUID
) -> None:
    threads = [insert(database_url, "Thread", userId=owner, **OLD) for _ in range(15)]
    for thread in threads:
        insert(database_url, "ChatMessage", userId=owner, threadId=thread)

    async def restored(thread: UUID) -> bool:
        payload = await change(client, "restoreThread", "thread { id }", by=owner, id=thread)
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
    database_url: str, settings: Settings, owner: UUID
) -> None:
    stranger = insert(database_url, "User")
    persona = insert(database_url, "Persona", userId=owner, **OLD)
    held = insert(database_url, "Post", userId=owner, personaId=persona, **OLD)
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
    pool: Database, database_url: str, settings: Settings, owner: UUID
) -> None:
    stranger = insert(database_url, "User")
    threads = {user: insert(database_url, "Thread", userId=user, **OLD) for user in (owner, stranger)}
    for user, thread in threads.items():
        insert(database_url, "ChatMessage", userId=user, threadId=thread)
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


# The command


def test_a_dry_run_tells_what_the_purge_then_does(database_url: str) -> None:
    demo.fill(database_url, users=3)
    execute(
        database_url,
        """UPDATE "Subscription" SET status = 'canceled', "endDate" = now() WHERE "userId" =
           (SELECT id FROM "User" WHERE email = 'trial@example.com')""",
    )
    execute(
        database_url,
        """UPDATE "User" SET "isDeleted" = true, "deletedAt" = now() - interval '2 days'
           WHERE email = 'trial@example.com'""",
    )
    execute(
        database_url,
        """UPDATE "Post" SET "scheduledOn" = NULL WHERE NOT "isPostedOnLinkedin" AND "userId" =
           (SELECT id FROM "User" WHERE email = 'trial@example.com')""",
    )
    before = counts(database_url)

    dry = zorbit(database_url, "purge", "--older-than", "36h", "--dry-run")
    between = counts(database_url)
    wet = zorbit(database_url, "purge", "--older-than", "36h")
    after = counts(database_url)
    again = zorbit(database_url, "purge", "--older-than", "36h")

    assert (dry.code, wet.code, again.code, wet.err) == (0, 0, 0, "")
    assert dry.out.startswith("to purge: ")
    assert wet.out == dry.out.replace("to purge", "purged")
    assert between == before
    told = {
        table: int(number)
        for number, table in (part.split(" ", 1) for part in wet.out.strip().partition(": ")[2].split(", "))
    }
    assert (told.pop(ANONYMISED), told["User"]) == (1, 1)
    assert {"Post", "Comment", "Template", "Thread", "ChatMessage", "ContentIdea", "Persona"} < told.keys()
    removed = {table: before[table] - after[table] for table in before if table != "AuditEntry"}
    assert {table: number for table, number in removed.items() if number} == told
    assert after["AuditEntry"] == 2
    assert again.out == "purged: nothing\n"
    assert zorbit(database_url, "doctor").code == 0


@pytest.mark.parametrize(
    "age", ["", "90", "0d", "0h", "-1d", "1.5d", "90 d", "90D", "1w", "30m", "d", "٣d", "100000d", "1d1h"]
)
def test_an_age_that_is_none_is_refused_in_a_line(database_url: str, owner: UUID, age: str) -> None:
    post = insert(database_url, "Post", userId=owner, **OLD)

    ended = zorbit(database_url, "purge", f"--older-than={age}")

    assert ended.code == (
        f"zorbit: --older-than takes days or hours, from 1h to 99999d: 90d or 36h, not {age!r}"
    )
    assert ids(database_url, "Post") == {post}


def test_who_names_no_age_purges_nothing(database_url: str) -> None:
    ended = zorbit(database_url, "purge")

    assert ended.code == 2
    assert "--older-than" in ended.err


def test_rows_in_use_are_told(database_url: str, owner: UUID, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZORBIT_LOCK_TIMEOUT", "0.1")
    insert(database_url, "Post", userId=owner, **OLD)
    with psycopg.connect(database_url) as holding:
        holding.execute('SELECT FROM "User" FOR SHARE')

        ended = zorbit(database_url, "purge", "--older-than", "90d")

    assert (ended.code, ended.out) == (0, "purged: nothing\n")
    assert ended.err == "in use, so left for the next time: 1\n"


def test_what_is_due_is_done_once(database_url: str, owner: UUID) -> None:
    ended = {"status": "canceled", "endDate": NOW - timedelta(days=1)}
    insert(database_url, "Subscription", userId=owner, planId=insert(database_url, "Plan"), **ended)

    first, second = zorbit(database_url, "periodic"), zorbit(database_url, "periodic")

    assert (first.code, first.out) == (0, "done: 1 cancellations_ended\n")
    assert (second.code, second.out) == (0, "done: nothing\n")
    assert fetch(database_url, 'SELECT status FROM "Subscription"') == [("expired",)]
