"""Subscriptions: an offer takes effect when it is paid; a trial is had once; what is paid for reopens."""

import asyncio
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.conftest import Client
from tests.rows import NOW, fetch, insert
from tests.writing.billing.accounts import (
    BOTH,
    QUOTA,
    SUBSCRIPTION,
    Account,
    amounts,
    at,
    conflict,
    invoices,
    pay,
    quotas,
    recorded,
    subscribe,
    subscribed,
    subscription,
    utc,
    whole,
)
from tests.writing.changes import absent, bad, change, faults
from zorbit.services import subscribing
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


# The trial


async def test_a_trial_costs_nothing_and_ends(
    client: Client, database_url: str, user: UUID, plan: UUID
) -> None:
    payload = await subscribe(client, user, plan, trial=True)

    assert (payload["subscription"]["status"], payload["invoice"]) == ("TRIALING", None)
    row = subscription(database_url, user)
    assert row["trialEndsAt"] == row["renewalDate"] == row["startDate"] + 14 * DAY
    shown = await client.data(f"{{ {QUOTA} }}", by=user)
    assert datetime.fromisoformat(shown["viewer"]["quota"]["resetsAt"]) == row["trialEndsAt"]
    assert recorded(database_url) == [("subscribe", user, "Subscription", user)]


@pytest.mark.parametrize(
    "used", [{"status": "expired"}, {"status": "trialing"}, {"status": "canceled", "endDate": NOW - DAY}]
)
async def test_there_is_one_trial_ever(
    client: Client, database_url: str, user: UUID, plan: UUID, used: dict[str, Any]
) -> None:
    ends = NOW + DAY if used["status"] == "trialing" else NOW - DAY
    subscribed(database_url, user, plan, trialEndsAt=ends, **used)
    before = whole(database_url)

    assert faults(await subscribe(client, user, plan, trial=True)) == conflict("trial")
    assert whole(database_url) == before


@pytest.mark.parametrize(
    "held", [{}, {"status": "past_due"}, {"status": "canceled", "endDate": NOW + 27 * DAY}]
)
async def test_who_is_entitled_has_nothing_to_try(
    client: Client, database_url: str, user: UUID, plan: UUID, held: dict[str, Any]
) -> None:
    subscribed(database_url, user, plan, **held)

    assert faults(await subscribe(client, user, plan, trial=True)) == conflict("trial")


async def test_of_ten_trials_at_once_one_begins(
    client: Client, database_url: str, user: UUID, plan: UUID
) -> None:
    payloads = await asyncio.gather(*(subscribe(client, user, plan, trial=True) for _ in range(10)))

    assert sorted(faults(payload) for payload in payloads) == [[], *[conflict("trial")] * 9]


async def test_paying_in_a_trial_begins_the_paid_period(member: Account, plan: UUID) -> None:
    await member.run(subscribing.subscribe, member.id, plan, at(2026, 1, 1), trial=True)
    trial = {"billingCycleStart": utc(2026, 1, 1), "billingCycleEnd": utc(2026, 1, 15)}
    insert(member.url, "UsageQuota", userId=member.id, used=9, **trial, resetDate=utc(2026, 1, 15))
    await member.run(subscribing.subscribe, member.id, plan, at(2026, 1, 5), trial=False)
    assert member.subscription["status"] == "trialing"

    await member.pay(at(2026, 1, 10, 12))

    row = member.subscription
    assert (row["status"], row["trialEndsAt"]) == ("active", utc(2026, 1, 15))
    assert (row["startDate"], row["renewalDate"]) == (utc(2026, 1, 10, 12), utc(2026, 2, 10, 12))
    ended = utc(2026, 1, 10, 12)
    assert quotas(member.url, member.id) == [("post_generation", 9, 100, utc(2026, 1, 1), ended, ended)]


async def test_a_cycle_that_a_later_transaction_began_is_ended_too(member: Account, plan: UUID) -> None:
    free = insert(member.url, "Plan", price="0.00")
    begun = at(2026, 1, 1, 0, 0, 1)
    await member.run(subscribing.subscribe, member.id, plan, begun, trial=True)
    ends = begun.now + 14 * DAY
    cycle = {"billingCycleStart": begun.now, "billingCycleEnd": ends, "resetDate": ends}
    insert(member.url, "UsageQuota", userId=member.id, used=1, **cycle)

    # It began before, and waited for the account.
    await member.run(subscribing.subscribe, member.id, free, at(2026, 1, 1), trial=False)

    start = begun.now + timedelta(microseconds=1)
    assert member.subscription["startDate"] == start
    assert quotas(member.url, member.id) == [("post_generation", 1, 100, begun.now, start, start)]


async def test_a_trial_that_is_over_can_still_be_bought(member: Account, plan: UUID) -> None:
    await member.run(subscribing.subscribe, member.id, plan, at(2026, 1, 1), trial=True)
    await member.run(subscribing.subscribe, member.id, plan, at(2026, 1, 14), trial=False)

    await member.pay(at(2026, 1, 20))

    row = member.subscription
    assert (row["status"], row["startDate"], row["renewalDate"]) == (
        "active",
        utc(2026, 1, 20),
        utc(2026, 2, 20),
    )


async def test_in_a_trial_another_plan_is_offered_whole(
    client: Client, database_url: str, user: UUID, admin: UUID, plan: UUID
) -> None:
    own = (await subscribe(client, user, plan, trial=True))["subscription"]["id"]
    other = insert(database_url, "Plan", price="5.00", currency="EUR")

    offered = await change(client, "changePlan", BOTH, by=user, id=own, planId=other)

    assert (offered["invoice"]["amount"], offered["invoice"]["currency"]) == ("5.00", "EUR")
    assert offered["subscription"]["plan"] == {"id": str(plan)}
    paid = await pay(client, admin, offered)
    assert (paid["subscription"]["status"], paid["subscription"]["plan"]) == ("ACTIVE", {"id": str(other)})


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
