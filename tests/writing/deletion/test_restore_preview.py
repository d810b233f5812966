"""What a restore would do is told beforehand to those who may restore, with what stands against it."""

from uuid import UUID, uuid4

import pytest

from tests.conftest import Client
from tests.rows import execute, fetch, insert
from tests.writing.deletion.previews import PREVIEW, preview


@pytest.fixture
def owner(database_url: str) -> UUID:
    """A subscriber who may have one persona."""
    user = insert(database_url, "User", email="ada@example.com")
    insert(database_url, "Subscription", userId=user, planId=insert(database_url, "Plan", personaLimit=1))
    return user


async def test_what_would_come_back_is_counted_without_what_was_deleted_singly(
    client: Client, database_url: str, owner: UUID
) -> None:
    thread = insert(database_url, "Thread", userId=owner, isDeleted=True)
    message, gone = (
        insert(database_url, "ChatMessage", userId=owner, threadId=thread, isDeleted=deleted)
        for deleted in (False, True)
    )
    for parent, deleted in ((message, False), (message, False), (message, True), (gone, False)):
        insert(database_url, "ContentIdea", chatMessageId=parent, isDeleted=deleted)
    insert(database_url, "Post", userId=owner, chatMessageId=message)
    insert(database_url, "ChatMessage", userId=owner, threadId=insert(database_url, "Thread", userId=owner))

    found = await preview(client, thread, owner)

    assert found == {
        "trashEntry": {"type": "THREAD", "id": str(thread)},
        "restores": [
            {"type": "THREAD", "count": 1},
            {"type": "MESSAGE", "count": 1},
            {"type": "IDEA", "count": 2},
        ],
        "userErrors": [],
    }
    below = await preview(client, gone, owner)
    assert below["restores"] == [{"type": "MESSAGE", "count": 1}, {"type": "IDEA", "count": 1}]
    assert below["userErrors"] == [
        {
            "code": "RESTORE_BLOCKED",
            "field": None,
            "blockedBy": [{"type": "THREAD", "id": str(thread)}],
        }
    ]


async def test_there_is_a_preview_only_of_what_the_caller_may_restore(
    client: Client, database_url: str, owner: UUID, admin: UUID
) -> None:
    stranger = insert(database_url, "User", isDeleted=True)
    live = insert(database_url, "Post", userId=owner)
    own = insert(database_url, "Post", userId=owner, isDeleted=True)
    foreign = insert(database_url, "Post", userId=admin, isDeleted=True)

    assert [await preview(client, id, owner) for id in (live, foreign, stranger, owner, uuid4())] == [
        None
    ] * 5
    assert [await preview(client, id, admin) for id in (live, owner, uuid4())] == [None] * 3
    for by in (owner, admin):
        assert (await preview(client, own, by))["restores"] == [{"type": "POST", "count": 1}]
    assert (await preview(client, stranger, admin))["trashEntry"] == {"type": "USER", "id": str(stranger)}


@pytest.mark.parametrize("by", ["nobody", "service"])
async def test_there_is_no_preview_for_callers_without_data(
    client: Client, database_url: str, by: str
) -> None:
    service = insert(database_url, "User", role="service")

    answer = await client.run(PREVIEW, {"id": str(uuid4())}, by=service if by == "service" else None)

    code = "FORBIDDEN" if by == "service" else "UNAUTHENTICATED"
    assert answer["errors"][0]["extensions"]["code"] == code


async def test_what_is_not_an_id_is_refused(client: Client, owner: UUID) -> None:
    answer = await client.run(PREVIEW, {"id": "x"}, by=owner)

    assert answer["errors"][0]["extensions"] == {"code": "BAD_USER_INPUT", "field": "id"}


async def test_a_full_quota_and_a_missing_subscription_stand_against_a_persona(
    client: Client, database_url: str, owner: UUID
) -> None:
    persona = insert(database_url, "Persona", userId=owner, isDeleted=True)
    assert (await preview(client, persona, owner))["userErrors"] == []
    insert(database_url, "Persona", userId=owner)

    exhausted = await preview(client, persona, owner)
    execute(database_url, """UPDATE "Subscription" SET status = 'expired'""")
    unpaid = await preview(client, persona, owner)

    assert exhausted["userErrors"] == [
        {"code": "QUOTA_EXHAUSTED", "field": None, "quota": {"used": 1, "limit": 1}}
    ]
    assert unpaid["userErrors"] == [{"code": "SUBSCRIPTION_REQUIRED", "field": None}]
    assert unpaid["restores"] == [{"type": "PERSONA", "count": 1}]
    assert fetch(database_url, 'SELECT FROM "UsageQuota"') == []


async def test_a_taken_address_stands_against_a_user(
    client: Client, database_url: str, owner: UUID, admin: UUID
) -> None:
    insert(database_url, "Comment", userId=owner)
    execute(database_url, 'UPDATE "User" SET "isDeleted" = true WHERE id = %s', owner)
    insert(database_url, "User", email="ADA@example.com")

    found = await preview(client, owner, admin)

    assert found["restores"] == [{"type": "USER", "count": 1}, {"type": "COMMENT", "count": 1}]
    current = {"email": "ADA@example.com"}
    assert found["userErrors"] == [{"code": "CONFLICT", "field": ["email"], "current": current}]
