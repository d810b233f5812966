"""The server's door: what is answered before, and around, GraphQL."""

import json
import re
from pathlib import Path

import httpx
import pytest
from graphql import get_introspection_query
from starlette.applications import Starlette

from tests import rows
from tests.conftest import Client
from zorbit import app, migrations
from zorbit.config import Settings

VIEWER = "{ viewer { id } }"


async def test_every_answer_bears_a_request_id(client: Client) -> None:
    own = await client.post(VIEWER, **{"x-request-id": "build-42.step_7"})
    odd = await client.post(VIEWER, **{"x-request-id": 'a"b c'})
    refused = await client.http.get("/graphql")

    assert own.headers["x-request-id"] == "build-42.step_7"
    assert re.fullmatch("[0-9a-f]{32}", odd.headers["x-request-id"])
    assert re.fullmatch("[0-9a-f]{32}", refused.headers["x-request-id"])


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


@pytest.mark.parametrize(
    "host", ["evil.example.com:", "evil.example.com:99999", "[::1", "a@localhost", "a:b:c"]
)
async def test_a_host_that_makes_no_sense_is_not_this_machine(
    served: Starlette, database_url: str, host: str
) -> None:
    rows.insert(database_url, "User", email="demo@example.com")
    transport = httpx.ASGITransport(app=served)

    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as browser:
        local = await browser.get("/graphql", headers={"accept": "text/html"})
        odd = await browser.get("/graphql", headers={"accept": "text/html", "host": host})

    assert '"token": null' not in local.text
    assert '"token": null' in odd.text


async def test_without_the_setting_there_is_no_page(worker_database: str, data_dir: Path) -> None:
    application = app.create(Settings(data_dir=data_dir, graphiql=False), worker_database)
    transport = httpx.ASGITransport(app=application)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as browser:
        response = await browser.get("/graphql", headers={"accept": "text/html"})

    assert response.status_code == 406
