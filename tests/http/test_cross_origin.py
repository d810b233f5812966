"""Browsers on pages of other origins: those that are configured, and the rest."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.conftest import Client, calling, started
from zorbit import app
from zorbit.config import Settings

OURS, THEIRS = "https://app.example.com", "https://evil.example.com"
VIEWER = "{ viewer { id } }"


@pytest.fixture
async def open_client(worker_database: str, data_dir: Path) -> AsyncIterator[Client]:
    """A caller of a server that knows an origin."""
    settings = Settings(data_dir=data_dir, periodic_seconds=0, cors_origins=(OURS,))
    application = app.create(settings, worker_database)
    async with started(application), calling(application, data_dir) as caller:
        yield caller


def preflight(
    origin: str, method: str = "POST", headers: str = "content-type,authorization"
) -> dict[str, str]:
    return {
        "origin": origin,
        "access-control-request-method": method,
        "access-control-request-headers": headers,
    }


async def test_a_known_origin_may_send_and_read(open_client: Client) -> None:
    asked = await open_client.http.options("/graphql", headers=preflight(OURS))
    answered = await open_client.post(VIEWER, origin=OURS)
    refused = await open_client.post(VIEWER, origin=OURS, authorization="Bearer x")

    assert asked.status_code == 200
    assert asked.headers["access-control-allow-origin"] == OURS
    assert asked.headers["access-control-allow-methods"] == "GET, POST"
    assert "authorization" in asked.headers["access-control-allow-headers"].lower()
    assert (answered.status_code, refused.status_code) == (200, 401)
    for response in (answered, refused):
        assert response.headers["access-control-allow-origin"] == OURS
        assert "origin" in response.headers["vary"].lower()
        assert "x-request-id" in response.headers["access-control-expose-headers"]
        assert "access-control-allow-credentials" not in response.headers


@pytest.mark.parametrize(
    "asked",
    [
        preflight(THEIRS),
        preflight("null"),
        preflight(OURS + ".evil.example.com"),
        preflight(OURS, method="DELETE"),
        preflight(OURS, headers="x-anything"),
    ],
)
async def test_what_is_not_allowed_is_refused_in_json(open_client: Client, asked: dict[str, str]) -> None:
    response = await open_client.http.options("/graphql", headers=asked)

    assert response.status_code == 403
    assert response.json()["errors"][0]["extensions"] == {"code": "FORBIDDEN"}
    assert "access-control-allow-origin" not in response.headers


async def test_another_origin_may_not_read(open_client: Client) -> None:
    response = await open_client.post(VIEWER, origin=THEIRS)

    assert "access-control-allow-origin" not in response.headers
    assert response.headers["vary"] == "Origin"


async def test_without_the_setting_no_origin_is_known(client: Client) -> None:
    asked = await client.http.options("/graphql", headers=preflight(OURS))
    answered = await client.post(VIEWER, origin=OURS)

    assert [name for one in (asked, answered) for name in one.headers if "access-control" in name] == []
