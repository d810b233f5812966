"""Full-text search: words, phrases, alternatives, exclusions; whose words are found; nothing is an error."""

from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import Client
from tests.examples import examples
from tests.rows import insert, insert_many
from tests.schema.lists import LISTS, POSTS

SEEN = "nodes { title } totalCount"
SEARCHED = [edge for edge in LISTS if "search" in edge.definition.args]
TEXTS = {
    "plain": "A quiet morning with strong coffee",
    "order": "coffee, strong and black",
    "tea": "Strong tea in the morning",
    "accents": "Straße und Café, ÉTÉ",
    "greek": "Ένα ποίημα",
    "japanese": "朝 の 珈琲",
    "mail": "write to ada@example.com about v2.0-rc1",
}


async def found(client: Client, user: UUID, search: str) -> list[str]:
    """The titles of a user's posts with these words, the oldest first."""
    order = {"field": "CREATED_AT", "direction": "ASC"}
    answer = await POSTS.of(client, user, user, SEEN, search=search, orderBy=order)
    titles = [row["title"] for row in answer["nodes"]]
    assert answer["totalCount"] == len(titles)
    return titles


@pytest.fixture
def author(database_url: str) -> UUID:
    user = insert(database_url, "User")
    rows = [{"userId": user, "title": title, "content": text} for title, text in TEXTS.items()]
    insert_many(database_url, "Post", rows)
    return user


@pytest.mark.parametrize(
    ("search", "titles"),
    [
        ("coffee", ["plain", "order"]),
        ("COFFEE", ["plain", "order"]),
        ("strong coffee", ["plain", "order"]),
        ("coffee strong", ["plain", "order"]),
        ('"strong coffee"', ["plain"]),
        ('"coffee strong"', ["order"]),
        ("coffee or tea", ["plain", "order", "tea"]),
        ("coffee OR tea", ["plain", "order", "tea"]),
        ("strong -coffee", ["tea"]),
        ('strong -"strong coffee"', ["order", "tea"]),
        ("morning coffee or black", ["plain", "order"]),
        ("coff", []),
        ("coffees", []),
        ("the", ["tea"]),
        ("café", ["accents"]),
        ("CAFÉ", ["accents"]),
        ("cafe", []),
        ("straße", ["accents"]),
        ("été", ["accents"]),
        ("ποίημα", ["greek"]),
        ("珈琲", ["japanese"]),
        ("ada@example.com", ["mail"]),
        ("accents", ["accents"]),
        ("plain coffee", ["plain"]),
        ("coffee\n\tstrong", ["plain", "order"]),
        ("absent", []),
        ("", []),
        ("   ", []),
        ("-", []),
        ('"', []),
        ("or", []),
    ],
)
async def test_words_phrases_alternatives_and_exclusions(
    client: Client, author: UUID, search: str, titles: list[str]
) -> None:
    assert await found(client, author, search) == titles


async def test_null_searches_nothing_in_particular(client: Client, author: UUID) -> None:
    answer = await POSTS.of(client, author, author, "totalCount", search=None)

    assert answer == {"totalCount": len(TEXTS)}


async def test_search_and_filter_and_page_go_together(client: Client, author: UUID) -> None:
    where = {"title": {"in": ["plain", "tea", "greek"]}}

    first = await POSTS.of(
        client, author, author, f"{SEEN} pageInfo {{ endCursor }}", search="strong", where=where, first=1
    )
    second = await POSTS.of(
        client, author, author, SEEN, search="strong", where=where, after=first["pageInfo"]["endCursor"]
    )

    assert [first["nodes"], second["nodes"]] == [[{"title": "tea"}], [{"title": "plain"}]]
    assert first["totalCount"] == second["totalCount"] == 2


async def test_every_searchable_list_finds_its_own_words_alone(client: Client, database_url: str) -> None:
    admin = insert(database_url, "User", role="admin")
    owner, stranger = insert_many(database_url, "User", [{}, {}])
    ids: dict[tuple[UUID, str], UUID] = {}
    for user in (owner, stranger):
        own: dict[str, Any] = {"userId": user}
        thread = insert(database_url, "Thread", title="needle", **own)
        own_thread = {"threadId": thread} | own
        message = insert(database_url, "ChatMessage", content="a needle", **own_thread)
        persona, template = (insert(database_url, table, **own) for table in ("Persona", "Template"))
        made_from = {"chatMessageId": message, "personaId": persona, "templateId": template} | own
        made = {
            "User": user,
            "Thread": thread,
            "ChatMessage": message,
            "Persona": persona,
            "Template": template,
        }
        ids |= {(user, kind): id for kind, id in made.items()}
        insert(database_url, "Thread", title="hay", **own)
        insert(database_url, "Thread", title="needle", isDeleted=True, **own)
        gone = insert(database_url, "Thread", title="hay", isDeleted=True, **own)
        insert(database_url, "ChatMessage", content="hay", **own_thread)
        insert(database_url, "ChatMessage", content="needle", isDeleted=True, **own_thread)
        # Live itself, below a deleted conversation.
        insert(database_url, "ChatMessage", content="needle", threadId=gone, **own)
        for table, values in [("ContentIdea", {"chatMessageId": message} | own), ("Post", made_from)]:
            insert(database_url, table, title="hay", content="hay", **values)
            insert(database_url, table, title="Needle!", content="x", **values)
            insert(database_url, table, title="x", content="the NEEDLE", **values)
            insert(database_url, table, title="needle", content="x", isDeleted=True, **values)

    for edge in SEARCHED:
        expected = 1 if edge.node in {"Thread", "ChatMessage"} else 2
        if edge.parent == "Query":
            answer = await edge.of(client, admin, None, "totalCount nodes { user { id } }", search="needle")
            assert answer["totalCount"] == 2 * expected, str(edge)
            owners = [row["user"]["id"] for row in answer["nodes"]]
            assert sorted(owners) == sorted([str(owner), str(stranger)] * expected), str(edge)
            continue
        for caller in (owner, admin):
            parent = ids[owner, edge.parent]
            answer = await edge.of(
                client, caller, parent, "totalCount nodes { user { id } }", search="needle"
            )
            assert answer["totalCount"] == expected, str(edge)
            assert answer["nodes"] == [{"user": {"id": str(owner)}}] * expected, str(edge)


def test_the_lists_of_posts_ideas_threads_and_messages_are_searchable() -> None:
    assert {edge.node for edge in SEARCHED} == {"Post", "ContentIdea", "Thread", "ChatMessage"}
    kinds = {edge.node for edge in SEARCHED}
    assert [edge for edge in LISTS if edge.node in kinds and edge not in SEARCHED] == []


async def test_three_hundred_characters_are_as_many_as_there_may_be(client: Client, author: UUID) -> None:
    assert await found(client, author, "coffee " * 42 + "coffee") == ["plain", "order"]
    assert await found(client, author, "é" * 300) == []
    variables = {"id": str(author), "search": "é" * 301}

    answer = await client.run(POSTS.query(SEEN, {"search": ""}), variables, by=author)

    (error,) = answer["errors"]
    assert error["message"] == "`search` has at most 300 characters, not 301"
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "field": "search"}


@pytest.mark.parametrize("search", ["\0", "coffee\0", "\0" * 300])
async def test_nul_is_refused_in_a_search(client: Client, author: UUID, search: str) -> None:
    variables = {"id": str(author), "search": search}

    answer = await client.run(POSTS.query(SEEN, {"search": ""}), variables, by=author)

    (error,) = answer["errors"]
    assert error["message"] == "`search` must not hold NUL or half a surrogate pair"
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "field": "search"}


PUNCTUATION = {
    "quote": "'",
    "SQL": "''); DROP TABLE \"Post\"; --",
    "placeholders": "& | ! ( ) : * < -> \\ %s %(x)s :name",
    "quotes": '"' * 299,
    "a rule": "-" * 80,
    "negations": "-" * 299 + "a",
    "spaced negations": "- " * 150,
    "alternatives": "or " * 100,
    "operators": '-"or" or -or "-" "" or',
    "words of one letter": "a " * 150,
    "control characters": "\x01\x7f\u200b\ufeff\uffff\U0010ffff",
}


@pytest.mark.parametrize("search", PUNCTUATION.values(), ids=PUNCTUATION)
async def test_punctuation_is_no_error(client: Client, author: UUID, search: str) -> None:
    assert set(await found(client, author, search)) <= set(TEXTS)


@settings(
    deadline=None,
    max_examples=examples(10),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(
    search=st.text(
        st.sampled_from("\"'-&|!():*<>\\%_ \n") | st.characters(exclude_characters="\0", codec="utf-8"),
        max_size=300,
    )
)
async def test_no_text_is_an_error(client: Client, author: UUID, search: str) -> None:
    answer = await POSTS.of(client, author, author, SEEN, search=search)

    assert answer["totalCount"] in range(len(TEXTS) + 1)
