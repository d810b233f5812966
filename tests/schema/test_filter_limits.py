"""What filters refuse: too many conditions, too deep ones, nulls, and values that are none."""

from typing import Any

import pytest

from tests.conftest import Client
from tests.rows import insert, insert_many
from tests.schema.lists import LISTS, POSTS, ROOT
from tests.schema.pages import refusal

SEEN = "nodes { id title } totalCount"
UUID_MESSAGE = "`{}` must be a UUID like 0191d3a2-7c1e-7b6a-9b1f-2f6c1d8e4a57"


async def refused(client: Client, url: str, where: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Why a filter of one's own posts is refused."""
    user = insert(url, "User")
    variables = {"where": where, "id": str(user)}
    return refusal(await client.run(POSTS.query(SEEN, {"where": where}), variables, by=user))


def nested(combination: str, depth: int, innermost: dict[str, Any]) -> dict[str, Any]:
    """`innermost` below as many combinations; `mixed` takes turns."""
    where = innermost
    for level in range(depth):
        name = ["and", "not", "or"][level % 3] if combination == "mixed" else combination
        where = {name: where if name == "not" else [where]}
    return where


@pytest.mark.parametrize("combination", ["and", "or", "not", "mixed"])
@pytest.mark.parametrize("depth", range(1, 6))
async def test_combinations_go_five_deep(
    client: Client, database_url: str, combination: str, depth: int
) -> None:
    user = insert(database_url, "User")
    insert_many(database_url, "Post", [{"userId": user, "title": title} for title in ("a", "b")])

    where = nested(combination, depth, {"title": {"eq": "a"}})
    found = await POSTS.of(client, user, user, SEEN, where=where)

    negated = {"not": depth % 2 == 1, "mixed": depth in {2, 3, 4}}.get(combination, False)
    assert [row["title"] for row in found["nodes"]] == ["b" if negated else "a"]


@pytest.mark.parametrize("combination", ["and", "or", "not", "mixed"])
@pytest.mark.parametrize("innermost", [{"title": {"eq": "a"}}, {}])
async def test_combinations_deeper_than_five_are_refused(
    client: Client, database_url: str, combination: str, innermost: dict[str, Any]
) -> None:
    where = nested(combination, 6, innermost)

    assert await refused(client, database_url, where) == (
        "`and`, `or` and `not` go at most 5 deep",
        {"code": "BAD_USER_INPUT", "field": "where"},
    )


@pytest.mark.parametrize("combination", ["not", "and"])
async def test_a_very_deep_filter_in_the_document_is_refused(
    client: Client, database_url: str, combination: str
) -> None:
    user = insert(database_url, "User")
    start, end = ("{not: ", "}") if combination == "not" else ("{and: [", "]}")
    where = start * 300 + "{}" + end * 300

    answer = await client.run(f"{{ viewer {{ posts(where: {where}) {{ totalCount }} }} }}", by=user)

    (error,) = answer["errors"]
    assert error["extensions"]["code"] in {"BAD_USER_INPUT", "GRAPHQL_PARSE_FAILED"}


async def test_fifty_conditions_are_as_many_as_there_may_be(client: Client, database_url: str) -> None:
    user = insert(database_url, "User")
    insert(database_url, "Post", userId=user, title="a")
    either = [{"title": {"eq": "a", "isNull": False}} for _ in range(25)]

    found = await POSTS.of(client, user, user, SEEN, where={"or": either})
    message, extensions = await refused(client, database_url, {"or": either, "isSaved": {"eq": True}})

    assert found["totalCount"] == 1
    assert message == "at most 50 conditions, not 51"
    assert extensions == {"code": "BAD_USER_INPUT", "field": "where"}


@pytest.mark.parametrize("part", [{}, {"not": {}}, {"title": {}}])
async def test_parts_without_a_condition_count_too(
    client: Client, database_url: str, part: dict[str, Any]
) -> None:
    message, extensions = await refused(client, database_url, {"or": [part] * 60})

    assert message.startswith("at most 50 conditions")
    assert extensions == {"code": "BAD_USER_INPUT", "field": "where"}


async def test_in_takes_a_hundred_values(client: Client, database_url: str) -> None:
    user = insert(database_url, "User")
    insert(database_url, "Post", userId=user, title="99")
    values = [str(number) for number in range(101)]

    found = await POSTS.of(client, user, user, SEEN, where={"title": {"in": values[:100]}})
    message, extensions = await refused(client, database_url, {"not": {"title": {"in": values}}})

    assert found["totalCount"] == 1
    assert message == "`where.not.title.in` takes at most 100 values, not 101"
    assert extensions == {"code": "BAD_USER_INPUT", "field": "where.not.title.in"}


@pytest.mark.parametrize(
    ("where", "named", "field"),
    [
        ({"title": None}, "where.title", "where"),
        ({"title": {"eq": None}}, "where.title.eq", "where.title"),
        ({"title": {"in": None}}, "where.title.in", "where.title"),
        ({"title": {"isNull": None}}, "where.title.isNull", "where.title"),
        ({"isPostedOnLinkedin": {"eq": None}}, "where.isPostedOnLinkedin.eq", "where.isPostedOnLinkedin"),
        ({"and": None}, "where.and", "where"),
        ({"or": None}, "where.or", "where"),
        ({"not": None}, "where.not", "where"),
        ({"not": {"type": {"eq": None}}}, "where.not.type.eq", "where.not.type"),
        ({"and": [{}, {"type": {"eq": None}}]}, "where.and.type.eq", "where.and.type"),
    ],
)
async def test_null_is_refused_in_a_filter(
    client: Client, database_url: str, where: dict[str, Any], named: str, field: str
) -> None:
    message, extensions = await refused(client, database_url, where)

    assert message == f"`{named}` must not be null: leave it out, or use isNull"
    assert extensions == {"code": "BAD_USER_INPUT", "field": field}


@pytest.mark.parametrize("where", [{"title": {"eq": "a\0"}}, {"title": {"in": ["a", "\0"]}}])
async def test_nul_is_refused_in_a_filter(client: Client, database_url: str, where: dict[str, Any]) -> None:
    message, extensions = await refused(client, database_url, where)

    path = f"where.title.{next(iter(where['title']))}"
    assert message == f"`{path}` must not hold NUL or half a surrogate pair"
    assert extensions == {"code": "BAD_USER_INPUT", "field": path}


async def test_a_text_longer_than_any_is_refused_in_a_filter(client: Client, database_url: str) -> None:
    message, extensions = await refused(client, database_url, {"title": {"eq": "a" * 100_001}})

    assert message == "`where.title.eq` has at most 100000 characters, not 100001"
    assert extensions == {"code": "BAD_USER_INPUT", "field": "where.title.eq"}


@pytest.mark.parametrize(
    "where",
    [
        {"createdAt": {"eq": "2026-03-01"}},
        {"createdAt": {"eq": "2026-03-01T09:00:00"}},
        {"createdAt": {"eq": "0001-01-01T00:00:00+01:00"}},
        {"createdAt": {"eq": 0}},
        {"createdAt": {"in": [None]}},
        {"title": {"eq": 1}},
        {"type": {"eq": "post"}},
        {"isSaved": {"eq": "true"}},
        {"nothing": {"eq": 1}},
        {"title": {"like": "%"}},
    ],
)
async def test_values_of_another_type_are_refused(
    client: Client, database_url: str, where: dict[str, Any]
) -> None:
    message, extensions = await refused(client, database_url, where)

    assert message.startswith("Variable '$where' has invalid value")
    assert extensions == {"code": "BAD_USER_INPUT"}


async def test_a_list_over_all_users_is_filtered_by_indexed_columns_alone(client: Client) -> None:
    for edge in [edge for edge in LISTS if edge.parent == ROOT and edge.comparisons]:
        where = str(edge.definition.args["where"].type)
        answer = await client.run(
            f"query($where: {where}) {{ {edge.field}(where: $where) {{ totalCount }} }}",
            {"where": {"not": {}}},
        )

        message, extensions = refusal(answer)
        assert message == (
            f"Variable '$where' has invalid value: Expected value of type '{where}'"
            " not to include unknown field 'not', found: {'not': {}}."
        )
        assert extensions == {"code": "BAD_USER_INPUT"}


ID = "0191d3a2-7c1e-7b6a-9b1f-2f6c1d8e4a57"
MALFORMED = [
    "",
    "1",
    ID[:-1],
    ID + "0",
    f"{{{ID}}}",
    f"urn:uuid:{ID}",
    ID.replace("-", ""),
    ID + "\0",
    ID + "\n",
    "é" * 36,
]


@pytest.mark.parametrize("id", MALFORMED)
async def test_a_malformed_id_is_refused(client: Client, database_url: str, id: str) -> None:
    user = insert(database_url, "User")

    for field, name in [("post", "id"), ("node", "id"), ("trash", "userId")]:
        query = f"query($id: ID!) {{ {field}({name}: $id) {{ __typename }} }}"
        answer = await client.run(query, {"id": id}, by=user)

        assert refusal(answer) == (UUID_MESSAGE.format(name), {"code": "BAD_USER_INPUT", "field": name})
    query = "query($ids: [ID!]!) { nodes(ids: $ids) { id } }"
    answer = await client.run(query, {"ids": [ID, id]}, by=user)
    assert refusal(answer) == (UUID_MESSAGE.format("ids.1"), {"code": "BAD_USER_INPUT", "field": "ids.1"})


async def test_an_id_may_be_written_in_capitals(client: Client, database_url: str) -> None:
    user = insert(database_url, "User")

    found = await client.data("query($id: ID!) { node(id: $id) { id } }", {"id": str(user).upper()}, by=user)

    assert found == {"node": {"id": str(user)}}


async def test_nodes_takes_a_hundred_ids(client: Client, database_url: str) -> None:
    user = insert(database_url, "User")
    query = "query($ids: [ID!]!) { nodes(ids: $ids) { id } }"

    found = await client.data(query, {"ids": [ID] * 99 + [str(user)]}, by=user)
    answer = await client.run(query, {"ids": [ID] * 101}, by=user)

    assert found == {"nodes": [None] * 99 + [{"id": str(user)}]}
    assert refusal(answer) == (
        "`ids` takes at most 100 ids, not 101",
        {"code": "BAD_USER_INPUT", "field": "ids"},
    )
