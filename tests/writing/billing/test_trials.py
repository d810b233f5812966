"""Trials: each has one ever, which costs nothing and ends, or becomes a paid period."""

import asyncio
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.conftest import Client
from tests.rows import NOW, insert
from tests.writing.billing.accounts import (
    BOTH,
    QUOTA,
    Account,
    at,
    conflict,
    pay,
    quotas,
    recorded,
    subscribe,
    subscribed,
    subscription,
    utc,
    whole,
)
from tests.writing.changes import change, faults
from zorbit.services import subscribing

DAY = timedelta(days=1)


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
