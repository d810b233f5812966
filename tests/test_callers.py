"""Who is asking: nobody, a token's live user, or 401."""

from uuid import uuid4

import pytest

from tests import rows
from tests.conftest import Client

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
