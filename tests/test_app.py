"""The server's door: what is answered before, and around, GraphQL."""

import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from graphql import get_introspection_query
from starlette.applications import Starlette

from tests import rows
from tests.conftest import Client
from zorbit import app, migrations
from zorbit.config import Settings
from zorbit.engine import http

VIEWER = "{ viewer { id } }"


async def test_nobody_is_nobody(client: Client) -> None:
    answer = await client.run("{ viewer { id } systemPersonas { id } plans { totalCount } }")

    assert answer["data"]["viewer"] is None
    assert len(answer["data"]["systemPersonas"]) == 4
    assert answer["data"]["plans"] is None
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["UNAUTHENTICATED"]


@pytest.mark.parametrize(
    "header",
    [
        "Bearer",
        "Bearer ",
        "Basic dXNlcjpwYXNz",
        "Bearer a b",
        "Bearer a.b.c",
        "Bearer " + "x" * 9000,
        "nonsense",
    ],
)
async def test_a_bad_token_is_401(client: Client, header: str) -> None:
    response = await client.post(VIEWER, authorization=header)

    assert response.status_code == 401
    assert response.headers["www-authenticate"] == "Bearer"
    assert response.headers["content-type"] == "application/json"
    assert response.json()["errors"][0]["extensions"] == {"code": "UNAUTHENTICATED"}


async def test_a_token_of_an_unknown_user_is_401(client: Client) -> None:
    response = await client.post(VIEWER, authorization=f"Bearer {client.token(uuid4())}")

    assert response.status_code == 401
    assert response.json()["errors"][0]["message"] == "the token's user does not exist, or not any more"


async def test_a_deleted_user_is_out_at_the_next_request(client: Client, database_url: str) -> None:
    user = rows.insert(database_url, "User")
    assert (await client.data(VIEWER, by=user))["viewer"]["id"] == str(user)

    rows.execute(database_url, 'UPDATE "User" SET "isDeleted" = true WHERE id = %s', user)

    assert (await client.post(VIEWER, authorization=f"Bearer {client.token(user)}")).status_code == 401


async def test_a_demoted_admin_is_none_at_the_next_request(client: Client, database_url: str) -> None:
    admin = rows.insert(database_url, "User", role="admin")
    assert (await client.data("{ users { totalCount } }", by=admin))["users"]["totalCount"] == 1

    rows.execute(database_url, "UPDATE \"User\" SET role = 'user' WHERE id = %s", admin)

    answer = await client.run("{ users { totalCount } }", by=admin)
    assert answer["data"] == {"users": None}
    assert answer["errors"][0]["extensions"] == {"code": "FORBIDDEN"}


async def test_every_answer_bears_a_request_id(client: Client) -> None:
    own = await client.post(VIEWER, **{"x-request-id": "build-42.step_7"})
    odd = await client.post(VIEWER, **{"x-request-id": 'a"b c'})
    refused = await client.http.get("/graphql")

    assert own.headers["x-request-id"] == "build-42.step_7"
    assert re.fullmatch("[0-9a-f]{32}", odd.headers["x-request-id"])
    assert re.fullmatch("[0-9a-f]{32}", refused.headers["x-request-id"])


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


async def test_a_compressed_body_is_refused(client: Client) -> None:
    response = await client.post(VIEWER, **{"content-encoding": "gzip"})

    assert response.status_code == 415


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


async def test_introspection_always_fits(client: Client) -> None:
    data = await client.data(get_introspection_query())

    assert len(data["__schema"]["types"]) > 100


async def test_a_fault_is_masked(client: Client, database_url: str) -> None:
    user = rows.insert(database_url, "User")
    rows.execute(database_url, 'ALTER TABLE "Comment" RENAME TO "Hidden"')
    try:
        response = await client.post(
            "{ viewer { id comments { totalCount } } }", authorization=f"Bearer {client.token(user)}"
        )
    finally:
        rows.execute(database_url, 'ALTER TABLE "Hidden" RENAME TO "Comment"')

    assert response.status_code == 200
    assert response.json() == {
        "data": {"viewer": None},
        "errors": [
            {
                "message": "internal server error",
                "extensions": {
                    "code": "INTERNAL_SERVER_ERROR",
                    "requestId": response.headers["x-request-id"],
                },
                "locations": [{"line": 1, "column": 26}],
                "path": ["viewer", "comments", "totalCount"],
            }
        ],
    }


async def test_integers_beyond_64_bits_survive(client: Client, database_url: str) -> None:
    user = rows.insert(database_url, "User")
    rows.insert(database_url, "Post", userId=user, metadata={"n": 10**30})

    data = await client.data("{ viewer { posts { nodes { metadata } } } }", by=user)

    assert data["viewer"]["posts"]["nodes"] == [{"metadata": {"n": 10**30}}]


async def test_health_and_readiness(client: Client) -> None:
    healthy, ready = await client.http.get("/healthz"), await client.http.get("/readyz")

    assert (healthy.status_code, healthy.json()) == (200, {"status": "ok"})
    assert (ready.status_code, ready.json()) == (200, {"status": "ready"})


async def test_a_schema_that_is_behind_is_not_ready(client: Client, database_url: str) -> None:
    rows.execute(database_url, "UPDATE alembic_version SET version_num = '0001'")
    try:
        response = await client.http.get("/readyz")
    finally:
        rows.execute(database_url, "UPDATE alembic_version SET version_num = %s", migrations.head())

    assert response.status_code == 503
    assert "run `zorbit migrate`" in response.json()["reason"]


async def test_unknown_paths_and_methods_answer_in_json(client: Client) -> None:
    unknown, wrong = await client.http.get("/nothing"), await client.http.post("/healthz")

    assert (unknown.status_code, unknown.json()["errors"][0]["message"]) == (404, "Not Found")
    assert (wrong.status_code, wrong.json()["errors"][0]["message"]) == (405, "Method Not Allowed")


@pytest.mark.parametrize(
    "path", ["/graphiql", "/graphql/", "/graphiql/", "/graphiql/%00", "/graphiql/..%2f__init__.py", "/%ff"]
)
async def test_odd_paths_lead_nowhere(client: Client, path: str) -> None:
    response = await client.http.get(path, headers={"host": "evil.example.com"})

    assert (response.status_code, response.headers["content-type"]) == (404, "application/json")
    assert "location" not in response.headers


async def test_assets_are_what_they_are_said_to_be(client: Client) -> None:
    response = await client.http.get("/graphiql/LICENSES.txt")

    assert response.headers["content-type"] == "text/plain; charset=utf-8"
    assert response.headers["x-content-type-options"] == "nosniff"


async def test_the_page_holds_the_demo_users_token_on_this_machine_only(
    client: Client, served: Starlette, database_url: str
) -> None:
    demo = rows.insert(database_url, "User", email="demo@example.com")

    async def page_token(host: str) -> str | None:
        transport = httpx.ASGITransport(app=served)
        async with httpx.AsyncClient(transport=transport, base_url=f"http://{host}") as browser:
            page = await browser.get("/graphql", headers={"accept": "text/html"})
        config = page.text.partition('id="config">')[2].partition("</script>")[0]
        token: str | None = json.loads(config)["token"]
        return token

    token = await page_token("127.0.0.1:8000")
    foreign = await page_token("zorbit.example.com")
    rows.execute(database_url, "UPDATE \"User\" SET role = 'admin' WHERE id = %s", demo)
    of_admin = await page_token("localhost")

    assert token is not None
    assert (await client.post(VIEWER, authorization=f"Bearer {token}")).status_code == 200
    assert foreign is None
    assert of_admin is None


async def test_without_the_setting_there_is_no_page(worker_database: str, data_dir: Path) -> None:
    application = app.create(Settings(data_dir=data_dir, graphiql=False), worker_database)
    transport = httpx.ASGITransport(app=application)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as browser:
        response = await browser.get("/graphql", headers={"accept": "text/html"})

    assert response.status_code == 406
