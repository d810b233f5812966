"""What messages, ideas, personas, templates and comments may hold."""

from typing import Any

import pytest
from uuid_utils.compat import uuid7

from tests.conftest import Client
from tests.rows import fetch, insert
from tests.writing.changes import absent, bad, change, faults
from tests.writing.content.nouns import EVERY, NOUNS, Noun, World, parent, settle
from zorbit import models
from zorbit.models.base import length_limits
from zorbit.services.values import path_of

ADDRESSES = {"image", "imageUrl", "linkedinUrl", "profileUrl"}


def limits(noun: Noun) -> dict[str, int]:
    """The most characters of each text, by the name that clients know."""
    found = length_limits(getattr(models, noun.table))
    return {path_of(attribute).removeprefix("input."): limit for attribute, limit in found.items()}


def filled(name: str, length: int) -> str:
    """A text of that length that the field may hold."""
    beginning = "https://example.com/" if name in ADDRESSES else ""
    return beginning.ljust(length, "x")


def chunks(values: dict[str, Any], size: int = 6) -> list[dict[str, Any]]:
    """`values` in parts: a request holds ten of the longest texts."""
    items = list(values.items())
    return [dict(items[start : start + size]) for start in range(0, len(items), size)]


@pytest.fixture
def world(database_url: str) -> World:
    return settle(database_url)


@EVERY
async def test_every_text_has_a_limit(client: Client, world: World, noun: Noun) -> None:
    id = world.row(noun)
    before = world.stored(noun.table)

    for part in chunks(limits(noun)):
        given = {name: "x" * (limit + 1) for name, limit in part.items()}
        create = await change(
            client,
            f"create{noun.title}",
            noun.shown,
            by=world.owner,
            **noun.required | given | parent(noun, world),
        )
        update = await change(client, f"update{noun.title}", noun.shown, by=world.owner, id=id, **given)

        assert faults(create) == faults(update) == bad(*part)
        messages = {error["field"][1]: error["message"] for error in update["userErrors"]}
        for name, limit in part.items():
            assert messages[name] == f"`input.{name}` has at most {limit} characters, not {limit + 1}"

    assert world.stored(noun.table) == before


@EVERY
async def test_a_text_may_be_as_long_as_its_limit(client: Client, world: World, noun: Noun) -> None:
    id = world.row(noun)

    for part in chunks(limits(noun)):
        given = {name: filled(name, limit) for name, limit in part.items()}
        payload = await change(client, f"update{noun.title}", noun.shown, by=world.owner, id=id, **given)

        assert payload["userErrors"] == []
        assert {name: payload[noun.name][name] for name in part} == given


@pytest.mark.parametrize(
    ("address", "allowed"),
    [
        ("https://images.example.com/a/1.png?size=2&v=ü#top", True),
        ("http://localhost:9000/1.png", True),
        ("HTTPS://EXAMPLE.COM", True),
        ("", False),
        ("images/1.png", False),
        ("//example.com/1.png", False),
        ("javascript:alert(1)", False),
        ("data:image/svg+xml;base64,AAAA", False),
        ("https://", False),
        ("https:///1.png", False),
        ("https://example.com@evil.example/1.png", False),
        ("https://evil.example\\@example.com/1.png", False),
        ("https://example.com/1.png\n", False),
        ("https://example.com/\u202egnp.1", False),
    ],
)
async def test_an_address_is_one_on_the_web(
    client: Client, world: World, address: str, allowed: bool
) -> None:
    post, comment = insert(world.url, "Post", userId=world.owner), world.row(NOUNS["comment"])
    before = world.stored("Post"), world.stored("Comment")
    addresses = {"image": address, "profileUrl": address}

    answers = [
        await change(client, name, shown, by=world.owner, **given)
        for name, shown, given in [
            ("updatePost", "post { imageUrl }", {"id": post, "imageUrl": address}),
            ("updateComment", "comment { image profileUrl }", {"id": comment, **addresses}),
        ]
    ]
    recorded = await change(
        client, "recordPosts", "posts { id }", by=world.owner, posts=[{"content": "1", "imageUrl": address}]
    )

    if allowed:
        assert [payload["userErrors"] for payload in answers] == [[], []]
        assert answers[0]["post"] == {"imageUrl": address}
        assert answers[1]["comment"] == addresses
    else:
        assert [faults(payload) for payload in answers] == [bad("imageUrl"), bad("image", "profileUrl")]
        assert faults(recorded) == bad("posts.0.imageUrl")
        assert (world.stored("Post"), world.stored("Comment")) == before


async def test_all_faults_of_an_input_come_at_once(client: Client, world: World) -> None:
    before = world.stored("Comment"), world.stored("ChatMessage"), world.stored("ContentIdea")

    comment = await change(
        client,
        "createComment",
        "comment { id }",
        by=world.owner,
        firstName="x" * 301,
        lastName="Doe",
        quote="a\0b",
        date=None,
        personaId=uuid7(),
    )
    message, unplaced = [
        await change(
            client,
            "createMessage",
            "message { id }",
            by=world.owner,
            content="\0",
            generationTime=-1,
            threadId=id,
        )
        for id in (uuid7(), "thread")
    ]
    idea = await change(
        client,
        "createIdea",
        "idea { id }",
        by=world.owner,
        messageId=world.messages["their"],
        title="x" * 301,
        content="\0",
        keyTakeaways=["fine", "\0", "x" * 100_001],
    )

    assert faults(comment) == bad("date", "firstName", "quote") + absent("personaId")
    assert faults(message) == bad("content", "generationTime") + absent("threadId")
    assert faults(unplaced) == bad("content", "generationTime", "threadId")
    assert faults(idea) == bad("content", "keyTakeaways.1", "title") + absent("messageId")
    assert (world.stored("Comment"), world.stored("ChatMessage"), world.stored("ContentIdea")) == before


async def test_generating_a_message_takes_up_to_a_million_seconds(client: Client, world: World) -> None:
    id = world.row(NOUNS["message"])
    ask = """mutation { updateMessage(input: {id: "%s", generationTime: %s}) {
        message { generationTime } userErrors { code message field } } }"""

    for literal, seconds in [("0", 0.0), ("1e6", 1e6), ("1e-300", 1e-300)]:
        data = await client.data(ask % (id, literal), by=world.owner)
        assert data["updateMessage"] == {"message": {"generationTime": seconds}, "userErrors": []}
    for literal in ("-0.001", "1000000.001", "1e999"):
        data = await client.data(ask % (id, literal), by=world.owner)
        assert faults(data["updateMessage"]) == bad("generationTime")
        assert "0 to 1000000" in data["updateMessage"]["userErrors"][0]["message"]

    stored = 'SELECT "generationTime" FROM "ChatMessage" WHERE id = %s'
    assert fetch(world.url, stored, id) == [(1e-300,)]


async def test_takeaways_are_at_most_a_hundred(client: Client, world: World) -> None:
    id = world.row(NOUNS["idea"])
    shown = "idea { keyTakeaways }"

    full = await change(client, "updateIdea", shown, by=world.owner, id=id, keyTakeaways=["x"] * 100)
    over = await change(client, "updateIdea", shown, by=world.owner, id=id, keyTakeaways=["x"] * 101)
    none = await change(client, "updateIdea", shown, by=world.owner, id=id, keyTakeaways=[])

    assert full["idea"]["keyTakeaways"] == ["x"] * 100
    assert faults(over) == bad("keyTakeaways")
    assert none["idea"]["keyTakeaways"] == []


async def test_preferences_are_small_and_shallow_json(client: Client, world: World) -> None:
    id = world.row(NOUNS["persona"])
    shown = "persona { preferences }"
    deep: Any = "x"
    for _ in range(8):
        deep = [deep]

    fine = [
        await change(client, "updatePersona", shown, by=world.owner, id=id, preferences=value)
        for value in (deep, "x" * (16 * 1024 - 2), {"a": 1.5, "b": [True, None]}, 0)
    ]
    refused = [
        await change(client, "updatePersona", shown, by=world.owner, id=id, preferences=value)
        for value in ([deep], "x" * (16 * 1024 - 1), {"a\0": 1}, ["\0"])
    ]

    assert [payload["userErrors"] for payload in fine] == [[]] * 4
    assert [payload["persona"]["preferences"] for payload in fine[2:]] == [{"a": 1.5, "b": [True, None]}, 0]
    assert [faults(payload) for payload in refused] == [bad("preferences")] * 4
    assert fetch(world.url, 'SELECT preferences FROM "Persona"') == [(0,)]
