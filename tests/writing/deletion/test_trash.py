"""Deleting and restoring: who may, what is hidden, and what comes back."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.conftest import Client
from tests.rows import fetch, insert
from tests.writing.changes import absent, change, faults
from tests.writing.deletion.desk import Desk, delete, flags, restore

KINDS = {
    "thread": "Thread",
    "message": "ChatMessage",
    "idea": "ContentIdea",
    "post": "Post",
    "persona": "Persona",
    "template": "Template",
    "comment": "Comment",
}


async def seen(client: Client, ids: list[UUID], by: UUID) -> list[bool]:
    found = await client.data(
        "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", {"ids": [str(id) for id in ids]}, by=by
    )
    return [node is not None for node in found["nodes"]]


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
