"""Plans: admins make, change and retire them; who has one keeps what it brought."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.conftest import Client
from tests.rows import fetch, insert
from tests.writing.billing.accounts import pay, quotas, recorded, subscribe, whole
from tests.writing.changes import absent, bad, change, faults

PLAN = "plan { id name description price currency interval features isActive updatedAt }"
NEW = {
    "name": "Pro",
    "price": "29",
    "postGenerationLimit": 100,
    "ideaGenerationLimit": 50,
    "personaLimit": 10,
    "imageCreationLimit": 25,
}
DEEP: Any = [[[[[[[[[]]]]]]]]]


async def test_a_plan_is_made_with_defaults(client: Client, database_url: str, admin: UUID) -> None:
    payload = await change(client, "createPlan", PLAN, by=admin, **NEW)

    assert payload["userErrors"] == []
    shown = payload["plan"]
    assert (shown["name"], shown["price"], shown["currency"], shown["interval"]) == (
        "Pro",
        "29.00",
        "USD",
        "MONTH",
    )
    assert (shown["description"], shown["features"], shown["isActive"]) == (None, None, True)
    statement = 'SELECT id, "commentGenerationLimit", "postSchedulingLimit", price::text FROM "Plan"'
    assert fetch(database_url, statement) == [(UUID(shown["id"]), 0, 0, "29.00")]
    assert recorded(database_url) == [("createPlan", admin, "Plan", None)]


async def test_a_plan_is_made_with_everything(client: Client, admin: UUID) -> None:
    more = {
        "description": "By the year.",
        "currency": "EUR",
        "interval": "YEAR",
        "features": ["Scheduling"],
        "commentGenerationLimit": 3,
        "postSchedulingLimit": 4,
        "dodoProductId": "prod_1",
    }

    payload = await change(client, "createPlan", f"plan {{ {' '.join(more)} }}", by=admin, **NEW | more)

    assert payload["plan"] == more


async def test_everything_wrong_with_a_plan_is_told_at_once(
    client: Client, database_url: str, admin: UUID
) -> None:
    wrong = {
        "name": "x" * 301,
        "price": "1.005",
        "currency": "usd",
        "features": DEEP,
        "personaLimit": -1,
        "commentGenerationLimit": -1,
        "interval": None,
    }

    payload = await change(client, "createPlan", PLAN, by=admin, **NEW | wrong)

    assert faults(payload) == bad(*wrong)
    assert payload["plan"] is None
    assert fetch(database_url, 'SELECT count(*) FROM "Plan"') == [(0,)]


@pytest.mark.parametrize("price", ["-0.01", "100000000", "0.001"])
async def test_a_price_is_money(client: Client, admin: UUID, price: str) -> None:
    payload = await change(client, "createPlan", PLAN, by=admin, **NEW | {"price": price})

    assert faults(payload) == bad("price")


async def test_what_is_left_out_of_a_change_stays_and_null_clears(
    client: Client, database_url: str, admin: UUID
) -> None:
    plan = insert(database_url, "Plan", name="Pro", description="Old.", price="29.00")

    renamed = await change(client, "updatePlan", PLAN, by=admin, id=plan, name="Team")
    cleared = await change(client, "updatePlan", PLAN, by=admin, id=plan, description=None, price="30.5")
    refused = await change(client, "updatePlan", PLAN, by=admin, id=plan, name=None, personaLimit=None)

    assert (renamed["plan"]["name"], renamed["plan"]["description"]) == ("Team", "Old.")
    assert (cleared["plan"]["name"], cleared["plan"]["description"]) == ("Team", None)
    assert cleared["plan"]["price"] == "30.50"
    assert faults(refused) == bad("name", "personaLimit")
    assert fetch(database_url, 'SELECT name, price::text FROM "Plan"') == [("Team", "30.50")]
    details = fetch(database_url, 'SELECT details FROM "AuditEntry" ORDER BY "createdAt"')
    assert details == [({"changed": ["name"]},), ({"changed": ["description", "price"]},)]


async def test_cycles_that_began_keep_their_limits(client: Client, database_url: str, admin: UUID) -> None:
    plan, user = insert(database_url, "Plan", postGenerationLimit=5), insert(database_url, "User")
    insert(database_url, "Subscription", userId=user, planId=plan)
    insert(database_url, "UsageQuota", userId=user, limit=5, used=1)
    before = quotas(database_url, user)

    await change(client, "updatePlan", PLAN, by=admin, id=plan, postGenerationLimit=9, ideaGenerationLimit=7)

    assert quotas(database_url, user) == before
    posts, ideas = (f"quota(type: {type}) {{ limit }}" for type in ("POST_GENERATION", "IDEA_GENERATION"))
    shown = await client.data(f"{{ viewer {{ posts: {posts} ideas: {ideas} }} }}", by=user)
    assert shown["viewer"] == {"posts": {"limit": 5}, "ideas": {"limit": 7}}


@pytest.mark.parametrize("taken", ["Subscription", "next", "Invoice", "deleted"])
async def test_interval_and_currency_are_fixed_once_somebody_has_the_plan(
    client: Client, database_url: str, admin: UUID, taken: str
) -> None:
    plan, user = insert(database_url, "Plan"), insert(database_url, "User", isDeleted=taken == "deleted")
    other = insert(database_url, "Plan")
    if taken == "Invoice":
        insert(database_url, "Invoice", userId=user, planId=plan)
    else:
        used = {"planId": other, "nextPlanId": plan} if taken == "next" else {"planId": plan}
        insert(database_url, "Subscription", userId=user, **used)
    before = whole(database_url)

    refused = await change(client, "updatePlan", PLAN, by=admin, id=plan, interval="YEAR", name="Another")
    renamed = await change(client, "updatePlan", PLAN, by=admin, id=plan, currency="EUR")
    assert (faults(refused), faults(renamed)) == (
        [("CONFLICT", "input.interval")],
        [("CONFLICT", "input.currency")],
    )
    assert refused["userErrors"][0]["current"] == {"id": str(plan)}
    assert whole(database_url) == before

    same = await change(client, "updatePlan", PLAN, by=admin, id=plan, interval="MONTH", currency="USD")
    assert same["userErrors"] == []


async def test_interval_and_currency_change_while_nobody_has_the_plan(
    client: Client, database_url: str, admin: UUID
) -> None:
    plan, user = insert(database_url, "Plan"), insert(database_url, "User")
    insert(database_url, "Invoice", userId=user, planId=plan, status="void")

    payload = await change(client, "updatePlan", PLAN, by=admin, id=plan, interval="YEAR", currency="EUR")

    assert (payload["plan"]["interval"], payload["plan"]["currency"]) == ("YEAR", "EUR")


async def test_a_retired_plan_stays_with_those_who_have_it(
    client: Client, database_url: str, admin: UUID
) -> None:
    plan, user, stranger = (
        insert(database_url, "Plan"),
        insert(database_url, "User"),
        insert(database_url, "User"),
    )
    insert(database_url, "Subscription", userId=user, planId=plan)

    payload = await change(client, "retirePlan", PLAN, by=admin, id=plan)

    assert payload["plan"]["isActive"] is False
    ask = "query($id: ID!) { plan(id: $id) { id } viewer { subscription { plan { id } } } }"
    own = await client.data(ask, {"id": str(plan)}, by=user)
    assert own == {"plan": {"id": str(plan)}, "viewer": {"subscription": {"plan": {"id": str(plan)}}}}
    assert (await client.data(ask, {"id": str(plan)}, by=stranger))["plan"] is None
    refused = await change(client, "subscribe", "invoice { id }", by=stranger, planId=plan)
    assert faults(refused) == absent("planId")

    again = await change(client, "updatePlan", PLAN, by=admin, id=plan, isActive=True)
    assert again["plan"]["isActive"] is True
    assert (await change(client, "subscribe", "invoice { id }", by=stranger, planId=plan))["userErrors"] == []


async def test_a_retired_plan_stays_in_sight_of_those_whom_it_was_promised_or_offered(
    client: Client, database_url: str, user: UUID, admin: UUID
) -> None:
    present, coming, offered = (insert(database_url, "Plan", price=price) for price in ("29", "5", "59"))
    own = insert(database_url, "Subscription", userId=user, planId=present, nextPlanId=coming)
    insert(database_url, "Invoice", userId=user, planId=offered, status="void")
    for plan in (coming, offered):
        await change(client, "retirePlan", PLAN, by=admin, id=plan)
    ask = """query($id: ID!) { plan(id: $id) { id } viewer {
      subscription { nextPlan { id } } invoices { nodes { plan { id } } } } }"""

    seen = [await client.data(ask, {"id": str(plan)}, by=user) for plan in (coming, offered)]
    stranger = insert(database_url, "User")
    unseen = [await client.data(ask, {"id": str(plan)}, by=stranger) for plan in (coming, offered)]

    assert [data["plan"] for data in seen] == [{"id": str(coming)}, {"id": str(offered)}]
    assert seen[0]["viewer"]["subscription"] == {"nextPlan": {"id": str(coming)}}
    assert seen[0]["viewer"]["invoices"]["nodes"] == [{"plan": {"id": str(offered)}}]
    assert [data["plan"] for data in unseen] == [None, None]
    refused = await change(client, "changePlan", "invoice { id }", by=user, id=own, planId=offered)
    assert faults(refused) == absent("planId")


async def test_an_offer_of_a_plan_that_is_retired_stands_until_it_is_voided(
    client: Client, database_url: str, user: UUID, admin: UUID, plan: UUID
) -> None:
    kept, voided = user, insert(database_url, "User")
    offers = [await subscribe(client, by, plan) for by in (kept, voided)]
    await change(client, "retirePlan", PLAN, by=admin, id=plan)
    await change(client, "voidInvoice", "invoice { id }", by=admin, id=offers[1]["invoice"]["id"])

    paid, refused = [await pay(client, admin, offer) for offer in offers]

    assert paid["subscription"]["plan"] == {"id": str(plan)}
    assert faults(refused) == [("CONFLICT", "input.id")]
    assert faults(await subscribe(client, voided, plan)) == absent("planId")


async def test_a_change_since_it_was_read_is_not_lost(client: Client, database_url: str, admin: UUID) -> None:
    plan = insert(database_url, "Plan", name="Pro")
    first = await change(client, "updatePlan", PLAN, by=admin, id=plan, name="Team")
    await change(client, "updatePlan", PLAN, by=admin, id=plan, name="Crew")

    late = await change(
        client, "updatePlan", PLAN, by=admin, id=plan, name="Band", ifUpdatedAt=first["plan"]["updatedAt"]
    )

    assert faults(late) == [("CONFLICT", "input.ifUpdatedAt")]
    assert fetch(database_url, 'SELECT name FROM "Plan"') == [("Crew",)]


async def test_there_is_no_such_plan(client: Client, admin: UUID) -> None:
    for name in ("updatePlan", "retirePlan"):
        assert faults(await change(client, name, PLAN, by=admin, id=uuid4())) == absent("id")


@pytest.mark.parametrize("role", ["user", "service"])
async def test_only_admins_write_plans(client: Client, database_url: str, role: str) -> None:
    caller, plan = insert(database_url, "User", role=role), insert(database_url, "Plan")
    before = whole(database_url)

    for name, given in [
        ("createPlan", NEW),
        ("updatePlan", {"id": str(plan)}),
        ("retirePlan", {"id": str(plan)}),
    ]:
        title = name[0].upper() + name[1:]
        ask = f"mutation($input: {title}Input!) {{ {name}(input: $input) {{ {PLAN} }} }}"
        answer = await client.run(ask, {"input": given}, by=caller)
        assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
        assert (await client.run(ask, {"input": given}))["errors"][0]["extensions"][
            "code"
        ] == "UNAUTHENTICATED"

    assert whole(database_url) == before
