"""Requests that are not read, and documents that are refused whole."""

import json
from collections.abc import AsyncIterator

import pytest

from tests import rows
from tests.conftest import Client
from zorbit.engine import http

VIEWER = "{ viewer { id } }"


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/json; charset=latin-1",
        "",
    ],
)
async def test_only_json_is_read(client: Client, content_type: str) -> None:
    body = json.dumps({"query": VIEWER}).encode()

    response = await client.http.post("/graphql", content=body, headers={"content-type": content_type})

    assert response.status_code == 415
    assert response.json()["errors"][0]["message"] == "the body must be application/json in UTF-8"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "the body is not JSON in UTF-8"),
        (b"{", "the body is not JSON in UTF-8"),
        (b"\xff\xfe", "the body is not JSON in UTF-8"),
        (b'{"query": "\xe9"}', "the body is not JSON in UTF-8"),
        (b'{"query": "\\ud800"}', "the body is not JSON in UTF-8"),
        (b'{"query": "{a}", "variables": {"n": ' + b"9" * 5000 + b"}}", "the body is not JSON in UTF-8"),
        (b"[" * 10_000, "the body is not JSON in UTF-8"),
        (b"\xef\xbb\xbf{}", "the body is not JSON in UTF-8"),
        (b'{"query": "{a}", "variables": {"n": NaN}}', "the body is not JSON in UTF-8"),
        (b'{"query": "{a}", "variables": {"n": -Infinity}}', "the body is not JSON in UTF-8"),
        (b"[]", "operations are sent one by one: the body must be an object, not a list"),
        (b'[{"query": "{a}"}]', "operations are sent one by one: the body must be an object, not a list"),
        (b"null", "the body must be an object: {query, variables, operationName}"),
        (b'"{viewer{id}}"', "the body must be an object: {query, variables, operationName}"),
        (b"{}", "`query` must be a string"),
        (b'{"query": null}', "`query` must be a string"),
        (b'{"query": "{a}", "variables": []}', "`variables` must be an object"),
        (b'{"query": "{a}", "operationName": 1}', "`operationName` must be a string"),
        (b'{"query": "{a}", "extensions": "x"}', "`extensions` must be an object"),
        (
            b'{"query": "{a}", "variables": {"a": ' + b"[" * 40 + b"]" * 40 + b"}}",
            "`variables` are nested at most 32 deep",
        ),
        (
            b'{"query": "{a}", "variables": {"a": [' + b"[]," * 25_000 + b"[]]}}",
            "the body has at most 25000 of the characters [, { and :",
        ),
    ],
)
async def test_a_malformed_body_is_400(client: Client, body: bytes, message: str) -> None:
    response = await client.http.post("/graphql", content=body, headers={"content-type": "application/json"})

    assert response.status_code == 400
    assert response.json() == {"errors": [{"message": message, "extensions": {"code": "BAD_USER_INPUT"}}]}


async def test_a_body_is_counted_as_it_streams(client: Client) -> None:
    sent = 0

    async def chunks() -> AsyncIterator[bytes]:
        nonlocal sent
        for _ in range(100):
            sent += 65_536
            yield b" " * 65_536

    headers = {"content-type": "application/json", "content-length": "10"}
    response = await client.http.post("/graphql", content=chunks(), headers=headers)

    assert response.status_code == 413
    assert response.json()["errors"][0]["message"] == f"a request has at most {http.BODY_LIMIT} bytes"


@pytest.mark.parametrize(
    ("query", "variables", "code"),
    [
        ("{ viewer {", None, "GRAPHQL_PARSE_FAILED"),
        ("", None, "GRAPHQL_PARSE_FAILED"),
        ("{ viewer { id } } " + "# " + "x" * 10 + "\n" + "{ a } " * 3000, None, "QUERY_TOO_COMPLEX"),
        ("{ viewer" + "{ a" * 600 + "}" * 600 + "}", None, "GRAPHQL_PARSE_FAILED"),
        ("{ nonsense }", None, "GRAPHQL_VALIDATION_FAILED"),
        ("{ viewer }", None, "GRAPHQL_VALIDATION_FAILED"),
        ("query ($id: ID!) { node(id: $id) { id } }", {}, "BAD_USER_INPUT"),
        ("query ($id: ID!) { node(id: $id) { id } }", {"id": ["x"]}, "BAD_USER_INPUT"),
        ("query A { viewer { id } } query B { viewer { id } }", None, "BAD_USER_INPUT"),
        ("subscription { viewer { id } }", None, "GRAPHQL_VALIDATION_FAILED"),
        ("mutation { nothing }", None, "GRAPHQL_VALIDATION_FAILED"),
    ],
)
async def test_a_faulty_document_is_refused_whole(
    client: Client, query: str, variables: dict[str, object] | None, code: str
) -> None:
    answer = await client.run(query, variables)

    assert "data" not in answer
    assert {error["extensions"]["code"] for error in answer["errors"]} == {code}


async def test_a_null_where_an_argument_may_not_be_null_is_the_clients(
    client: Client, database_url: str
) -> None:
    user = rows.insert(database_url, "User")
    query = 'query ($id: ID = "x") { viewer { id } post(id: $id) { id } }'

    answer = await client.run(query, {"id": None}, by=user)

    assert answer["data"] == {"viewer": {"id": str(user)}, "post": None}
    (error,) = answer["errors"]
    assert (error["path"], error["extensions"]) == (["post"], {"code": "BAD_USER_INPUT"})


async def test_the_modern_media_type_has_status_codes(client: Client) -> None:
    accept = {"accept": "application/graphql-response+json"}

    good = await client.post(VIEWER, **accept)
    bad = await client.post("{ nonsense }", **accept)

    assert (good.status_code, good.headers["content-type"]) == (200, "application/graphql-response+json")
    assert (bad.status_code, bad.headers["content-type"]) == (400, "application/graphql-response+json")
