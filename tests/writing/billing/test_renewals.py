"""What time brings about: what is over expires, and a period that ends is billed or goes on."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.conftest import Client
from tests.rows import execute, fetch, insert
from tests.writing.billing.accounts import amounts, invoices, items, quotas, subscribed, subscription, whole
from tests.writing.billing.periods import DAY, HOUR, ago, period, status
from tests.writing.changes import change
from zorbit.config import Settings
from zorbit.db import Database
from zorbit.services import renewals
from zorbit.services.cycles import months_after

# Ends


@pytest.mark.parametrize(
    ("held", "step"),
    [
        (lambda end: {"status": "trialing", "trialEndsAt": end}, "trials_ended"),
        (lambda end: {"status": "canceled", "endDate": end}, "cancellations_ended"),
        (lambda end: {"status": "past_due", "renewalDate": end - 7 * DAY}, "given_up"),
    ],
    ids=["trial", "canceled", "past due"],
)
async def test_what_is_over_expires(
    database: Database,
    database_url: str,
    settings: Settings,
    user: UUID,
    plan: UUID,
    held: Callable[[datetime], dict[str, Any]],
    step: str,
) -> None:
    other = insert(database_url, "User")
    subscribed(database_url, user, plan, **held(ago(HOUR)))
    going_on = held(ago(-HOUR))
    subscribed(database_url, other, plan, **going_on)

    assert await renewals.run(database, settings) == Counter({step: 1})
    before = whole(database_url)
    assert await renewals.run(database, settings) == Counter()

    assert status(database_url, user) == "expired"
    assert status(database_url, other) == going_on["status"]
    assert whole(database_url) == before
    recorded = fetch(database_url, 'SELECT action, "actorId", "userId", details FROM "AuditEntry"')
    assert recorded == [("periodic", None, user, {"step": step})]


async def test_what_is_not_paid_for_is_given_up(
    database: Database, database_url: str, settings: Settings, user: UUID, plan: UUID
) -> None:
    subscribed(database_url, user, plan, status="past_due", renewalDate=ago(7 * DAY))
    for given in ({"planId": plan}, {}, {"planId": plan, "status": "void"}):
        insert(database_url, "Invoice", userId=user, **given)

    await renewals.run(database, settings)

    assert status(database_url, user) == "expired"
    assert [invoice["status"] for invoice in invoices(database_url, user)] == [
        "uncollectible",
        "open",
        "void",
    ]


async def test_an_end_outlives_the_user_until_he_is_restored(
    database: Database, database_url: str, settings: Settings, plan: UUID
) -> None:
    deleted = insert(database_url, "User", isDeleted=True)
    subscribed(database_url, deleted, plan, status="canceled", endDate=ago(HOUR))

    assert await renewals.run(database, settings) == Counter()
    execute(database_url, 'UPDATE "User" SET "isDeleted" = false')

    assert await renewals.run(database, settings) == Counter(cancellations_ended=1)


# Renewals


async def test_a_period_that_ends_is_billed_and_past_due_until_it_is_paid(
    client: Client, database: Database, database_url: str, settings: Settings, user: UUID, plan: UUID
) -> None:
    dates = period()
    subscribed(database_url, user, plan, **dates)

    assert await renewals.run(database, settings) == Counter(periods_ended=1)

    (invoice,) = invoices(database_url, user)
    assert (invoice["status"], str(invoice["amount"]), invoice["planId"]) == ("open", "29.00", plan)
    assert invoice["dueDate"] == dates["renewalDate"] + 7 * DAY
    day = f"{dates['renewalDate']:%Y-%m-%d}"
    assert items(database_url, invoice["id"]) == [(f"Pro plan, one month from {day}", "29.00")]
    assert subscription(database_url, user)["renewalDate"] == dates["renewalDate"]
    assert status(database_url, user) == "past_due"

    admin = insert(database_url, "User", role="admin")
    await change(client, "payInvoice", "invoice { id }", by=admin, id=invoice["id"])

    row = subscription(database_url, user)
    assert (row["status"], row["startDate"]) == ("active", dates["startDate"])
    assert row["renewalDate"] == months_after(dates["startDate"], 2)


@pytest.mark.parametrize("interval", ["month", "year"])
async def test_what_costs_nothing_goes_on(
    database: Database, database_url: str, settings: Settings, user: UUID, interval: str
) -> None:
    free = insert(database_url, "Plan", price="0.00", interval=interval)
    months = 1 if interval == "month" else 12
    dates = period(months)
    subscribed(database_url, user, free, **dates)

    assert await renewals.run(database, settings) == Counter(periods_ended=1)

    row = subscription(database_url, user)
    assert (row["status"], row["startDate"]) == ("active", dates["startDate"])
    assert row["renewalDate"] == months_after(dates["startDate"], 2 * months)
    assert amounts(database_url, user) == [("paid", "0.00")]


async def test_missed_periods_that_cost_nothing_are_caught_up(
    database: Database, database_url: str, settings: Settings, user: UUID
) -> None:
    free = insert(database_url, "Plan", price="0.00")
    dates = period(ended=100 * DAY)
    subscribed(database_url, user, free, **dates)

    await renewals.run(database, settings)

    renewal = subscription(database_url, user)["renewalDate"]
    assert timedelta() < renewal - datetime.now(UTC) < 32 * DAY
    assert renewal in {months_after(dates["startDate"], number) for number in range(4, 7)}
    assert amounts(database_url, user) == [("paid", "0.00")]


async def test_a_period_that_ended_before_the_grace_is_billed_and_given_up_at_once(
    database: Database, database_url: str, settings: Settings, user: UUID, plan: UUID
) -> None:
    subscribed(database_url, user, plan, **period(ended=8 * DAY))

    assert await renewals.run(database, settings) == Counter(periods_ended=1, given_up=1)

    assert status(database_url, user) == "expired"
    assert amounts(database_url, user) == [("uncollectible", "29.00")]


async def test_an_offer_of_the_period_that_ended_is_withdrawn(
    database: Database, database_url: str, settings: Settings, user: UUID, plan: UUID
) -> None:
    more = insert(database_url, "Plan", price="59.00")
    subscribed(database_url, user, plan, **period())
    insert(database_url, "Invoice", userId=user, planId=more, amount="1.00")

    await renewals.run(database, settings)

    assert amounts(database_url, user) == [("void", "1.00"), ("open", "29.00")]


async def test_the_next_plan_takes_over(
    database: Database, database_url: str, settings: Settings, user: UUID, plan: UUID
) -> None:
    limits = {"postGenerationLimit": 4, "ideaGenerationLimit": 60}
    # Retired since it was chosen.
    less = insert(database_url, "Plan", name="Small", price="5.00", isActive=False, **limits)
    dates = period()
    subscribed(database_url, user, plan, nextPlanId=less, **dates)
    before = {"billingCycleStart": dates["startDate"], "billingCycleEnd": dates["renewalDate"]}
    since = {"billingCycleStart": dates["renewalDate"], "billingCycleEnd": ago(-30 * DAY)}
    insert(database_url, "UsageQuota", userId=user, used=90, **before, resetDate=before["billingCycleEnd"])
    for type, limit in [("post_generation", 100), ("idea_generation", 50)]:
        cycle = {"type": type, "limit": limit, **since, "resetDate": since["billingCycleEnd"]}
        insert(database_url, "UsageQuota", userId=user, used=6, **cycle)

    await renewals.run(database, settings)

    row = subscription(database_url, user)
    assert (row["planId"], row["nextPlanId"], row["status"]) == (less, None, "past_due")
    assert row["startDate"] == dates["startDate"]
    assert amounts(database_url, user) == [("open", "5.00")]
    found = [(type, used, limit) for type, used, limit, *_ in quotas(database_url, user)]
    assert found == [("post_generation", 90, 100), ("idea_generation", 6, 60), ("post_generation", 6, 4)]


async def test_a_next_plan_that_costs_nothing_takes_over_paid(
    database: Database, database_url: str, settings: Settings, user: UUID, plan: UUID
) -> None:
    free, dates = insert(database_url, "Plan", price="0.00"), period()
    subscribed(database_url, user, plan, nextPlanId=free, **dates)

    await renewals.run(database, settings)

    row = subscription(database_url, user)
    assert (row["planId"], row["status"]) == (free, "active")
    assert row["renewalDate"] == months_after(dates["startDate"], 2)
