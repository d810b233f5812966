"""Methods, headers and media types of `/graphql`."""

import json
from typing import Any

import httpx
import pytest

from tests import rows
from tests.conftest import Client
from zorbit.engine import http

VIEWER = "{ viewer { id } }"
SIMPLE = "query Named($name: String!) { __type(name: $name) { name } }"
PREFLIGHT = {"apollo-require-preflight": "true"}
JSON, GRAPHQL = "application/json", "application/graphql-response+json"


async def get(client: Client, params: Any, **headers: str) -> httpx.Response:
    return await client.http.get("/graphql", params=params, headers=PREFLIGHT | headers)


def message(response: httpx.Response) -> str:
    assert response.headers["content-type"] == JSON
    (error,) = response.json()["errors"]
    assert error["extensions"] == {"code": "BAD_USER_INPUT"}
    return str(error["message"])


# GET


async def test_a_query_may_be_sent_by_get(client: Client, database_url: str) -> None:
    user = rows.insert(database_url, "User")
    token = f"Bearer {client.token(user)}"
    named = {"query": SIMPLE, "operationName": "Named", "variables": '{"name": "Post"}', "extensions": "{}"}

    plain = await get(client, {"query": VIEWER}, authorization=token)
    whole = await get(client, named)

    assert (plain.status_code, plain.json()) == (200, {"data": {"viewer": {"id": str(user)}}})
    assert whole.json() == {"data": {"__type": {"name": "Post"}}}


@pytest.mark.parametrize("name", http.PREFLIGHT)
async def test_get_needs_a_header_that_forces_a_preflight(client: Client, name: str) -> None:
    without = await client.http.get("/graphql", params={"query": VIEWER})
    empty = await client.http.get("/graphql", params={"query": VIEWER}, headers={name: ""})
    with_it = await client.http.get("/graphql", params={"query": VIEWER}, headers={name: "1"})

    assert (without.status_code, empty.status_code, with_it.status_code) == (400, 400, 200)
    assert message(without) == "a GET request needs a header Apollo-Require-Preflight"


async def test_a_mutation_is_not_run_by_get(client: Client, database_url: str) -> None:
    user = rows.insert(database_url, "User")
    mutation = 'mutation { createThread(input: {title: "By GET"}) { thread { id } } }'
    token = f"Bearer {client.token(user)}"

    alone = await get(client, {"query": mutation}, authorization=token)
    named = {"query": f"query A {VIEWER} {mutation.replace('mutation', 'mutation B')}", "operationName": "B"}
    chosen = await get(client, named, authorization=token)

    for response in (alone, chosen):
        assert (response.status_code, response.headers["allow"]) == (405, "POST")
        assert message(response) == "send a mutation by POST"
    assert (await client.data("{ viewer { threads { totalCount } } }", by=user))["viewer"]["threads"] == {
        "totalCount": 0
    }
    posted = await client.post(mutation, authorization=token)
    assert posted.json()["data"]["createThread"]["thread"]["id"]


@pytest.mark.parametrize(
    ("query_string", "expected"),
    [
        ("", "`query` must be a string"),
        ("query=", "`query` must be a string"),
        ("query={a}&query={b}", "a parameter of the query string comes twice"),
        ("query=%ff", "the query string is not at most 20 parameters in UTF-8"),
        ("query={a}" + "&a=1" * 20, "the query string is not at most 20 parameters in UTF-8"),
        ("query={a}&variables={", "`variables` is not JSON in UTF-8"),
        ("query={a}&variables=[]", "`variables` must be an object"),
        ("query={a}&variables=" + "[" * 5000, "`variables` is not JSON in UTF-8"),
        ('query={a}&extensions="x"', "`extensions` must be an object"),
    ],
)
async def test_a_malformed_query_string_is_400(client: Client, query_string: str, expected: str) -> None:
    response = await client.http.get(f"/graphql?{query_string}", headers=PREFLIGHT)

    assert response.status_code == 400
    assert message(response) == expected


async def test_a_token_is_read_from_its_header_alone(client: Client, database_url: str) -> None:
    token = client.token(rows.insert(database_url, "User"))
    places = {"access_token": token, "token": token, "authorization": f"Bearer {token}"}

    by_get = await get(client, {"query": VIEWER} | places, cookie=f"access_token={token}")
    by_post = await client.http.post("/graphql", params=places, json={"query": VIEWER} | places)

    assert by_get.json() == by_post.json() == {"data": {"viewer": None}}


# Other methods


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE"])
async def test_other_methods_are_told_which_there_are(client: Client, method: str) -> None:
    response = await client.http.request(method, "/graphql", params={"query": VIEWER})

    assert (response.status_code, response.headers["allow"]) == (405, "GET, HEAD, POST, OPTIONS")
    assert message(response) == "send a POST request"


async def test_head_answers_as_get_without_a_body(client: Client) -> None:
    found = await get(client, {"query": VIEWER})

    head = await client.http.head("/graphql", params={"query": VIEWER}, headers=PREFLIGHT)
    page = await client.http.head("/graphql", headers={"accept": "text/html"})

    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == found.headers["content-length"]
    assert page.headers["content-type"] == "text/html; charset=utf-8"


async def test_options_tells_the_methods(client: Client) -> None:
    response = await client.http.options("/graphql")

    assert (response.status_code, response.content) == (204, b"")
    assert response.headers["allow"] == "GET, HEAD, POST, OPTIONS"
    assert "access-control-allow-origin" not in response.headers


# Headers


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("", JSON),
        ("*/*", JSON),
        ("application/*", JSON),
        (JSON, JSON),
        (GRAPHQL, GRAPHQL),
        (GRAPHQL.upper(), GRAPHQL),
        (f"{GRAPHQL}, {JSON};q=0.9", GRAPHQL),
        (f"{GRAPHQL};q=0.8, {JSON}", JSON),
        (f"{JSON}, {GRAPHQL}", GRAPHQL),
        (f"{JSON}, text/plain, */*", JSON),
        (f"{GRAPHQL}, */*", GRAPHQL),
        (f"{GRAPHQL};q=0, */*", JSON),
        (f"{JSON};q=0, */*", GRAPHQL),
        (f"application/*;q=0, {GRAPHQL};q=0.001", GRAPHQL),
        (f"{JSON} ; charset=utf-8 ; q=0.5 , {GRAPHQL} ; q=0.4", JSON),
        (f"{GRAPHQL};q=high, {JSON};q=0.1", JSON),
        (f"{GRAPHQL};q=7, {JSON};q=0.1", JSON),
    ],
)
async def test_the_answer_is_of_the_type_that_is_preferred(
    client: Client, accept: str, expected: str
) -> None:
    response = await client.post(VIEWER, accept=accept)

    assert (response.status_code, response.headers["content-type"]) == (200, expected)


@pytest.mark.parametrize(
    "accept", ["text/html", "application/xml", f"{JSON};q=0", "*/*;q=0", "json", ";q=1", ",", "\xff"]
)
async def test_nothing_acceptable_is_406(client: Client, accept: str) -> None:
    headers = {b"accept": accept.encode("latin-1")}

    response = await client.http.post("/graphql", json={"query": VIEWER}, headers=headers)

    assert response.status_code == 406
    assert message(response) == f"answers are {JSON} or {GRAPHQL}"


async def test_without_an_accept_header_the_answer_is_json(client: Client) -> None:
    request = client.http.build_request("POST", "/graphql", json={"query": VIEWER})
    del request.headers["accept"]

    response = await client.http.send(request)

    assert response.headers["content-type"] == JSON


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "Application/JSON; Charset=UTF-8",
        'application/json;charset="utf-8"',
        "application/json; version=1; charset=utf8",
    ],
)
async def test_json_in_utf_8_may_be_spelt_in_several_ways(client: Client, content_type: str) -> None:
    content = json.dumps({"query": VIEWER}).encode()

    response = await client.http.post("/graphql", content=content, headers={"content-type": content_type})

    assert response.status_code == 200


async def test_a_refused_body_is_told_what_would_do(client: Client) -> None:
    typed = await client.post(VIEWER, **{"content-type": "application/json; version=1; charset=latin-1"})
    packed = await client.post(VIEWER, **{"content-encoding": "gzip"})
    plain = await client.post(VIEWER, **{"content-encoding": "Identity"})

    assert (typed.status_code, typed.headers["accept"]) == (415, JSON)
    assert (packed.status_code, packed.headers["accept-encoding"]) == (415, "identity")
    assert plain.status_code == 200


@pytest.mark.parametrize("name", ["authorization", "content-type", "content-encoding", "host"])
async def test_a_header_that_counts_comes_once(client: Client, name: str) -> None:
    headers = [(name, "x"), (name, "x")]

    response = await client.http.post("/graphql", content=b"{}", headers=headers)

    assert response.status_code == 400
    assert message(response) == f"send one {name} header"


async def test_what_stands_far_behind_in_an_accept_header_is_not_looked_at(client: Client) -> None:
    within, beyond = (f"{'a/b,' * number}{JSON}" for number in (200, 250))

    assert (await client.post(VIEWER, accept=within)).status_code == 200
    assert (await client.post(VIEWER, accept=beyond)).status_code == 406


async def test_accept_headers_are_read_together(client: Client) -> None:
    headers = [("accept", f"{JSON};q=0.1"), ("accept", GRAPHQL)]

    response = await client.http.post("/graphql", json={"query": VIEWER}, headers=headers)

    assert response.headers["content-type"] == GRAPHQL


async def test_a_length_beyond_the_limit_is_refused_unread(client: Client) -> None:
    async def body() -> Any:
        raise AssertionError("it was read")
        yield b""

    for length in (http.BODY_LIMIT + 1, 10**5000):
        headers = {"content-type": JSON, "content-length": "9" * 50 if length > 10**9 else str(length)}
        response = await client.http.post("/graphql", content=body(), headers=headers)

        assert (response.status_code, response.headers["connection"]) == (413, "close")
        assert message(response) == f"a request has at most {http.BODY_LIMIT} bytes"


async def test_of_a_key_that_comes_twice_the_last_counts(client: Client) -> None:
    body = b'{"query": "{ nothing }", "query": "{ viewer { id } }"}'

    response = await client.http.post("/graphql", content=body, headers={"content-type": JSON})

    assert response.json() == {"data": {"viewer": None}}


async def test_no_answer_is_kept_or_guessed_at(client: Client) -> None:
    answered = await client.post(VIEWER)
    refused = await client.post(VIEWER, authorization="Bearer x")
    fetched = await get(client, {"query": VIEWER})

    for response in (answered, refused, fetched):
        assert response.headers["cache-control"] == "no-store"
        assert response.headers["x-content-type-options"] == "nosniff"
