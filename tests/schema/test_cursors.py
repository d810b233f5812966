"""Cursors: those that the API gave are taken back, and what the list's order did not make is refused."""

from typing import Any
from uuid import UUID

import orjson
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.conftest import Client
from tests.examples import examples
from tests.rows import insert, insert_many
from tests.schema.pages import ID, QUERY, cursor, encoded, refusal

PERSONAS = """
    query($first: Int, $after: String) {
      viewer { personas(first: $first, after: $after, orderBy: {field: NAME, direction: ASC}) {
        nodes { name } pageInfo { endCursor }
      } }
    }
"""
NO_CURSOR = "not a cursor of this list"
OTHER_ORDER = "another order made this cursor: begin again without it"
ORDERS = [
    None,
    *({"field": f, "direction": way} for f in ("CREATED_AT", "SCHEDULED_ON") for way in ("ASC", "DESC")),
]

fuzzed = settings(
    deadline=None,
    max_examples=examples(25),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "garbage!",
        "e30",
        "\0",
        "ünïcode",
        "=" * 8,
        encoded(b"null"),
        encoded(b"{}"),
        encoded(b"[]"),
        encoded(b"\xff\xfe"),
        encoded(b'"abcd"'),
        encoded(b"[" * 1_500),
        cursor("created_at-", 0),
        cursor("created_at-", 0, ID, 0),
        cursor("created_at-", "2026-03-01T09:00:00Z", ID),
        cursor("created_at-", 1.5, ID),
        cursor("created_at-", [], ID),
        cursor("created_at-", {"a": 1}, ID),
        cursor("created_at-", None, ID),
        cursor("created_at-", 2**63, ID),
        cursor("created_at-", -(2**63), ID),
        encoded(b'["created_at-",' + b"9" * 400 + b',"' + ID.encode() + b'"]'),
        encoded(b'["created_at-",1e999,"' + ID.encode() + b'"]'),
        cursor("created_at-", 0, "not a uuid"),
        cursor("created_at-", 0, ID[:-1]),
        cursor("created_at-", 0, ID + "\0"),
        cursor("created_at-", 0, None),
        cursor("created_at-", 0, 1),
        cursor("created_at-", 0, [ID]),
        cursor("created_at-", 0, {"id": ID}),
        cursor("created_at-", 0, ID) + "A" * 10_000,
        cursor("created_at-", "x" * 100_000, ID),
    ],
)
@pytest.mark.parametrize("name", ["after", "before"])
async def test_what_is_not_a_cursor_is_refused(
    client: Client, database_url: str, name: str, text: str
) -> None:
    user = insert(database_url, "User")

    answer = await client.run(QUERY, {name: text}, by=user)

    assert refusal(answer) == (NO_CURSOR, {"code": "BAD_USER_INPUT", "field": name})


@pytest.mark.parametrize("value", [None, 0, True, "x\0y", ["x"], {"a": "x"}])
async def test_a_cursor_of_names_holds_a_text(client: Client, database_url: str, value: Any) -> None:
    user = insert(database_url, "User")

    answer = await client.run(PERSONAS, {"after": cursor("name+", value, ID)}, by=user)

    assert refusal(answer) == (NO_CURSOR, {"code": "BAD_USER_INPUT", "field": "after"})


@pytest.mark.parametrize("made_by", ORDERS)
async def test_a_cursor_of_another_order_is_refused(
    client: Client, database_url: str, made_by: dict[str, str] | None
) -> None:
    user = insert(database_url, "User")
    insert_many(database_url, "Post", [{"userId": user} for _ in range(2)])
    made = await client.data(QUERY, {"first": 1, "orderBy": made_by}, by=user)
    place = made["viewer"]["posts"]["pageInfo"]["endCursor"]

    newest_first = [None, {"field": "CREATED_AT", "direction": "DESC"}]
    for order in ORDERS:
        answer = await client.run(QUERY, {"after": place, "orderBy": order}, by=user)

        if order == made_by or (order in newest_first and made_by in newest_first):
            assert len(answer["data"]["viewer"]["posts"]["nodes"]) == 1
        else:
            assert refusal(answer) == (OTHER_ORDER, {"code": "BAD_USER_INPUT", "field": "after"})


@pytest.mark.parametrize(
    ("value", "left"), [(-62_135_596_800_000_000, 0), (253_402_300_799_999_999, 2), (-1, 0), (0, 0)]
)
async def test_the_first_and_the_last_moment_of_all_are_places(
    client: Client, database_url: str, value: int, left: int
) -> None:
    user = insert(database_url, "User")
    insert_many(database_url, "Post", [{"userId": user} for _ in range(2)])

    found = await client.data(QUERY, {"after": cursor("created_at-", value, ID)}, by=user)

    assert len(found["viewer"]["posts"]["nodes"]) == left


NAMES = {
    "plain": "n" * 300,
    "two bytes": "é" * 300,
    "four bytes": "\U0001f600" * 300,
    "quotes": '"' * 300,
    "backslashes": "\\" * 300,
    "line ends": "\n" * 300,
    "control characters": "\x01" * 300,
}


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
async def test_every_cursor_that_the_api_gives_is_taken_back(
    client: Client, database_url: str, name: str
) -> None:
    user = insert(database_url, "User")
    insert_many(database_url, "Persona", [{"userId": user, "name": name} for _ in range(2)])
    first = await client.data(PERSONAS, {"first": 1}, by=user)

    second = await client.data(
        PERSONAS, {"first": 1, "after": first["viewer"]["personas"]["pageInfo"]["endCursor"]}, by=user
    )

    assert second["viewer"]["personas"]["nodes"] == [{"name": name}]


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.just(ID)
    | st.just("created_at-"),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
numbers = st.integers(-(2**66), 2**66)
nearly_cursors = st.tuples(
    st.sampled_from(["created_at-", "scheduled_on-", "scheduled_on+"]) | json_values,
    numbers | json_values,
    st.uuids().map(str) | json_values,
)


def written(value: Any) -> str:
    try:
        return encoded(orjson.dumps(value))
    except TypeError:
        return encoded(str(value).replace("'", '"').encode(errors="replace"))


texts = st.text() | st.binary().map(encoded) | json_values.map(written) | nearly_cursors.map(written)


@pytest.fixture
def fuzzed_user(database_url: str) -> UUID:
    user = insert(database_url, "User")
    insert_many(database_url, "Post", [{"userId": user} for _ in range(3)])
    return user


@fuzzed
@example(text="\0", backward=False, order=ORDERS[3])
@given(text=texts, backward=st.booleans(), order=st.sampled_from(ORDERS))
async def test_whatever_the_cursor_there_is_a_page_or_a_refusal(
    client: Client, fuzzed_user: UUID, text: str, backward: bool, order: dict[str, str] | None
) -> None:
    name = "before" if backward else "after"

    answer = await client.run(QUERY, {name: text, "orderBy": order}, by=fuzzed_user)

    if "errors" in answer:
        message, extensions = refusal(answer)
        assert message in {NO_CURSOR, OTHER_ORDER}
        assert extensions == {"code": "BAD_USER_INPUT", "field": name}
    else:
        assert len(answer["data"]["viewer"]["posts"]["nodes"]) in range(4)
