"""The same again under one key: one effect, and an answer over what is there and visible by then."""

from uuid import UUID

import pytest

from tests.conftest import Client
from tests.rows import execute, fetch, insert
from tests.writing.changes import ERRORS
from tests.writing.idempotency.keys import KEY, count, create, keys, send

# The same again


async def test_the_same_again_is_answered_the_same_and_has_no_second_effect(
    client: Client, database_url: str, subscriber: UUID
) -> None:
    first = await create(client, subscriber, title="One")
    again = await create(client, subscriber, title="One")

    assert first["userErrors"] == []
    assert again == first
    assert fetch(database_url, 'SELECT id FROM "Post"') == [(UUID(first["post"]["id"]),)]
    assert keys(database_url) == [(subscriber, "createPost", KEY)]


async def test_without_a_key_the_same_again_is_another(
    client: Client, database_url: str, subscriber: UUID
) -> None:
    for _ in range(2):
        await create(client, subscriber, None)

    assert count(database_url, "Post") == 2
    assert keys(database_url) == []


async def test_a_repeat_resolves_its_own_selection_over_what_is_there_now(
    client: Client, database_url: str, subscriber: UUID
) -> None:
    first = await create(client, subscriber, title="One")
    execute(database_url, 'UPDATE "Post" SET title = %s', "Two")

    call = f'createPost(idempotencyKey: "{KEY}", input: {{title: "One", content: "Once"}})'
    payload = await send(client, subscriber, f"{call} {{ post {{ title status user {{ id }} }} }}")

    assert first["post"]["title"] == "One"
    assert payload == {"post": {"title": "Two", "status": "DRAFT", "user": {"id": str(subscriber)}}}
    assert count(database_url, "Post") == 1


async def test_what_is_spent_is_spent_once(client: Client, database_url: str, subscriber: UUID) -> None:
    post = insert(database_url, "Post", userId=subscriber)
    call = (
        f'schedulePost(idempotencyKey: "{KEY}", input: {{id: "{post}", scheduledOn: "2099-01-01T00:00:00Z"}})'
    )
    shown = f"{{ post {{ status }} quota {{ used limit }} {ERRORS} }}"

    answers = [await send(client, subscriber, f"{call} {shown}") for _ in range(3)]

    expected = {"post": {"status": "SCHEDULED"}, "quota": {"used": 1, "limit": 30}, "userErrors": []}
    assert answers == [expected] * 3
    assert count(database_url, "UsageLog") == 1


async def test_a_deletion_sent_again_is_answered_as_before_and_recorded_once(
    client: Client, database_url: str, subscriber: UUID
) -> None:
    post = insert(database_url, "Post", userId=subscriber)
    call = f'deletePost(idempotencyKey: "{KEY}", input: {{id: "{post}"}})'
    shown = f"{{ deletedId trashEntry {{ id deletedAt }} refunded {ERRORS} }}"

    first, again = [await send(client, subscriber, f"{call} {shown}") for _ in range(2)]

    assert first["deletedId"] == first["trashEntry"]["id"] == str(post)
    assert again == first
    assert first["userErrors"] == []
    recorded = fetch(database_url, 'SELECT action, "subjectId" FROM "AuditEntry"')
    assert recorded == [("deletePost", post)]


async def test_two_fields_of_one_document_share_a_key_too(
    client: Client, database_url: str, subscriber: UUID
) -> None:
    call = f'createThread(idempotencyKey: "{KEY}", input: {{title: "T"}}) {{ thread {{ id }} }}'

    data = await client.data(f"mutation {{ first: {call} again: {call} }}", by=subscriber)

    assert data["first"] == data["again"]
    assert count(database_url, "Thread") == 1


# What became of it since


@pytest.mark.parametrize("deletion", ["row", "for good"])
async def test_a_repeat_shows_nothing_of_what_was_deleted_since(
    client: Client, database_url: str, subscriber: UUID, deletion: str
) -> None:
    await create(client, subscriber)
    remove = 'UPDATE "Post" SET "isDeleted" = true' if deletion == "row" else 'DELETE FROM "Post"'
    execute(database_url, remove)

    again = await create(client, subscriber)

    assert again == {"post": None, "userErrors": []}
    assert fetch(database_url, 'SELECT count(*) FROM "Post" WHERE NOT "isDeleted"') == [(0,)]


async def test_a_repeat_shows_a_demoted_caller_what_is_visible_to_them_now(
    client: Client, database_url: str, subscriber: UUID
) -> None:
    admin = insert(database_url, "User", role="admin")
    post = insert(database_url, "Post", userId=subscriber, title="Before")
    call = f'updatePost(idempotencyKey: "{KEY}", input: {{id: "{post}", title: "After"}})'
    ask = f"{call} {{ post {{ title }} {ERRORS} }}"
    assert await send(client, admin, ask) == {"post": {"title": "After"}, "userErrors": []}

    execute(database_url, "UPDATE \"User\" SET role = 'user' WHERE id = %s", admin)

    assert await send(client, admin, ask) == {"post": None, "userErrors": []}
    execute(database_url, "UPDATE \"User\" SET role = 'service' WHERE id = %s", admin)
    answer = await client.run(f"mutation {{ {ask} }}", by=admin)
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["FORBIDDEN"]


async def test_a_repeat_shows_no_quota_of_an_owner_who_was_deleted_since(
    client: Client, database_url: str, subscriber: UUID
) -> None:
    admin = insert(database_url, "User", role="admin")
    post = insert(database_url, "Post", userId=subscriber)
    call = (
        f'schedulePost(idempotencyKey: "{KEY}", input: {{id: "{post}", scheduledOn: "2099-01-01T00:00:00Z"}})'
    )
    ask = f"{call} {{ post {{ status }} quota {{ used }} {ERRORS} }}"
    first = {"post": {"status": "SCHEDULED"}, "quota": {"used": 1}, "userErrors": []}
    assert await send(client, admin, ask) == first

    execute(database_url, 'UPDATE "User" SET "isDeleted" = true WHERE id = %s', subscriber)

    assert await send(client, admin, ask) == {"post": None, "quota": None, "userErrors": []}
