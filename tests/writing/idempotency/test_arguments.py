"""Which arguments are the same under a key, and which are others, and refused."""

import json
from typing import Any
from uuid import UUID

import pytest

from tests.conftest import Client
from tests.rows import fetch, insert
from tests.writing.changes import ERRORS, faults
from tests.writing.idempotency.keys import KEY, REUSED, count, create, send


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
