"""Accounts: made by admins, changed by their owners."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.conftest import Client
from tests.rows import fetch, insert
from tests.writing.changes import bad, change, faults, trail

USER = "user { id email name role }"
VIEWER = "viewer { id email name updatedAt }"


def users(url: str) -> list[tuple[Any, ...]]:
    """Everything that is told of users here, oldest first."""
    return fetch(url, 'SELECT id, email, name, role, "isDeleted" FROM "User" ORDER BY id')


# Making


@pytest.mark.parametrize(
    ("given", "name", "role"),
    [
        ({}, None, "USER"),
        ({"name": None}, None, "USER"),
        ({"name": "Ada", "role": "ADMIN"}, "Ada", "ADMIN"),
        ({"name": "", "role": "SERVICE"}, "", "SERVICE"),
    ],
)
async def test_an_admin_makes_an_account(
    client: Client, database_url: str, admin: UUID, given: dict[str, Any], name: str | None, role: str
) -> None:
    payload = await change(client, "createUser", USER, by=admin, email="Ada@example.com", **given)

    assert payload["userErrors"] == []
    id = UUID(payload["user"]["id"])
    assert payload["user"] == {"id": str(id), "email": "Ada@example.com", "name": name, "role": role}
    assert users(database_url)[1:] == [(id, "Ada@example.com", name, role.lower(), False)]
    assert trail(database_url) == [("createUser", admin, "User", id, id, {"role": [None, role]})]


async def test_a_new_account_is_let_in(client: Client, admin: UUID) -> None:
    payload = await change(client, "createUser", USER, by=admin, email="ada@example.com")

    data = await client.data("{ viewer { email } }", by=UUID(payload["user"]["id"]))

    assert data == {"viewer": {"email": "ada@example.com"}}


async def test_a_live_users_address_is_taken_in_any_case(
    client: Client, database_url: str, admin: UUID
) -> None:
    ada = insert(database_url, "User", email="ada@example.com")
    before = users(database_url)

    payload = await change(client, "createUser", USER, by=admin, email="ADA@example.com")

    assert payload["user"] is None
    assert faults(payload) == [("CONFLICT", "input.email")]
    assert payload["userErrors"][0]["current"] == {"id": str(ada)}
    assert (users(database_url), trail(database_url)) == (before, [])


async def test_a_deleted_users_address_is_free(client: Client, database_url: str, admin: UUID) -> None:
    insert(database_url, "User", email="ada@example.com", isDeleted=True)

    payload = await change(client, "createUser", USER, by=admin, email="ada@example.com")

    assert payload["userErrors"] == []
    assert len(users(database_url)) == 3


async def test_of_two_accounts_with_one_address_at_once_one_is_made(
    client: Client, database_url: str, admin: UUID
) -> None:
    payloads = await asyncio.gather(
        *(change(client, "createUser", USER, by=admin, email=email) for email in ("ada@b.c", "Ada@b.c"))
    )

    assert sorted(faults(payload) for payload in payloads) == [[], [("CONFLICT", "input.email")]]
    assert len(users(database_url)) == 2


@pytest.mark.parametrize(
    "email",
    [
        "",
        "ada",
        "@example.com",
        "ada@",
        "a da@example.com",
        "ada@exa\tmple.com",
        "a" * 65 + "@b.c",
        "a\0@b.c",
    ],
)
async def test_what_is_no_address_is_refused(
    client: Client, database_url: str, admin: UUID, email: str
) -> None:
    payload = await change(client, "createUser", USER, by=admin, email=email)

    assert faults(payload) == bad("email")
    assert len(users(database_url)) == 1


async def test_everything_wrong_with_a_new_account_is_told_at_once(
    client: Client, database_url: str, admin: UUID
) -> None:
    payload = await change(client, "createUser", USER, by=admin, email="ada", name="n" * 301, role=None)

    assert faults(payload) == bad("email", "name", "role")
    assert len(users(database_url)) == 1


# Changing one's own


async def test_an_own_name_can_be_changed_kept_and_cleared(client: Client, database_url: str) -> None:
    user = insert(database_url, "User", name="Ada")

    kept = await change(client, "updateViewer", VIEWER, by=user)
    changed = await change(client, "updateViewer", VIEWER, by=user, name="Ada King")
    cleared = await change(client, "updateViewer", VIEWER, by=user, name=None)

    assert [payload["viewer"]["name"] for payload in (kept, changed, cleared)] == ["Ada", "Ada King", None]
    assert users(database_url)[0][2] is None
    act = ("updateViewer", user, "User", user, user, None)
    assert trail(database_url) == [act, act, act]


async def test_what_was_changed_since_it_was_read_is_refused_as_it_is(
    client: Client, database_url: str
) -> None:
    user = insert(database_url, "User", name="Ada")
    read = (await client.data(f"{{ {VIEWER} }}", by=user))["viewer"]["updatedAt"]

    first = await change(client, "updateViewer", VIEWER, by=user, name="Ann", ifUpdatedAt=read)
    second = await change(client, "updateViewer", VIEWER, by=user, name="Amy", ifUpdatedAt=read)

    assert faults(first) == []
    assert faults(second) == [("CONFLICT", "input.ifUpdatedAt")]
    assert second["userErrors"][0]["current"] == {"id": str(user)}
    assert users(database_url)[0][2] == "Ann"


@pytest.mark.parametrize("name", ["n" * 301, "n\0"])
async def test_a_name_that_cannot_be_kept_is_refused(client: Client, database_url: str, name: str) -> None:
    user = insert(database_url, "User", name="Ada")

    payload = await change(client, "updateViewer", VIEWER, by=user, name=name)

    assert faults(payload) == bad("name")
    assert users(database_url)[0][2] == "Ada"


@pytest.mark.parametrize("field", ["email", "role"])
async def test_neither_address_nor_role_are_ones_own_to_change(
    client: Client, database_url: str, field: str
) -> None:
    user = insert(database_url, "User")
    value = {"email": "new@example.com", "role": "ADMIN"}[field]
    ask = "mutation($input: UpdateViewerInput!) { updateViewer(input: $input) { viewer { id } } }"
    before = users(database_url)

    response = await client.post(ask, {"input": {field: value}}, authorization=f"Bearer {client.token(user)}")

    assert f"unknown field '{field}'" in response.json()["errors"][0]["message"]
    assert users(database_url) == before


# Who may


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("createUser", {"email": "ada@example.com"}),
        ("setUserRole", {"id": str(uuid4()), "role": "ADMIN"}),
        ("updateViewer", {"name": "Ada"}),
    ],
)
async def test_each_is_for_its_own_callers(
    client: Client, database_url: str, name: str, given: dict[str, Any]
) -> None:
    callers = {role: insert(database_url, "User", role=role) for role in ("user", "service", "admin")}
    title = name[0].upper() + name[1:]
    ask = f"mutation($input: {title}Input!) {{ {name}(input: $input) {{ userErrors {{ code }} }} }}"
    before = users(database_url)

    found = {
        role: (await client.run(ask, {"input": given}, by=by)).get("errors", [{}])[0].get("extensions", {})
        for role, by in (("nobody", None), ("user", callers["user"]), ("service", callers["service"]))
        if (name, role) != ("updateViewer", "user")
    }

    assert {role: refused["code"] for role, refused in found.items()} == {
        role: "UNAUTHENTICATED" if role == "nobody" else "FORBIDDEN" for role in found
    }
    assert users(database_url) == before
