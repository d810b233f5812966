"""Deleting and restoring: what is hidden, what comes back, and what it costs."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.conftest import Client
from tests.rows import NOW, execute, fetch, insert
from tests.writing.changes import absent, change, faults, used

DELETED = "deletedId trashEntry { type id title blockedBy { id } }"
PAID = "refunded quota { type used limit }"
KINDS = {
    "thread": "Thread",
    "message": "ChatMessage",
    "idea": "ContentIdea",
    "post": "Post",
    "persona": "Persona",
    "template": "Template",
    "comment": "Comment",
}
LATER = NOW + timedelta(days=3)


@dataclass
class Desk:
    """A user with a row of each kind, each part of the one before where it can be."""

    url: str
    owner: UUID
    rows: dict[str, UUID]


@pytest.fixture
def desk(database_url: str) -> Desk:
    """A subscriber who may have three personas, and schedule two posts a month."""
    plan = insert(database_url, "Plan", postSchedulingLimit=2, personaLimit=3)
    owner = insert(database_url, "User")
    insert(database_url, "Subscription", userId=owner, planId=plan)
    thread = insert(database_url, "Thread", userId=owner, title="A title")
    message = insert(database_url, "ChatMessage", userId=owner, threadId=thread, content="A title")
    rows = {
        "thread": thread,
        "message": message,
        "idea": insert(database_url, "ContentIdea", chatMessageId=message, title="A title"),
        "post": insert(database_url, "Post", userId=owner, chatMessageId=message, title="A title"),
        "persona": insert(database_url, "Persona", userId=owner, name="A title"),
        "template": insert(database_url, "Template", userId=owner, name="A title"),
        "comment": insert(database_url, "Comment", userId=owner, quote="A title"),
    }
    return Desk(database_url, owner, rows)


async def delete(client: Client, kind: str, id: UUID, by: UUID, shown: str = DELETED, **more: Any) -> Any:
    return await change(client, f"delete{kind.title()}", shown, by=by, id=id, **more)


async def restore(client: Client, kind: str, id: UUID, by: UUID, shown: str | None = None) -> Any:
    return await change(client, f"restore{kind.title()}", shown or f"{kind} {{ id }}", by=by, id=id)


async def seen(client: Client, ids: list[UUID], by: UUID) -> list[bool]:
    found = await client.data(
        "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", {"ids": [str(id) for id in ids]}, by=by
    )
    return [node is not None for node in found["nodes"]]


def flags(url: str, table: str, id: UUID) -> tuple[bool, bool]:
    """Whether it is flagged, and has the time of its deletion."""
    ((deleted, stamped),) = fetch(
        url, f'SELECT "isDeleted", "deletedAt" IS NOT NULL FROM "{table}" WHERE id = %s', id
    )
    return deleted, stamped


def audited(url: str, subject: UUID) -> list[tuple[Any, ...]]:
    """What the audit trail tells of a row."""
    return fetch(
        url,
        'SELECT action, "actorId", "subjectType", "userId" FROM "AuditEntry" WHERE "subjectId" = %s '
        "ORDER BY id",
        subject,
    )


@pytest.mark.parametrize("kind", KINDS)
async def test_a_row_goes_into_the_trash_and_comes_back_and_both_are_recorded(
    client: Client, desk: Desk, kind: str
) -> None:
    row, by, table = desk.rows[kind], desk.owner, KINDS[kind]
    blocked: list[Any] = []

    deleted = await delete(client, kind, row, by)

    entry = {"type": kind.upper(), "id": str(row), "title": "A title", "blockedBy": blocked}
    assert deleted == {"deletedId": str(row), "trashEntry": entry, "userErrors": []}
    assert await seen(client, [row], by) == [False]
    assert flags(desk.url, table, row) == (True, True)

    restored = await restore(client, kind, row, by)

    assert restored == {kind: {"id": str(row)}, "userErrors": []}
    assert await seen(client, [row], by) == [True]
    assert flags(desk.url, table, row) == (False, False)
    names = [f"{verb}{kind.title()}" for verb in ("delete", "restore")]
    assert audited(desk.url, row) == [(name, by, table, by) for name in names]


@pytest.mark.parametrize("kind", KINDS)
async def test_only_the_owner_and_admins_delete_and_restore(client: Client, desk: Desk, kind: str) -> None:
    row, table = desk.rows[kind], KINDS[kind]
    stranger = insert(desk.url, "User")
    admin = insert(desk.url, "User", role="admin")

    assert faults(await delete(client, kind, row, stranger)) == absent("id")
    assert flags(desk.url, table, row) == (False, False)

    assert (await delete(client, kind, row, admin))["deletedId"] == str(row)
    assert faults(await restore(client, kind, row, stranger)) == absent("id")
    assert flags(desk.url, table, row) == (True, True)

    assert (await restore(client, kind, row, admin))[kind] == {"id": str(row)}
    assert [entry[1:] for entry in audited(desk.url, row)] == [(admin, table, desk.owner)] * 2


@pytest.mark.parametrize("kind", KINDS)
async def test_what_is_deleted_is_not_deleted_again_and_what_is_live_not_restored(
    client: Client, desk: Desk, kind: str
) -> None:
    row = desk.rows[kind]
    other = desk.rows["post" if kind != "post" else "thread"]

    assert faults(await restore(client, kind, row, desk.owner)) == absent("id")
    await delete(client, kind, row, desk.owner)

    assert faults(await delete(client, kind, row, desk.owner)) == absent("id")
    assert faults(await delete(client, kind, uuid4(), desk.owner)) == absent("id")
    assert faults(await delete(client, kind, other, desk.owner)) == absent("id")
    assert faults(await restore(client, kind, uuid4(), desk.owner)) == absent("id")
    assert len(audited(desk.url, row)) == 1


async def test_a_thread_takes_what_is_in_it_along_and_brings_it_back(client: Client, desk: Desk) -> None:
    thread, message, idea, post = (desk.rows[kind] for kind in ("thread", "message", "idea", "post"))
    single = insert(desk.url, "ChatMessage", userId=desk.owner, threadId=thread)
    inner = insert(desk.url, "ContentIdea", chatMessageId=single)
    await delete(client, "message", single, desk.owner)

    await delete(client, "thread", thread, desk.owner)

    everything = [thread, message, idea, single, inner, post]
    assert await seen(client, everything, desk.owner) == [False] * 5 + [True]
    assert flags(desk.url, "ChatMessage", message) == (False, False)
    shown = await client.data("query ($id: ID!) { post(id: $id) { message { id } } }", {"id": str(post)},
                              by=desk.owner)  # fmt: skip
    assert shown == {"post": {"message": None}}

    await restore(client, "thread", thread, desk.owner)

    assert await seen(client, everything, desk.owner) == [True] * 3 + [False] * 2 + [True]


async def test_restoring_below_something_deleted_is_refused_and_names_it(client: Client, desk: Desk) -> None:
    thread, message, idea = (desk.rows[kind] for kind in ("thread", "message", "idea"))
    for kind in ("idea", "message", "thread"):
        await delete(client, kind, desk.rows[kind], desk.owner)
    shown = "idea { id } userErrors { ... on RestoreBlocked { blockedBy { type id } } }"

    refused = await restore(client, "idea", idea, desk.owner, shown)

    assert faults(refused) == [("RESTORE_BLOCKED", None)]
    assert refused["idea"] is None
    assert refused["userErrors"][0]["blockedBy"] == [
        {"type": "THREAD", "id": str(thread)},
        {"type": "MESSAGE", "id": str(message)},
    ]
    assert flags(desk.url, "ContentIdea", idea) == (True, True)
    for kind in ("thread", "message", "idea"):
        assert faults(await restore(client, kind, desk.rows[kind], desk.owner)) == []


async def test_a_row_that_was_changed_since_it_was_read_is_not_deleted(client: Client, desk: Desk) -> None:
    post, read = desk.rows["post"], "query ($id: ID!) { post(id: $id) { updatedAt } }"
    before = (await client.data(read, {"id": str(post)}, by=desk.owner))["post"]["updatedAt"]
    await change(client, "savePost", "post { id }", by=desk.owner, id=post)

    refused = await delete(client, "post", post, desk.owner, ifUpdatedAt=before)

    assert faults(refused) == [("CONFLICT", "input.ifUpdatedAt")]
    assert refused["userErrors"][0]["current"] == {"id": str(post)}
    assert flags(desk.url, "Post", post) == (False, False)
    now = (await client.data(read, {"id": str(post)}, by=desk.owner))["post"]["updatedAt"]
    assert faults(await delete(client, "post", post, desk.owner, ifUpdatedAt=now)) == []


# Quotas


async def test_a_scheduled_post_is_unscheduled_and_gives_back_what_it_cost(
    client: Client, desk: Desk
) -> None:
    post = desk.rows["post"]
    await change(client, "schedulePost", "post { id }", by=desk.owner, id=post, scheduledOn=LATER.isoformat())

    deleted = await delete(client, "post", post, desk.owner, PAID)

    assert deleted["refunded"] is True
    assert deleted["quota"] == {"type": "POST_SCHEDULING", "used": 0, "limit": 2}
    assert used(desk.url, desk.owner, "post_scheduling") == [(0, 0)]

    restored = await restore(client, "post", post, desk.owner, "post { status scheduledOn published }")

    assert restored["post"] == {"status": "READY", "scheduledOn": None, "published": True}
    again = await delete(client, "post", post, desk.owner, PAID)
    assert again["refunded"] is False
    assert used(desk.url, desk.owner, "post_scheduling") == [(0, 0)]


async def test_what_was_spent_in_an_earlier_cycle_is_not_given_back(client: Client, desk: Desk) -> None:
    post = desk.rows["post"]
    await change(client, "schedulePost", "post { id }", by=desk.owner, id=post, scheduledOn=LATER.isoformat())
    execute(
        desk.url,
        'UPDATE "UsageQuota" SET "billingCycleStart" = %s, "billingCycleEnd" = %s, "resetDate" = %s',
        NOW - timedelta(days=33),
        NOW - timedelta(days=3),
        NOW - timedelta(days=3),
    )

    deleted = await delete(client, "post", post, desk.owner, PAID)

    assert deleted["refunded"] is False
    assert deleted["quota"] == {"type": "POST_SCHEDULING", "used": 0, "limit": 2}
    assert used(desk.url, desk.owner, "post_scheduling") == [(1, 1)]
    assert fetch(desk.url, 'SELECT "scheduledOn" FROM "Post" WHERE id = %s', post) == [(None,)]


async def test_a_posted_post_stays_posted_and_is_not_given_back(client: Client, desk: Desk) -> None:
    post, address = desk.rows["post"], "https://www.linkedin.com/feed/1"
    await change(client, "schedulePost", "post { id }", by=desk.owner, id=post, scheduledOn=LATER.isoformat())
    await change(client, "markPostPublished", "post { id }", by=desk.owner, id=post, linkedinUrl=address)

    deleted = await delete(client, "post", post, desk.owner, PAID)
    restored = await restore(client, "post", post, desk.owner, "post { status linkedinUrl }")

    assert deleted["refunded"] is False
    assert restored["post"] == {"status": "POSTED", "linkedinUrl": address}
    assert used(desk.url, desk.owner, "post_scheduling") == [(1, 1)]


async def test_a_persona_gives_its_place_back_and_takes_one_again(client: Client, desk: Desk) -> None:
    old = desk.rows["persona"]
    made = await change(
        client, "createPersona", "persona { id }", by=desk.owner, name="New", defaultPrompt="P"
    )
    new = UUID(made["persona"]["id"])

    # The old one counts as carried over into the cycle, the new one was spent in it.
    for left, persona in ((1, old), (0, new)):
        deleted = await delete(client, "persona", persona, desk.owner, PAID)
        assert deleted["refunded"] is True
        assert deleted["quota"] == {"type": "PERSONA", "used": left, "limit": 3}
    for count, persona in ((1, old), (2, new)):
        restored = await restore(client, "persona", persona, desk.owner, "persona { id } quota { used }")
        assert restored["quota"] == {"used": count}
    assert used(desk.url, desk.owner, "persona") == [(2, 2)]

    deleted = await delete(client, "persona", old, desk.owner, PAID)

    assert (deleted["refunded"], deleted["quota"]["used"]) == (True, 1)
    assert used(desk.url, desk.owner, "persona") == [(1, 1)]


async def test_the_first_persona_restored_in_a_cycle_is_counted_once(client: Client, desk: Desk) -> None:
    deleted = insert(desk.url, "Persona", userId=desk.owner, isDeleted=True)

    restored = await restore(client, "persona", deleted, desk.owner, "quota { used limit }")

    assert restored == {"quota": {"used": 2, "limit": 3}, "userErrors": []}
    assert used(desk.url, desk.owner, "persona") == [(2, 2)]


async def test_a_persona_without_a_free_place_is_not_restored(client: Client, desk: Desk) -> None:
    for _ in range(2):
        insert(desk.url, "Persona", userId=desk.owner)
    deleted = insert(desk.url, "Persona", userId=desk.owner, isDeleted=True)
    shown = "persona { id } quota { used } userErrors { ... on QuotaExhausted { quota { type used limit } } }"

    refused = await restore(client, "persona", deleted, desk.owner, shown)

    assert faults(refused) == [("QUOTA_EXHAUSTED", None)]
    assert refused["userErrors"][0]["quota"] == {"type": "PERSONA", "used": 3, "limit": 3}
    assert (refused["persona"], refused["quota"]) == (None, None)
    assert flags(desk.url, "Persona", deleted) == (True, True)
    assert used(desk.url, desk.owner, "persona") == []


async def test_a_persona_without_a_subscription_is_not_restored_but_deleted(
    client: Client, desk: Desk
) -> None:
    persona = desk.rows["persona"]
    execute(desk.url, """UPDATE "Subscription" SET status = 'expired'""")

    deleted = await delete(client, "persona", persona, desk.owner, PAID)
    refused = await restore(client, "persona", persona, desk.owner)

    assert (deleted["refunded"], deleted["quota"]["used"]) == (False, 0)
    assert faults(refused) == [("SUBSCRIPTION_REQUIRED", None)]
    assert flags(desk.url, "Persona", persona) == (True, True)


async def test_a_refund_finds_the_spend_that_was_not_given_back(client: Client, desk: Desk) -> None:
    # Who waits for another transaction keeps the time at which it began itself: the later spend looks older.
    persona = desk.rows["persona"]
    quota = insert(desk.url, "UsageQuota", userId=desk.owner, type="persona", limit=3, used=1)
    entry = {"type": "persona", "userId": str(desk.owner), "quotaId": quota, "subjectId": persona}
    first = insert(desk.url, "UsageLog", createdAt=NOW, **entry)
    insert(desk.url, "UsageLog", amount=-1, refundOfId=first, **entry)
    insert(desk.url, "UsageLog", createdAt=NOW - timedelta(seconds=1), **entry)

    deleted = await delete(client, "persona", persona, desk.owner, PAID)

    assert (deleted["refunded"], deleted["quota"]["used"]) == (True, 0)
    assert used(desk.url, desk.owner, "persona") == [(0, 0)]


async def test_a_repeat_under_the_same_key_deletes_nothing_a_second_time(client: Client, desk: Desk) -> None:
    post = desk.rows["post"]
    ask = (
        "mutation ($id: ID!, $key: String) { deletePost(input: {id: $id}, idempotencyKey: $key) "
        "{ deletedId trashEntry { id } refunded userErrors { code } } }"
    )
    given = {"id": str(post), "key": "once"}

    first = await client.data(ask, given, by=desk.owner)
    second = await client.data(ask, given, by=desk.owner)
    await restore(client, "post", post, desk.owner)
    third = await client.data(ask, given, by=desk.owner)

    assert first == second
    assert first["deletePost"]["trashEntry"] == {"id": str(post)}
    assert third["deletePost"] == first["deletePost"] | {"trashEntry": None}
    assert flags(desk.url, "Post", post) == (False, False)
