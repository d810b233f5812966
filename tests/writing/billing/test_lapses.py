"""What was used in days of grace, when the period that they belong to is never paid for."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.conftest import Client
from tests.rows import NOW, execute, fetch, insert
from tests.writing.billing.accounts import (
    QUOTA,
    SUBSCRIPTION,
    Account,
    at,
    pay,
    quotas,
    subscribe,
    subscribed,
    subscription,
    utc,
)
from tests.writing.changes import LATER, change, faults, used
from zorbit.db import Database
from zorbit.doctor import examine
from zorbit.services import subscribing
from zorbit.services.cycles import months_after

# Two to five days past due, whatever the month.
START = NOW - timedelta(days=33)
PAST_DUE = {"status": "past_due", "startDate": START, "renewalDate": months_after(START, 1)}
LIMITS = {"postGenerationLimit": 3, "postSchedulingLimit": 3, "personaLimit": 3}


@pytest.fixture
def small(database_url: str) -> UUID:
    """A plan of which little is enough."""
    return insert(database_url, "Plan", price="29.00", **LIMITS)


async def record(client: Client, user: UUID, number: int) -> Any:
    """The payload of recording so many generated posts."""
    posts = [{"content": "One."}] * number
    return await change(client, "recordPosts", "posts { id }", by=user, posts=posts)


@pytest.mark.parametrize("ends", ["canceled", "expired"])
async def test_what_was_used_in_grace_counts_when_somebody_subscribes_anew(
    client: Client, database_url: str, database: Database, user: UUID, admin: UUID, small: UUID, ends: str
) -> None:
    own = subscribed(database_url, user, small, **PAST_DUE)
    drafts = (await record(client, user, 2))["posts"]
    await change(client, "schedulePost", "post { id }", by=user, id=drafts[0]["id"], scheduledOn=LATER)
    await change(client, "createPersona", "persona { id }", by=user, name="Ada", defaultPrompt="Plainly.")
    if ends == "canceled":
        await change(client, "cancelSubscription", SUBSCRIPTION, by=user, id=own)
    else:
        execute(database_url, "UPDATE \"Subscription\" SET status = 'expired'")
    assert faults(await record(client, user, 1)) == [("SUBSCRIPTION_REQUIRED", None)]

    paid = await pay(client, admin, await subscribe(client, user, small))

    assert paid["subscription"]["status"] == "ACTIVE"
    start = subscription(database_url, user)["startDate"]
    shown = (await client.data(f"{{ {QUOTA} }}", by=user))["viewer"]["quota"]
    assert (shown["used"], shown["limit"]) == (2, 3)
    ends_at = {type: end for type, _, _, _, end, _ in quotas(database_url, user)}
    assert ends_at["post_generation"] == ends_at["post_scheduling"] == months_after(start, 1)
    assert ends_at["persona"] == start
    assert faults(await record(client, user, 2)) == [("QUOTA_EXHAUSTED", None)]
    assert (await record(client, user, 1))["userErrors"] == []
    freed = await change(client, "unschedulePost", "refunded", by=user, id=drafts[0]["id"])
    assert freed["refunded"] is True
    assert used(database_url, user, "post_generation") == [(3, 3)]
    assert [finding for finding in await examine(database) if finding.count] == []


async def test_a_smaller_plan_does_not_forget_what_was_used_in_grace(
    client: Client, database_url: str, database: Database, user: UUID, small: UUID
) -> None:
    free = insert(database_url, "Plan", price="0.00", postGenerationLimit=1)
    own = subscribed(database_url, user, small, **PAST_DUE)
    await record(client, user, 2)
    await change(client, "cancelSubscription", SUBSCRIPTION, by=user, id=own)

    begun = await subscribe(client, user, free)

    assert begun["invoice"]["status"] == "PAID"
    assert fetch(database_url, 'SELECT used, "limit" FROM "UsageQuota"') == [(2, 1)]
    assert faults(await record(client, user, 1)) == [("QUOTA_EXHAUSTED", None)]
    assert [finding for finding in await examine(database) if finding.count] == []


async def test_it_counts_once_and_what_was_paid_for_does_not(member: Account, small: UUID) -> None:
    own = subscribed(member.url, member.id, small, startDate=utc(2026, 1, 31), renewalDate=utc(2026, 2, 28))

    def cycle(start: Any, end: Any) -> None:
        bounds = {"billingCycleStart": start, "billingCycleEnd": end, "resetDate": end}
        insert(member.url, "UsageQuota", userId=member.id, used=3, limit=3, **bounds)

    cycle(utc(2026, 1, 31), utc(2026, 2, 28))
    cycle(utc(2026, 2, 28), utc(2026, 3, 31))
    # Long after the cycle of the days of grace has ended.
    for moment, following in [(at(2026, 5, 10), utc(2026, 6, 10)), (at(2026, 8, 1), utc(2026, 9, 1))]:
        await member.run(subscribing.subscribe, member.id, small, moment, trial=False)
        await member.pay(moment)

        assert member.subscription["renewalDate"] == following
        assert [(start, end) for _, _, _, start, end, _ in quotas(member.url, member.id)] == [
            (utc(2026, 1, 31), utc(2026, 2, 28)),
            (utc(2026, 2, 28), utc(2026, 6, 10)),
        ]
        await member.run(subscribing.cancel, member.viewer, own, moment)
