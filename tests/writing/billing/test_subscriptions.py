"""Subscriptions: an offer takes effect when it is paid; what is paid for reopens."""

import asyncio
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest

from tests.conftest import Client
from tests.rows import NOW, fetch, insert
from tests.writing.billing.accounts import (
    QUOTA,
    SUBSCRIPTION,
    amounts,
    conflict,
    invoices,
    pay,
    quotas,
    recorded,
    subscribe,
    subscribed,
    subscription,
    whole,
)
from tests.writing.changes import absent, bad, change, faults
from zorbit.services.cycles import months_after

DAY = timedelta(days=1)


async def test_subscribing_is_an_offer_that_takes_effect_when_it_is_paid(
    client: Client, database_url: str, user: UUID, admin: UUID, plan: UUID
) -> None:
    offered = await subscribe(client, user, plan)

    invoice = offered["invoice"]
    assert (offered["userErrors"], offered["subscription"]) == ([], None)
    assert (invoice["status"], invoice["amount"], invoice["plan"]) == ("OPEN", "29.00", {"id": str(plan)})
    assert invoice["items"]["nodes"] == [
        {"description": "Pro plan, one month", "unitPrice": "29.00", "amount": "29.00"}
    ]
    assert fetch(database_url, 'SELECT count(*) FROM "Subscription"') == [(0,)]

    paid = await pay(client, admin, offered)

    assert paid["subscription"]["status"] == "ACTIVE"
    row = subscription(database_url, user)
    assert row["planId"] == plan
    assert row["startDate"] == invoices(database_url, user)[0]["paidDate"]
    assert row["renewalDate"] == months_after(row["startDate"], 1)
    assert (row["endDate"], row["canceledAt"], row["trialEndsAt"]) == (None, None, None)
    assert recorded(database_url) == [
        ("subscribe", user, "Invoice", user),
        ("payInvoice", admin, "Invoice", user),
        ("payInvoice", admin, "Subscription", user),
    ]


async def test_a_later_offer_withdraws_the_one_before(
    client: Client, database_url: str, user: UUID, admin: UUID, plan: UUID
) -> None:
    other = insert(database_url, "Plan", price="5.00")
    first = await subscribe(client, user, plan)

    second = await subscribe(client, user, other)

    assert amounts(database_url, user) == [("void", "29.00"), ("open", "5.00")]
    assert faults(await pay(client, admin, first)) == conflict("id")
    assert (await pay(client, admin, second))["subscription"]["plan"] == {"id": str(other)}


async def test_what_costs_nothing_is_paid_at_once(client: Client, database_url: str, user: UUID) -> None:
    free = insert(database_url, "Plan", price="0.00", postGenerationLimit=3)

    payload = await subscribe(client, user, free)

    assert payload["subscription"]["status"] == "ACTIVE"
    assert (payload["invoice"]["status"], payload["invoice"]["amount"]) == ("PAID", "0.00")
    shown = await client.data(f"{{ {QUOTA} }}", by=user)
    assert shown["viewer"]["quota"]["limit"] == 3


@pytest.mark.parametrize("plan_is", ["retired", "unknown", "malformed"])
async def test_there_is_no_such_plan(client: Client, database_url: str, user: UUID, plan_is: str) -> None:
    retired = insert(database_url, "Plan", isActive=False)
    ids: dict[str, UUID | str] = {"retired": retired, "unknown": uuid4(), "malformed": "pro"}

    payload = await subscribe(client, user, ids[plan_is])

    assert faults(payload) == (bad("planId") if plan_is == "malformed" else absent("planId"))
    assert fetch(database_url, 'SELECT count(*) FROM "Invoice"') == [(0,)]


async def test_who_had_a_plan_cannot_subscribe_to_it_when_it_is_retired(
    client: Client, database_url: str, user: UUID
) -> None:
    retired = insert(database_url, "Plan", isActive=False)
    subscribed(database_url, user, retired, status="expired")
    before = whole(database_url)

    assert faults(await subscribe(client, user, retired)) == absent("planId")
    assert whole(database_url) == before


@pytest.mark.parametrize("status", ["active", "past_due"])
async def test_who_has_a_subscription_changes_its_plan(
    client: Client, database_url: str, user: UUID, plan: UUID, status: str
) -> None:
    own = subscribed(database_url, user, plan, status=status)
    before = whole(database_url)

    for given in ({}, {"trial": False}, {"trial": None}):
        payload = await subscribe(client, user, plan, **given)
        assert faults(payload) == conflict("planId")
        assert payload["userErrors"][0]["current"] == {"id": str(own)}

    assert whole(database_url) == before


async def test_after_the_end_a_new_period_begins(
    client: Client, database_url: str, user: UUID, admin: UUID, plan: UUID
) -> None:
    over = {"startDate": NOW - 40 * DAY, "renewalDate": NOW - 9 * DAY}
    own = subscribed(database_url, user, plan, status="expired", **over)
    cycle = {"billingCycleStart": NOW - 9 * DAY, "billingCycleEnd": NOW + 21 * DAY}
    insert(database_url, "UsageQuota", userId=user, used=0, **cycle, resetDate=NOW + 21 * DAY)

    paid = await pay(client, admin, await subscribe(client, user, plan))

    assert paid["subscription"]["id"] == str(own)
    row = subscription(database_url, user)
    assert row["status"] == "active"
    (quota,) = quotas(database_url, user)
    assert quota[3:] == (NOW - 9 * DAY, row["startDate"], row["startDate"])
    shown = await client.data(f"{{ {QUOTA} }}", by=user)
    resets_at = datetime.fromisoformat(shown["viewer"]["quota"]["resetsAt"])
    assert resets_at == row["renewalDate"]


async def test_services_and_nobody_have_no_subscriptions(
    client: Client, database_url: str, plan: UUID
) -> None:
    service = insert(database_url, "User", role="service")
    ask = "mutation($input: {}Input!) {{ {}(input: $input) {{ subscription {{ id }} }} }}"

    for name, given in [
        ("subscribe", {"planId": str(plan)}),
        ("changePlan", {"id": str(plan), "planId": str(plan)}),
        ("cancelSubscription", {"id": str(plan)}),
        ("resumeSubscription", {"id": str(plan)}),
    ]:
        for caller, code in [(service, "FORBIDDEN"), (None, "UNAUTHENTICATED")]:
            query = ask.format(name[0].upper() + name[1:], name)
            answer = await client.run(query, {"input": given}, by=caller)
            assert answer["errors"][0]["extensions"]["code"] == code


async def test_subscribing_ten_times_at_once_leaves_one_offer(
    client: Client, database_url: str, user: UUID, plan: UUID
) -> None:
    payloads = await asyncio.gather(*(subscribe(client, user, plan) for _ in range(10)))

    assert [payload["userErrors"] for payload in payloads] == [[]] * 10
    assert sorted(amounts(database_url, user)) == [("open", "29.00"), *[("void", "29.00")] * 9]


# Again within a paid period


async def test_subscribing_again_reopens_the_paid_period(
    client: Client, database_url: str, user: UUID, plan: UUID
) -> None:
    own = subscribed(database_url, user, plan)
    insert(database_url, "UsageQuota", userId=user, used=9)
    await change(client, "cancelSubscription", SUBSCRIPTION, by=user, id=own)

    payload = await subscribe(client, user, plan)

    assert (payload["subscription"]["status"], payload["invoice"]) == ("ACTIVE", None)
    assert subscription(database_url, user)["renewalDate"] == NOW + 27 * DAY
    shown = await client.data(f"{{ {QUOTA} }}", by=user)
    assert shown["viewer"]["quota"]["used"] == 9


async def test_subscribing_again_with_another_plan_changes_it(
    client: Client, database_url: str, user: UUID, plan: UUID
) -> None:
    own = subscribed(database_url, user, plan)
    less, more = insert(database_url, "Plan", price="5.00"), insert(database_url, "Plan", price="59.00")

    await change(client, "cancelSubscription", SUBSCRIPTION, by=user, id=own)
    cheaper = await subscribe(client, user, less)
    await change(client, "cancelSubscription", SUBSCRIPTION, by=user, id=own)
    dearer = await subscribe(client, user, more)

    assert cheaper["subscription"] == {
        "id": str(own),
        "status": "ACTIVE",
        "plan": {"id": str(plan)},
        "nextPlan": {"id": str(less)},
    }
    assert (dearer["subscription"]["status"], dearer["subscription"]["nextPlan"]) == ("ACTIVE", None)
    assert (dearer["invoice"]["status"], dearer["invoice"]["plan"]) == ("OPEN", {"id": str(more)})
