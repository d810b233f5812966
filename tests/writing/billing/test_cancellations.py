"""Cancellations: at the end of what is paid for, and undone before."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.conftest import Client
from tests.rows import NOW, execute, insert
from tests.writing.billing.accounts import (
    BOTH,
    QUOTA,
    SUBSCRIPTION,
    amounts,
    conflict,
    pay,
    quotas,
    subscribe,
    subscribed,
    subscription,
    whole,
)
from tests.writing.changes import change, faults

DAY = timedelta(days=1)


async def test_canceling_acts_at_the_periods_end(
    client: Client, database_url: str, user: UUID, admin: UUID, plan: UUID
) -> None:
    own, more = subscribed(database_url, user, plan), insert(database_url, "Plan", price="59.00")
    less = insert(database_url, "Plan", price="5.00")
    offered = await change(client, "changePlan", BOTH, by=user, id=own, planId=more)
    execute(database_url, 'UPDATE "Subscription" SET "nextPlanId" = %s', less)

    payload = await change(client, "cancelSubscription", SUBSCRIPTION, by=user, id=own)

    assert (payload["subscription"]["status"], payload["subscription"]["nextPlan"]) == ("CANCELED", None)
    row = subscription(database_url, user)
    assert (row["endDate"], row["renewalDate"]) == (NOW + 27 * DAY, NOW + 27 * DAY)
    assert abs(row["canceledAt"] - datetime.now(UTC)) < timedelta(minutes=1)
    assert faults(await pay(client, admin, offered)) == conflict("id")
    shown = await client.data(f"{{ {QUOTA} }}", by=user)
    assert shown["viewer"]["quota"]["limit"] == 100


async def test_what_was_canceled_is_resumed_with_what_was_used(
    client: Client, database_url: str, user: UUID, plan: UUID
) -> None:
    own = subscribed(database_url, user, plan)
    insert(database_url, "UsageQuota", userId=user, used=9)
    before = quotas(database_url, user)
    await change(client, "cancelSubscription", SUBSCRIPTION, by=user, id=own)

    payload = await change(client, "resumeSubscription", SUBSCRIPTION, by=user, id=own)

    assert payload["subscription"]["status"] == "ACTIVE"
    row = subscription(database_url, user)
    assert (row["endDate"], row["canceledAt"], row["renewalDate"]) == (None, None, NOW + 27 * DAY)
    assert quotas(database_url, user) == before


async def test_a_canceled_trial_is_resumed_as_a_trial(
    client: Client, database_url: str, user: UUID, plan: UUID
) -> None:
    own = (await subscribe(client, user, plan, trial=True))["subscription"]["id"]
    ends = subscription(database_url, user)["trialEndsAt"]
    await change(client, "cancelSubscription", SUBSCRIPTION, by=user, id=own)
    assert subscription(database_url, user)["endDate"] == ends
    shown = await client.data(f"{{ {QUOTA} }}", by=user)
    assert datetime.fromisoformat(shown["viewer"]["quota"]["resetsAt"]) == ends

    payload = await change(client, "resumeSubscription", SUBSCRIPTION, by=user, id=own)

    assert payload["subscription"]["status"] == "TRIALING"
    assert subscription(database_url, user)["endDate"] is None


async def test_in_a_canceled_trial_the_plan_is_offered(
    client: Client, database_url: str, user: UUID, admin: UUID, plan: UUID
) -> None:
    own = (await subscribe(client, user, plan, trial=True))["subscription"]["id"]
    await change(client, "cancelSubscription", SUBSCRIPTION, by=user, id=own)

    offered = await subscribe(client, user, plan)

    assert (offered["invoice"]["status"], offered["subscription"]["status"]) == ("OPEN", "CANCELED")
    assert (await pay(client, admin, offered))["subscription"]["status"] == "ACTIVE"


async def test_canceling_what_is_past_due_ends_it(
    client: Client, database_url: str, user: UUID, plan: UUID
) -> None:
    own = subscribed(database_url, user, plan, status="past_due", renewalDate=NOW - DAY)
    insert(database_url, "Invoice", userId=user, planId=plan)

    await change(client, "cancelSubscription", SUBSCRIPTION, by=user, id=own)

    assert subscription(database_url, user)["endDate"] == NOW - DAY
    assert amounts(database_url, user) == [("void", "29.00")]
    refused = await change(client, "resumeSubscription", SUBSCRIPTION, by=user, id=own)
    assert faults(refused) == conflict("id")
    shown = await client.data(f"{{ {QUOTA} }}", by=user)
    assert shown["viewer"]["quota"] == {"used": 0, "limit": 0, "resetsAt": None}


@pytest.mark.parametrize("held", [{"status": "expired"}, {"status": "canceled", "endDate": NOW + DAY}])
async def test_what_does_not_go_on_is_not_canceled(
    client: Client, database_url: str, user: UUID, plan: UUID, held: dict[str, Any]
) -> None:
    own = subscribed(database_url, user, plan, **held)
    before = whole(database_url)

    payload = await change(client, "cancelSubscription", SUBSCRIPTION, by=user, id=own)

    assert faults(payload) == conflict("id")
    assert payload["userErrors"][0]["current"] == {"id": str(own)}
    assert whole(database_url) == before


async def test_canceling_and_paying_at_once_never_mix(
    client: Client, database_url: str, user: UUID, admin: UUID, plan: UUID
) -> None:
    more = insert(database_url, "Plan", price="59.00")
    for _ in range(5):
        execute(database_url, 'DELETE FROM "Subscription"')
        own = subscribed(database_url, user, plan)
        offered = await change(client, "changePlan", BOTH, by=user, id=own, planId=more)

        paid, canceled = await asyncio.gather(
            pay(client, admin, offered),
            change(client, "cancelSubscription", SUBSCRIPTION, by=user, id=own),
        )

        row = subscription(database_url, user)
        is_paid = paid["userErrors"] == []
        assert canceled["userErrors"] == []
        assert row["status"] == "canceled"
        assert row["planId"] == (more if is_paid else plan)
        assert amounts(database_url, user)[-1][0] == ("paid" if is_paid else "void")
