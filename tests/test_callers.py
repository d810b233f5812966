"""Who is asking: nobody without a token; 401 where it is none, or its user unknown."""

from uuid import uuid4

import pytest

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
