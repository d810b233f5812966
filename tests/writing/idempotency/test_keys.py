"""Idempotency keys: what is sent twice under one key takes effect once."""

import json
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.conftest import Client
from tests.rows import execute, fetch, insert
from tests.writing.changes import ERRORS, faults
from tests.writing.idempotency.keys import CREATE, KEY, REUSED, count, create, keys, send
from zorbit.config import Settings
from zorbit.db import Database
from zorbit.services import idempotency
from zorbit.services.terms import terms

DAY = timedelta(days=1)


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


# The same, and not the same


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            {"metadata": {"a": 1, "b": {"c": [1], "d": None}}},
            {"metadata": {"b": {"d": None, "c": [1]}, "a": 1}},
        ),
        ({"title": "One", "type": "POST"}, {"type": "POST", "title": "One"}),
    ],
)
async def test_the_order_in_which_arguments_are_written_is_no_difference(
    client: Client, database_url: str, subscriber: UUID, before: dict[str, Any], after: dict[str, Any]
) -> None:
    assert json.dumps(before) != json.dumps(after)

    first, again = [await create(client, subscriber, **given) for given in (before, after)]

    assert again == first
    assert count(database_url, "Post") == 1


async def test_literals_and_variables_are_no_difference(
    client: Client, database_url: str, subscriber: UUID
) -> None:
    persona = insert(database_url, "Persona", userId=subscriber)
    first = await create(
        client, subscriber, type="IDEA", metadata={"n": [1, "x"], "f": 1.5}, personaId=str(persona)
    )

    written = f'metadata: {{f: 1.5, n: [1, "x"]}}, personaId: "{str(persona).upper()}"'
    call = f'createPost(idempotencyKey: "{KEY}", input: {{type: IDEA, content: """Once""", {written}}})'
    again = await send(client, subscriber, f"{call} {{ post {{ id title content metadata }} {ERRORS} }}")

    assert again == first
    assert count(database_url, "Post") == 1


async def test_a_moment_is_the_same_in_every_zone(
    client: Client, database_url: str, subscriber: UUID
) -> None:
    post = insert(database_url, "Post", userId=subscriber)
    call = 'schedulePost(idempotencyKey: "{}", input: {{id: "{}", scheduledOn: "{}"}}) {{ post {{ id }} {} }}'

    answers = [
        await send(client, subscriber, call.format(KEY, post, moment, ERRORS))
        for moment in ("2099-01-01T00:00:00Z", "2099-01-01T02:00:00+02:00", "2099-01-01T00:00:00.000+00:00")
    ]

    assert answers == [{"post": {"id": str(post)}, "userErrors": []}] * 3


async def test_a_price_is_the_same_however_many_zeros_it_ends_in(
    client: Client, database_url: str, admin: UUID
) -> None:
    user = insert(database_url, "User")
    call = """issueInvoice(idempotencyKey: "%s", input: {userId: "%s", dueDate: "2099-01-01T00:00:00Z",
      items: [{description: "Advice", quantity: 1, unitPrice: "%s"}]}) { invoice { amount } %s }"""

    answers = [await send(client, admin, call % (KEY, user, price, ERRORS)) for price in ("1.0", "1.00", "1")]
    refused = await send(client, admin, call % (KEY, user, "1.01", ERRORS))

    assert answers == [{"invoice": {"amount": "1.00"}, "userErrors": []}] * 3
    assert faults(refused) == REUSED
    assert count(database_url, "Invoice") == 1


@pytest.mark.parametrize(
    "other",
    [
        {"title": "Two"},
        {"title": None},
        {},
        {"title": "One "},
        {"title": "One", "metadata": None},
        {"title": "One", "type": "POST"},
        {"title": "One", "personaId": "not an id"},
    ],
)
async def test_other_arguments_under_the_key_are_refused(
    client: Client, database_url: str, subscriber: UUID, other: dict[str, Any]
) -> None:
    first = await create(client, subscriber, title="One")

    refused = await create(client, subscriber, **other)

    assert faults(refused) == REUSED
    assert refused["post"] is None
    assert fetch(database_url, 'SELECT id, title FROM "Post"') == [(UUID(first["post"]["id"]), "One")]
    assert await create(client, subscriber, title="One") == first


async def test_null_and_left_out_are_two_arguments(
    client: Client, database_url: str, subscriber: UUID
) -> None:
    thread = insert(database_url, "Thread", userId=subscriber, title="T")
    call = 'updateThread(idempotencyKey: "{}", input: {{id: "{}"{}}}) {{ thread {{ title }} {} }}'

    kept = await send(client, subscriber, call.format(KEY, thread, "", ERRORS))
    refused = await send(client, subscriber, call.format(KEY, thread, ", title: null", ERRORS))

    assert kept == {"thread": {"title": "T"}, "userErrors": []}
    assert faults(refused) == REUSED
    assert fetch(database_url, 'SELECT title FROM "Thread"') == [("T",)]


async def test_a_key_is_the_callers_own(client: Client, database_url: str, subscriber: UUID) -> None:
    other = insert(database_url, "User")

    posts = {(await create(client, by, title=str(by)))["post"]["id"] for by in (subscriber, other)}

    assert len(posts) == count(database_url, "Post") == 2
    assert keys(database_url) == [(subscriber, "createPost", KEY), (other, "createPost", KEY)]


async def test_a_key_is_of_one_mutation(client: Client, database_url: str, subscriber: UUID) -> None:
    calls = [
        'createThread({}, input: {{title: "T"}})',
        'createTemplate({}, input: {{name: "T", content: "C"}})',
    ]

    for call in calls:
        payload = await send(
            client, subscriber, f"{call.format(f'idempotencyKey: {json.dumps(KEY)}')} {{ {ERRORS} }}"
        )
        assert payload["userErrors"] == []

    assert [count(database_url, table) for table in ("Thread", "Template")] == [1, 1]
    assert keys(database_url) == [(subscriber, "createThread", KEY), (subscriber, "createTemplate", KEY)]


# What the key is worth afterwards


async def test_a_refusal_leaves_the_key_free(client: Client, database_url: str, subscriber: UUID) -> None:
    persona = insert(database_url, "Persona", userId=subscriber, isDeleted=True)

    refused = await create(client, subscriber, personaId=str(persona))
    assert faults(refused) == [("NOT_FOUND", "input.personaId")]
    assert (keys(database_url), count(database_url, "Post")) == ([], 0)

    execute(database_url, 'UPDATE "Persona" SET "isDeleted" = false')
    again = await create(client, subscriber, personaId=str(persona))
    assert again["userErrors"] == []
    assert (count(database_url, "Post"), len(keys(database_url))) == (1, 1)


async def test_after_a_refusal_the_key_may_be_sent_with_other_arguments(
    client: Client, database_url: str, subscriber: UUID
) -> None:
    refused = await create(client, subscriber, title="x" * 301, content="y" * 3001)
    assert faults(refused) == [("BAD_USER_INPUT", "input.content"), ("BAD_USER_INPUT", "input.title")]

    payload = await create(client, subscriber, title="One")

    assert payload["userErrors"] == []
    assert count(database_url, "Post") == 1


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


@pytest.mark.parametrize(
    ("age", "is_new"), [(DAY - timedelta(minutes=1), False), (DAY, True), (9 * DAY, True)]
)
async def test_after_a_day_a_key_is_new_again(
    client: Client, database_url: str, subscriber: UUID, age: timedelta, is_new: bool
) -> None:
    first = await create(client, subscriber)
    execute(database_url, 'UPDATE "IdempotencyKey" SET "createdAt" = now() - %s', age)

    again = await create(client, subscriber)

    assert (again != first) == is_new
    assert count(database_url, "Post") == 1 + is_new
    assert len(keys(database_url)) == 1
    assert await create(client, subscriber) == again
    if is_new:
        assert faults(await create(client, subscriber, title="Other")) == REUSED


async def test_after_a_day_a_key_may_be_sent_with_other_arguments(
    client: Client, database_url: str, subscriber: UUID
) -> None:
    await create(client, subscriber)
    execute(database_url, 'UPDATE "IdempotencyKey" SET "createdAt" = now() - interval \'24 hours\'')

    other = await create(client, subscriber, title="Other")

    assert other["post"]["title"] == "Other"
    assert await create(client, subscriber, title="Other") == other
    assert faults(await create(client, subscriber)) == REUSED


async def test_keys_of_a_day_ago_are_forgotten(
    database: Database, database_url: str, settings: Settings, subscriber: UUID
) -> None:
    now = fetch(database_url, "SELECT now()")[0][0]
    ages = [timedelta(0), DAY - timedelta(microseconds=1), DAY, DAY + timedelta(microseconds=1), 9 * DAY]
    ids = [insert(database_url, "IdempotencyKey", callerId=subscriber, createdAt=now - age) for age in ages]

    async with database.write() as session:
        forgotten = await idempotency.forget_old(session, terms(settings, now))

    assert forgotten == 3
    assert fetch(database_url, 'SELECT id FROM "IdempotencyKey" ORDER BY id') == [(id,) for id in ids[:2]]


# What a key may be


@pytest.mark.parametrize("key", ["", "k" * 201, "🙂" * 201, "a\0b", "\0"])
async def test_what_is_no_key_is_refused(
    client: Client, database_url: str, subscriber: UUID, key: str
) -> None:
    payload = await create(client, subscriber, key)

    assert faults(payload) == [("BAD_USER_INPUT", "idempotencyKey")]
    assert payload["post"] is None
    assert (count(database_url, "Post"), keys(database_url)) == (0, [])


@pytest.mark.parametrize("key", ["\ud800", "x\udfff"])
async def test_half_a_surrogate_pair_is_no_key(
    client: Client, database_url: str, subscriber: UUID, key: str
) -> None:
    content = json.dumps({"query": CREATE, "variables": {"input": {"content": "Once"}, "key": key}})
    headers = {"authorization": f"Bearer {client.token(subscriber)}", "content-type": "application/json"}

    response = await client.http.post("/graphql", content=content, headers=headers)

    (error,) = response.json()["errors"]
    assert (response.status_code, error["extensions"]["code"]) == (400, "BAD_USER_INPUT")
    assert (count(database_url, "Post"), keys(database_url)) == (0, [])


@pytest.mark.parametrize("key", [" ", "k" * 200, "🙂" * 200, "'; --", "ключ"])
async def test_any_other_text_is_a_key(client: Client, database_url: str, subscriber: UUID, key: str) -> None:
    first, again = [await create(client, subscriber, key) for _ in range(2)]

    assert first["userErrors"] == []
    assert again == first
    assert keys(database_url) == [(subscriber, "createPost", key)]
