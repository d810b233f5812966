"""Answers about the schema alone are made once, and told to whoever asks for the same."""

from tests import rows
from tests.conftest import Client

TYPE = """
    query ($all: Boolean = false) { ...Told }
    fragment Told on Query { __typename __type(name: "User") { name fields @include(if: $all) { name } } }
"""
NAMED = """
    query One { __type(name: "User") { name } }
    query Other { __type(name: "Post") { name } }
"""


async def test_the_same_is_told_again_and_to_others(client: Client, database_url: str) -> None:
    user = rows.insert(database_url, "User")
    query = "{ __schema { types { name fields { name type { name } } } } }"

    first, again, others = [await client.data(query, by=by) for by in (None, None, user)]

    assert {"Post", "User"} <= {one["name"] for one in first["__schema"]["types"]}
    assert first == again == others


async def test_each_operation_of_a_document_is_told_its_own(client: Client) -> None:
    for name, kind in [("One", "User"), ("Other", "Post")] * 2:
        answer = await client.http.post("/graphql", json={"query": NAMED, "operationName": name})
        assert answer.json() == {"data": {"__type": {"name": kind}}}


async def test_variables_count_each_time(client: Client) -> None:
    short, long, again = [await client.data(TYPE, given) for given in ({}, {"all": True}, {})]

    assert short == again == {"__typename": "Query", "__type": {"name": "User"}}
    assert {"name": "email"} in long["__type"]["fields"]


async def test_what_else_is_asked_for_is_each_callers_own(client: Client, database_url: str) -> None:
    users = [rows.insert(database_url, "User") for _ in range(2)]
    query = "{ __typename viewer { id } __schema { queryType { name } } }"

    answers = [await client.data(query, by=user) for user in users]

    assert [answer["viewer"]["id"] for answer in answers] == [str(user) for user in users]


async def test_its_cost_can_be_told_each_time(client: Client) -> None:
    request = {"query": "{ __schema { types { name } } }", "extensions": {"cost": True}}

    first, again = [(await client.http.post("/graphql", json=request)).json() for _ in range(2)]

    assert first == again
    assert first["extensions"]["cost"]["requested"] > 100
