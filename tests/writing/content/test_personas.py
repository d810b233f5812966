"""What personas cost: each is one of a standing quota."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from uuid_utils.compat import uuid7

from tests.conftest import Client
from tests.rows import NOW, fetch
from tests.writing.changes import absent, bad, change, faults
from tests.writing.content.nouns import NOUNS, World, settle
from zorbit.services.cycles import months_after

QUOTA = "quota { type used limit resetsAt }"


@pytest.fixture
def world(database_url: str) -> World:
    return settle(database_url)


def persona_quota(url: str, user: UUID) -> list[tuple[int, int, list[Any]]]:
    """(used, limit, [(description, amount, subject)]) of each of the user's cycles."""
    statement = """
        SELECT used, "limit", array(SELECT (description, amount, "subjectId"::text)::text FROM "UsageLog"
          WHERE "quotaId" = "UsageQuota".id ORDER BY id)
        FROM "UsageQuota" WHERE "userId" = %s AND type = 'persona'
    """
    return fetch(url, statement, user)


async def test_the_first_persona_of_a_cycle_counts_those_before(client: Client, world: World) -> None:
    world.row(NOUNS["persona"])
    world.row(NOUNS["persona"], "deleted")

    payload = await change(
        client, "createPersona", f"persona {{ id }} {QUOTA}", by=world.owner, **NOUNS["persona"].required
    )

    assert payload["userErrors"] == []
    made = payload["persona"]["id"]
    bounds = fetch(world.url, 'SELECT "billingCycleStart", "billingCycleEnd" FROM "UsageQuota"')
    start, end = NOW - timedelta(days=3), months_after(NOW - timedelta(days=3), 1)
    assert bounds == [(start, end)]
    assert payload["quota"] == {
        "type": "PERSONA",
        "used": 2,
        "limit": 3,
        "resetsAt": end.isoformat().replace("+00:00", "Z"),
    }
    assert persona_quota(world.url, world.owner) == [
        (2, 3, ['("carried over",1,)', f"(createPersona,1,{made})"])
    ]


async def test_a_full_persona_quota_creates_and_copies_nothing(client: Client, world: World) -> None:
    id, _, _ = [world.row(NOUNS["persona"]) for _ in range(3)]
    before = world.stored("Persona")

    created = await change(
        client, "createPersona", "persona { id }", by=world.owner, **NOUNS["persona"].required
    )
    copied = await change(client, "duplicatePersona", "persona { id }", by=world.owner, id=id)

    assert faults(created) == faults(copied) == [("QUOTA_EXHAUSTED", None)]
    assert created["persona"] is copied["persona"] is None
    assert world.stored("Persona") == before
    assert persona_quota(world.url, world.owner) == []


async def test_a_persona_needs_a_subscription(client: Client, world: World) -> None:
    payload = await change(
        client, "createPersona", "persona { id }", by=world.stranger, **NOUNS["persona"].required
    )

    assert faults(payload) == [("SUBSCRIPTION_REQUIRED", None)]
    assert world.stored("Persona") == world.stored("UsageQuota") == []


async def test_what_is_wrong_with_a_persona_costs_nothing(client: Client, world: World) -> None:
    payload = await change(
        client, "createPersona", "persona { id }", by=world.owner, name="x" * 301, defaultPrompt="\0"
    )

    assert faults(payload) == bad("defaultPrompt", "name")
    assert world.stored("Persona") == world.stored("UsageQuota") == []


async def test_a_copy_of_a_persona_has_its_traits_and_is_its_owners(client: Client, world: World) -> None:
    noun = NOUNS["persona"]
    id = world.row(noun, **noun.whole)

    payload = await change(client, "duplicatePersona", f"{noun.shown} {QUOTA}", by=world.admin, id=id)

    copy = payload["persona"]
    assert {name: copy[name] for name in noun.whole} == noun.whole | {"name": "Ada (copy)"}
    assert copy["user"] == {"id": str(world.owner)}
    assert copy["id"] != str(id)
    assert (payload["quota"]["used"], payload["quota"]["limit"]) == (2, 3)
    assert persona_quota(world.url, world.owner) == [
        (2, 3, ['("carried over",1,)', f"(duplicatePersona,1,{copy['id']})"])
    ]
    assert persona_quota(world.url, world.admin) == []


async def test_a_copys_name_is_no_longer_than_a_name_may_be(client: Client, world: World) -> None:
    id = world.row(NOUNS["persona"], name="x" * 300)

    payload = await change(client, "duplicatePersona", "persona { name }", by=world.owner, id=id)

    assert payload["persona"]["name"] == "x" * 293 + " (copy)"


async def test_what_is_not_there_is_not_copied(client: Client, world: World) -> None:
    ids = [uuid7(), *(world.row(NOUNS["persona"], case) for case in ("their", "deleted"))]
    before = world.stored("Persona")

    payloads = [
        await change(client, "duplicatePersona", "persona { id }", by=world.owner, id=id) for id in ids
    ]

    assert [faults(payload) for payload in payloads] == [absent("id")] * 3
    assert (world.stored("Persona"), world.stored("UsageQuota")) == (before, [])
