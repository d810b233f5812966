"""Roles: who gives them, from when they count, and that an admin is left."""

import asyncio
from uuid import UUID, uuid4

import pytest

from tests.conftest import Client
from tests.rows import execute, fetch, insert, stored
from tests.writing.changes import absent, bad, change, faults, trail

USER = "user { id email name role }"
ROUNDS = 20


def role(url: str, user: UUID) -> str:
    return str(fetch(url, 'SELECT role FROM "User" WHERE id = %s', user)[0][0])


async def test_a_role_counts_from_the_next_request_on(client: Client, database_url: str, admin: UUID) -> None:
    user = insert(database_url, "User")

    promoted = await change(client, "setUserRole", USER, by=admin, id=user, role="ADMIN")
    seen = await client.data("{ users { totalCount } }", by=user)
    demoted = await change(client, "setUserRole", USER, by=user, id=admin, role="USER")
    refused = await client.run("{ users { totalCount } }", by=admin)

    assert (promoted["user"]["role"], demoted["user"]["role"]) == ("ADMIN", "USER")
    assert seen == {"users": {"totalCount": 2}}
    assert refused["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert trail(database_url) == [
        ("setUserRole", admin, "User", user, user, {"role": ["USER", "ADMIN"]}),
        ("setUserRole", user, "User", admin, admin, {"role": ["ADMIN", "USER"]}),
    ]


@pytest.mark.parametrize("new", ["USER", "SERVICE"])
async def test_the_last_admin_stays_one(client: Client, database_url: str, admin: UUID, new: str) -> None:
    insert(database_url, "User", role="admin", isDeleted=True)
    insert(database_url, "User", role="service")
    before = stored(database_url, "User")

    payload = await change(client, "setUserRole", USER, by=admin, id=admin, role=new)

    assert payload["user"] is None
    assert faults(payload) == [("LAST_ADMIN", "input.id")]
    assert (stored(database_url, "User"), trail(database_url)) == (before, [])


async def test_the_last_admin_may_be_told_to_be_one(client: Client, admin: UUID) -> None:
    payload = await change(client, "setUserRole", USER, by=admin, id=admin, role="ADMIN")

    assert payload["userErrors"] == []
    assert payload["user"]["role"] == "ADMIN"


async def test_others_change_roles_though_there_is_one_admin(
    client: Client, database_url: str, admin: UUID
) -> None:
    user = insert(database_url, "User")

    payload = await change(client, "setUserRole", USER, by=admin, id=user, role="SERVICE")

    assert payload["userErrors"] == []
    assert role(database_url, user) == "service"


async def test_a_user_who_is_not_there_has_no_role(client: Client, database_url: str, admin: UUID) -> None:
    deleted = insert(database_url, "User", isDeleted=True)
    before = stored(database_url, "User")

    payloads = [
        await change(client, "setUserRole", USER, by=admin, id=id, role="ADMIN") for id in (deleted, uuid4())
    ]
    malformed = await change(client, "setUserRole", USER, by=admin, id="1", role="ADMIN")

    assert [faults(payload) for payload in payloads] == [absent("id")] * 2
    assert faults(malformed) == bad("id")
    assert stored(database_url, "User") == before


async def demote(client: Client, by: UUID, id: UUID) -> str:
    """What comes of demoting an admin: `done`, or the code of the refusal."""
    ask = "mutation($id: ID!) { setUserRole(input: {id: $id, role: USER}) { userErrors { code } } }"
    answer = await client.run(ask, {"id": str(id)}, by=by)
    if "errors" in answer:
        return str(answer["errors"][0]["extensions"]["code"])
    errors = answer["data"]["setUserRole"]["userErrors"]
    return str(errors[0]["code"]) if errors else "done"


@pytest.mark.parametrize("others", [0, 1])
async def test_of_two_admins_who_demote_each_other_one_stays(
    client: Client, database_url: str, others: int
) -> None:
    admins = [insert(database_url, "User", role="admin") for _ in range(2 + others)]
    first, second = admins[:2]
    outcomes: set[tuple[str, ...]] = set()

    for _ in range(ROUNDS):
        found = await asyncio.gather(demote(client, first, second), demote(client, second, first))
        outcomes.add(tuple(sorted(found)))
        assert sorted([role(database_url, first), role(database_url, second)]) == ["admin", "user"]
        execute(database_url, "UPDATE \"User\" SET role = 'admin'")

    assert outcomes == {("FORBIDDEN", "done")}


async def test_of_admins_who_all_resign_at_once_one_stays(client: Client, database_url: str) -> None:
    admins = [insert(database_url, "User", role="admin") for _ in range(3)]

    for _ in range(ROUNDS):
        found = await asyncio.gather(*(demote(client, admin, admin) for admin in admins))
        assert sorted(found) == ["LAST_ADMIN", "done", "done"]
        execute(database_url, "UPDATE \"User\" SET role = 'admin'")
