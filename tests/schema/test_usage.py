"""Usage: what the cycle comes to by its own pace, whose it is, and how many statements it takes."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.conftest import Client
from tests.rows import fetch, insert, insert_many
from tests.schema.statements import counted
from tests.schema.usage import DAY, HISTORY, HISTORY_AND_FORECAST, START, log, quota, usage

# Forecast


async def test_what_was_carried_over_was_used_on_no_day(client: Client, database_url: str) -> None:
    user, now = insert(database_url, "User"), datetime.now(UTC)
    own = quota(database_url, user, now - 9 * DAY, now + 21 * DAY, type="persona", used=7, limit=10)
    log(database_url, own, (now - DAY, 6), type="persona", description="carried over")
    log(database_url, own, (now - DAY, 1), (now, 1), type="persona", description="createPersona")
    log(database_url, own, (now, -1), type="persona", description="given back")

    asked = f"{HISTORY_AND_FORECAST} state {{ used }}"
    found = await usage(client, user, asked, type="PERSONA")

    assert found["state"] == {"used": 7}
    assert [entry["net"] for entry in found["history"]] == [1, 0]
    assert sum(entry["net"] for entry in found["history"]) == 7 - 6
    # One more in nine days and the prior's one; 21 are left.
    assert found["forecast"] == {"projectedUse": 9, "exhaustsAt": None}


@pytest.mark.parametrize(
    ("used", "limit", "days_left"), [(10, 62, None), (10, 60, 25), (10, 10, 0), (10, 5, 0), (0, 5, None)]
)
async def test_the_cycle_is_projected_from_its_own_pace(
    client: Client, database_url: str, used: int, limit: int, days_left: int | None
) -> None:
    user, now = insert(database_url, "User"), datetime.now(UTC)
    quota(database_url, user, now - 4 * DAY, now + 26 * DAY, used=used, limit=limit)

    found = (await usage(client, user, "forecast { projectedUse exhaustsAt }"))["forecast"]

    assert found["projectedUse"] == (62 if used else 0)
    if days_left is None:
        assert found["exhaustsAt"] is None
    else:
        told = datetime.fromisoformat(found["exhaustsAt"])
        assert timedelta(0) <= told - (now + days_left * DAY) < timedelta(minutes=1)


async def test_a_cycle_without_any_use_yet_is_projected_and_not_begun(
    client: Client, database_url: str
) -> None:
    user = insert(database_url, "User")
    plan = insert(database_url, "Plan", personaLimit=5, postGenerationLimit=0)
    insert(database_url, "Subscription", userId=user, planId=plan)
    insert_many(database_url, "Persona", [{"userId": user}, {"userId": user}])

    ideas = await usage(client, user, HISTORY_AND_FORECAST, type="IDEA_GENERATION")
    personas = await usage(client, user, HISTORY_AND_FORECAST, type="PERSONA")
    nothing = await usage(client, user, HISTORY_AND_FORECAST)

    assert ideas == {"history": [], "forecast": {"projectedUse": 0, "exhaustsAt": None}}
    assert personas == {"history": [], "forecast": {"projectedUse": 2, "exhaustsAt": None}}
    assert nothing["forecast"]["exhaustsAt"] is not None
    assert fetch(database_url, 'SELECT count(*) FROM "UsageQuota"') == [(0,)]


async def test_without_a_cycle_there_is_nothing_to_project(client: Client, database_url: str) -> None:
    lapsed = insert(database_url, "User")
    plan = insert(database_url, "Plan")
    insert(database_url, "Subscription", userId=lapsed, planId=plan, status="expired")
    quota(database_url, lapsed)
    now = datetime.now(UTC)
    quota(database_url, lapsed, now - DAY, now + DAY, type="persona", used=5)

    found = await usage(client, lapsed, f"{HISTORY_AND_FORECAST} state {{ limit resetsAt }}")

    assert found == {"history": [], "forecast": None, "state": {"limit": 0, "resetsAt": None}}


async def test_of_cycles_that_cover_now_the_latest_is_projected(client: Client, database_url: str) -> None:
    user, now = insert(database_url, "User"), datetime.now(UTC)
    quota(database_url, user, now - 9 * DAY, now + 9 * DAY, used=100, limit=100)
    quota(database_url, user, now - DAY, now + 10 * DAY, used=2, limit=100)

    found = await usage(client, user, "state { used } forecast { projectedUse exhaustsAt }")

    assert found == {"state": {"used": 2}, "forecast": {"projectedUse": 12, "exhaustsAt": None}}


# Whose, and how many statements


async def test_anothers_usage_is_for_admins(client: Client, database_url: str) -> None:
    owner, stranger = insert(database_url, "User"), insert(database_url, "User")
    admin = insert(database_url, "User", role="admin")
    log(database_url, quota(database_url, owner), (START, 3))
    ask = f"""query($id: ID!) {{ user(id: $id) {{ usage(type: POST_GENERATION) {{
        history(since: "2026-03-01", until: "2026-03-01") {{ {HISTORY} }}
    }} }} }}"""

    found = {
        name: (await client.data(ask, {"id": str(owner)}, by=by))["user"]
        for name, by in (("owner", owner), ("stranger", stranger), ("admin", admin))
    }

    shown = {"usage": {"history": [{"day": "2026-03-01", "spent": 3, "refunded": 0, "net": 3}]}}
    assert found == {"owner": shown, "stranger": None, "admin": shown}


@pytest.mark.parametrize("number", [1, 9])
async def test_many_users_take_no_more_statements_than_one(
    by_resolvers: Client, database_url: str, number: int
) -> None:
    admin, now = insert(database_url, "User", role="admin"), datetime.now(UTC)
    users = [insert(database_url, "User") for _ in range(number)]
    for used, user in enumerate(users):
        # Cycles that begin on different days, so that their histories do too.
        own = quota(database_url, user, now - (used + 1) * DAY, now + DAY, used=used + 1)
        log(database_url, own, *((now - day * DAY, 1) for day in range(used + 1)))
    ids = [str(user) for user in users]

    for selection, expected in [
        ("__typename", 0),
        ("state { used }", 1),
        ("history { day }", 2),
        ('history(since: "2026-03-01", until: "2026-03-02") { day }', 1),
        ("state { used } history { day net } forecast { projectedUse }", 3),
    ]:
        ask = f"""query($ids: [ID!]!) {{
            nodes(ids: $ids) {{ ... on User {{ usage(type: POST_GENERATION) {{ {selection} }} }} }}
        }}"""
        with counted() as statements:
            found = (await by_resolvers.data(ask, {"ids": ids}, by=admin))["nodes"]

        # Who asks, what the ids are, and the users themselves come first.
        assert len(statements) == 3 + expected, (selection, statements)

    assert [user["usage"]["state"]["used"] for user in found] == [used + 1 for used in range(number)]
    assert [sum(day["net"] for day in user["usage"]["history"]) for user in found] == [
        used + 1 for used in range(number)
    ]
