"""Deleting and restoring several rows at once: each by itself, all in one transaction."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.conftest import Client
from tests.rows import NOW, execute, fetch, insert, insert_many
from tests.writing.changes import bad, change, faults, send, sent

ERRORS = """userErrors { code field
  ... on RestoreBlocked { blockedBy { type id } }
  ... on QuotaExhausted { resetsAt quota { type used limit } }
  ... on SubscriptionRequired { plans { id } } }"""
SHOWN = {"deleteRows": "trashEntry { type id blockedBy { id } }", "restoreRows": "node { __typename id }"}


@pytest.fixture
def owner(database_url: str) -> UUID:
    """A subscriber who may have two personas."""
    user = insert(database_url, "User")
    insert(database_url, "Subscription", userId=user, planId=insert(database_url, "Plan", personaLimit=2))
    return user


async def each(client: Client, name: str, ids: list[UUID], by: UUID, key: str | None = None) -> Any:
    """What came of each id, as (what is shown, errors)."""
    results = f"results {{ id {SHOWN[name]} {ERRORS} }} userErrors {{ code message }}"
    payload = await send(client, name, results, {"ids": ids}, by=by, key=key)
    assert payload["userErrors"] == []
    shown = "trashEntry" if name == "deleteRows" else "node"
    assert [result["id"] for result in payload["results"]] == sent(ids)
    return [(result[shown], result["userErrors"]) for result in payload["results"]]


def deleted(url: str, *places: tuple[str, UUID]) -> list[bool]:
    return [fetch(url, f'SELECT "isDeleted" FROM "{table}" WHERE id = %s', id)[0][0] for table, id in places]


def absent(index: int) -> Any:
    """A result for an id that is not found."""
    return (None, [{"code": "NOT_FOUND", "field": ["input", "ids", str(index)]}])


async def test_of_a_parent_and_its_child_both_are_deleted_and_both_restored(
    client: Client, database_url: str, owner: UUID
) -> None:
    thread = insert(database_url, "Thread", userId=owner)
    message = insert(database_url, "ChatMessage", userId=owner, threadId=thread)
    idea = insert(database_url, "ContentIdea", chatMessageId=message)
    post = insert(database_url, "Post", userId=owner)
    places = [("Thread", thread), ("ChatMessage", message), ("ContentIdea", idea), ("Post", post)]

    found = await each(client, "deleteRows", [thread, idea, message, post], owner)

    above = [{"id": str(thread)}, {"id": str(message)}]
    assert found == [
        ({"type": "THREAD", "id": str(thread), "blockedBy": []}, []),
        ({"type": "IDEA", "id": str(idea), "blockedBy": above}, []),
        ({"type": "MESSAGE", "id": str(message), "blockedBy": above[:1]}, []),
        ({"type": "POST", "id": str(post), "blockedBy": []}, []),
    ]
    assert deleted(database_url, *places) == [True] * 4
    assert len(fetch(database_url, """SELECT FROM "AuditEntry" WHERE action = 'deleteRows'""")) == 4

    back = await each(client, "restoreRows", [idea, post, message, thread], owner)

    assert back == [
        ({"__typename": "ContentIdea", "id": str(idea)}, []),
        ({"__typename": "Post", "id": str(post)}, []),
        ({"__typename": "ChatMessage", "id": str(message)}, []),
        ({"__typename": "Thread", "id": str(thread)}, []),
    ]
    assert deleted(database_url, *places) == [False] * 4
    assert len(fetch(database_url, """SELECT FROM "AuditEntry" WHERE action = 'restoreRows'""")) == 4


async def test_what_is_refused_does_not_stop_the_others(
    client: Client, database_url: str, owner: UUID
) -> None:
    thread = insert(database_url, "Thread", userId=owner, isDeleted=True)
    below = insert(database_url, "ChatMessage", userId=owner, threadId=thread, isDeleted=True)
    personas = [insert(database_url, "Persona", userId=owner, isDeleted=True) for _ in range(3)]
    foreign = insert(database_url, "Post", userId=insert(database_url, "User"), isDeleted=True)
    live = insert(database_url, "Post", userId=owner)
    ids = [personas[2], below, foreign, personas[0], live, owner, uuid4(), personas[1]]

    found = await each(client, "restoreRows", ids, owner, "once")

    # By their keys: the last one finds no place.
    ((resets_at,),) = fetch(database_url, 'SELECT "resetDate" FROM "UsageQuota"')
    exhausted = {
        "code": "QUOTA_EXHAUSTED",
        "field": None,
        "resetsAt": resets_at.isoformat().replace("+00:00", "Z"),
        "quota": {"type": "PERSONA", "used": 2, "limit": 2},
    }
    blocked = {
        "code": "RESTORE_BLOCKED",
        "field": None,
        "blockedBy": [{"type": "THREAD", "id": str(thread)}],
    }
    assert found == [
        (None, [exhausted]),
        (None, [blocked]),
        absent(2),
        ({"__typename": "Persona", "id": str(personas[0])}, []),
        absent(4),
        absent(5),
        absent(6),
        ({"__typename": "Persona", "id": str(personas[1])}, []),
    ]
    places = [("ChatMessage", below), ("Post", foreign), *(("Persona", id) for id in personas)]
    assert deleted(database_url, *places) == [True, True, False, False, True]
    assert fetch(database_url, 'SELECT used FROM "UsageQuota"') == [(2,)]
    assert len(fetch(database_url, 'SELECT FROM "AuditEntry"')) == 2

    assert await each(client, "restoreRows", ids, owner, "once") == found
    assert len(fetch(database_url, 'SELECT FROM "AuditEntry"')) == 2


async def test_without_a_subscription_personas_are_refused_and_others_restored(
    client: Client, database_url: str, owner: UUID
) -> None:
    execute(database_url, """UPDATE "Subscription" SET status = 'expired'""")
    ((plan,),) = fetch(database_url, 'SELECT id FROM "Plan"')
    persona = insert(database_url, "Persona", userId=owner, isDeleted=True)
    post = insert(database_url, "Post", userId=owner, isDeleted=True)

    found = await each(client, "restoreRows", [persona, post], owner)

    refused = {"code": "SUBSCRIPTION_REQUIRED", "field": None, "plans": [{"id": str(plan)}]}
    assert found == [(None, [refused]), ({"__typename": "Post", "id": str(post)}, [])]
    assert deleted(database_url, ("Persona", persona), ("Post", post)) == [True, False]


async def test_deleting_gives_back_what_each_row_cost(client: Client, database_url: str, owner: UUID) -> None:
    personas = [insert(database_url, "Persona", userId=owner) for _ in range(2)]
    quota = insert(database_url, "UsageQuota", userId=owner, type="persona", limit=2, used=2)
    entry = {"type": "persona", "userId": str(owner), "quotaId": quota}
    insert(database_url, "UsageLog", amount=2, description="carried over", **entry)

    await each(client, "deleteRows", personas, owner)

    assert fetch(database_url, 'SELECT used FROM "UsageQuota"') == [(0,)]
    assert fetch(database_url, 'SELECT sum(amount)::int FROM "UsageLog"') == [(0,)]


async def test_an_admin_deletes_and_restores_several_users_rows(client: Client, database_url: str) -> None:
    admin = insert(database_url, "User", role="admin")
    owners = [insert(database_url, "User") for _ in range(2)]
    gone = insert(database_url, "User", isDeleted=True)
    posts = [insert(database_url, "Post", userId=owner) for owner in owners]
    hidden = insert(database_url, "Post", userId=gone, isDeleted=True)

    found = await each(client, "deleteRows", [*posts, owners[0], hidden], admin)

    assert [errors for _, errors in found] == [[], [], absent(2)[1], absent(3)[1]]
    assert deleted(database_url, *(("Post", post) for post in posts)) == [True, True]
    assert deleted(database_url, *(("User", owner) for owner in owners)) == [False, False]

    back = await each(client, "restoreRows", [*posts, hidden], admin)

    blocked = {"code": "RESTORE_BLOCKED", "field": None, "blockedBy": [{"type": "USER", "id": str(gone)}]}
    assert [errors for _, errors in back] == [[], [], [blocked]]
    assert deleted(database_url, *(("Post", post) for post in posts)) == [False, False]
    subjects = fetch(database_url, 'SELECT "subjectId" FROM "AuditEntry" WHERE "actorId" = %s', admin)
    assert sorted(subjects) == sorted((post,) for post in posts * 2)


@pytest.mark.parametrize("name", ["deleteRows", "restoreRows"])
async def test_at_most_a_hundred_rows_none_twice(
    client: Client, database_url: str, owner: UUID, name: str
) -> None:
    ids = insert_many(
        database_url, "Post", [{"userId": owner, "isDeleted": name == "restoreRows"} for _ in range(100)]
    )

    for wrong, fields in (
        ([], ["ids"]),
        ([*ids, uuid4()], ["ids"]),
        ([ids[0], ids[0]], ["ids"]),
        ([ids[0], "x"], ["ids.1"]),
    ):
        assert faults(await change(client, name, "results { id }", by=owner, ids=wrong)) == bad(*fields)

    statement = 'SELECT count(*) FROM "Post" WHERE "isDeleted"'
    assert fetch(database_url, statement) == [(100 if name == "restoreRows" else 0,)]
    found = await change(client, name, "results { id userErrors { code } }", by=owner, ids=ids)
    assert found["results"] == [{"id": str(id), "userErrors": []} for id in ids]
    assert fetch(database_url, statement) == [(0 if name == "restoreRows" else 100,)]
    assert fetch(database_url, 'SELECT count(*) FROM "AuditEntry" WHERE "createdAt" > %s', NOW) == [(100,)]
