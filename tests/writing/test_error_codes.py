"""Every reason for which a mutation may change nothing, with the type that a client can act on."""

from typing import Any
from uuid import UUID

import psycopg
from graphql import GraphQLEnumType

from schema import core_schema
from tests.conftest import Client
from tests.rows import fetch, insert
from tests.writing.changes import send

ERRORS = """userErrors { __typename code message field
    ... on Conflict { current { id } }
    ... on QuotaExhausted { quota { type used limit } resetsAt }
    ... on SubscriptionRequired { plans { id } }
    ... on RestoreBlocked { blockedBy { type id } } }"""
CODES = core_schema.type_map["UserErrorCode"]


async def test_every_code_has_its_type_and_what_a_client_can_act_on(
    client: Client, database_url: str
) -> None:
    assert isinstance(CODES, GraphQLEnumType)
    plan = insert(database_url, "Plan", personaLimit=0)
    admin = insert(database_url, "User", role="admin")
    user, poor = insert(database_url, "User"), insert(database_url, "User")
    insert(database_url, "Subscription", userId=user, planId=plan)
    thread = insert(database_url, "Thread", userId=user, isDeleted=True)
    message = insert(database_url, "ChatMessage", userId=user, threadId=thread, isDeleted=True)
    post = insert(database_url, "Post", userId=user)
    persona = {"name": "P", "defaultPrompt": "Write."}
    stale = {"id": str(post), "content": "C", "ifUpdatedAt": "2020-01-01T00:00:00Z"}

    found = [
        await refused(client, user, "createPost", content="x" * 3001),
        await refused(client, poor, "updatePost", id=str(post), content="C"),
        await refused(client, user, "updatePost", **stale),
        await refused(client, user, "createPersona", **persona),
        await refused(client, poor, "createPersona", **persona),
        await refused(client, user, "restoreMessage", id=str(message)),
        await refused(client, admin, "setUserRole", id=str(admin), role="USER"),
        await _sent_again(client, user),
    ]

    by_code = {error["code"]: error for error in found}
    assert set(by_code) == set(CODES.values)
    assert {code: error["__typename"] for code, error in by_code.items()} == {
        "BAD_USER_INPUT": "Refusal",
        "NOT_FOUND": "Refusal",
        "CONFLICT": "Conflict",
        "QUOTA_EXHAUSTED": "QuotaExhausted",
        "SUBSCRIPTION_REQUIRED": "SubscriptionRequired",
        "RESTORE_BLOCKED": "RestoreBlocked",
        "LAST_ADMIN": "Refusal",
        "IDEMPOTENCY_KEY_REUSED": "Refusal",
    }
    assert by_code["BAD_USER_INPUT"]["field"] == ["input", "content"]
    assert by_code["NOT_FOUND"]["field"] == ["input", "id"]
    assert by_code["CONFLICT"]["current"] == {"id": str(post)}
    assert by_code["QUOTA_EXHAUSTED"]["quota"] == {"type": "PERSONA", "used": 0, "limit": 0}
    assert by_code["QUOTA_EXHAUSTED"]["resetsAt"] is not None
    assert by_code["SUBSCRIPTION_REQUIRED"]["plans"] == [{"id": str(plan)}]
    assert by_code["RESTORE_BLOCKED"]["blockedBy"] == [{"type": "THREAD", "id": str(thread)}]
    assert by_code["IDEMPOTENCY_KEY_REUSED"]["field"] == ["idempotencyKey"]
    assert fetch(database_url, 'SELECT count(*) FROM "Persona"') == [(0,)]


async def refused(client: Client, by: UUID, mutation: str, key: str | None = None, **given: Any) -> Any:
    """The one error of a mutation that changes nothing."""
    (error,) = (await sent(client, by, mutation, key, **given))["userErrors"]
    return error


async def sent(client: Client, by: UUID, mutation: str, key: str | None = None, **given: Any) -> Any:
    return await send(client, mutation, ERRORS, given, by=by, key=key)


async def _sent_again(client: Client, user: UUID) -> Any:
    assert (await sent(client, user, "createPost", "k", content="C"))["userErrors"] == []
    return await refused(client, user, "createPost", "k", content="Other.")


async def test_a_lock_that_is_held_too_long_is_unavailable_and_changes_nothing(
    client: Client, database_url: str
) -> None:
    user = insert(database_url, "User")
    document = 'mutation { createThread(input: {title: "T"}) { thread { id } userErrors { code } } }'
    with psycopg.connect(database_url) as other:
        other.execute('SELECT FROM "User" FOR UPDATE')

        answer = await client.run(document, by=user)

    assert answer["data"] is None
    assert answer["errors"][0]["extensions"] == {"code": "SERVICE_UNAVAILABLE"}
    assert fetch(database_url, 'SELECT count(*) FROM "Thread"') == [(0,)]
