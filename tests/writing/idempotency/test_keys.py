"""Idempotency keys: what may be one, whose and of which mutation it is, and how long."""

import json
from datetime import timedelta
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


# Whose, and of what


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


# How long


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
