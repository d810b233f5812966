"""Changes of plan: the dearer one when the difference is paid, any other when the period ends."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.conftest import Client
from tests.rows import NOW, execute, insert
from tests.writing.billing.accounts import (
    BOTH,
    SUBSCRIPTION,
    YEARLY,
    Account,
    amounts,
    at,
    conflict,
    invoices,
    items,
    recorded,
    subscribed,
    subscription,
    utc,
    whole,
)
from tests.writing.changes import absent, change, faults
from zorbit.errors import Conflict, SubscriptionRequired
from zorbit.services import subscribing

DAY = timedelta(days=1)


# Cheaper


@pytest.mark.parametrize(
    "cheaper",
    [{"price": "28.99"}, {"price": "29.00"}, {"price": "0.00"}, {"price": "29.00", "interval": "year"}],
)
async def test_what_costs_less_waits_for_the_periods_end(
    client: Client, database_url: str, user: UUID, plan: UUID, cheaper: dict[str, Any]
) -> None:
    own, less = subscribed(database_url, user, plan), insert(database_url, "Plan", **cheaper)

    payload = await change(client, "changePlan", BOTH, by=user, id=own, planId=less)

    assert payload["subscription"] == {
        "id": str(own),
        "status": "ACTIVE",
        "plan": {"id": str(plan)},
        "nextPlan": {"id": str(less)},
    }
    assert payload["invoice"] is None
    assert amounts(database_url, user) == []


async def test_a_shorter_interval_waits_whatever_it_costs(
    client: Client, database_url: str, user: UUID
) -> None:
    year, month = insert(database_url, "Plan", **YEARLY), insert(database_url, "Plan", price="500.00")
    own = subscribed(database_url, user, year, renewalDate=NOW + 360 * DAY)

    payload = await change(client, "changePlan", BOTH, by=user, id=own, planId=month)

    assert payload["subscription"]["nextPlan"] == {"id": str(month)}


@pytest.mark.parametrize("undo", ["changePlan", "resumeSubscription"])
async def test_what_waits_can_be_undone(
    client: Client, database_url: str, user: UUID, plan: UUID, undo: str
) -> None:
    own, less = subscribed(database_url, user, plan), insert(database_url, "Plan", price="5.00")
    await change(client, "changePlan", BOTH, by=user, id=own, planId=less)
    # The present plan can be kept also when nobody else may have it.
    execute(database_url, 'UPDATE "Plan" SET "isActive" = false WHERE id = %s', plan)
    present = {"planId": plan} if undo == "changePlan" else {}

    payload = await change(client, undo, SUBSCRIPTION, by=user, id=own, **present)
    before = whole(database_url)
    again = await change(client, undo, SUBSCRIPTION, by=user, id=own, **present)

    assert (payload["userErrors"], payload["subscription"]["nextPlan"]) == ([], None)
    assert faults(again) == conflict("planId" if present else "id")
    assert again["userErrors"][0]["current"] == {"id": str(own)}
    assert whole(database_url) == before


async def test_a_newer_request_takes_an_older_ones_place(
    client: Client, database_url: str, user: UUID, plan: UUID
) -> None:
    own = subscribed(database_url, user, plan)
    less, more = insert(database_url, "Plan", price="5.00"), insert(database_url, "Plan", price="59.00")

    async def ask(other: UUID) -> Any:
        return await change(client, "changePlan", BOTH, by=user, id=own, planId=other)

    await ask(less)
    dearer = await ask(more)
    assert (dearer["subscription"]["nextPlan"], dearer["invoice"]["status"]) == (None, "OPEN")

    cheaper = await ask(less)
    assert cheaper["subscription"]["nextPlan"] == {"id": str(less)}
    assert [status for status, _ in amounts(database_url, user)] == ["void"]

    await ask(more)
    kept = await ask(plan)
    assert (kept["userErrors"], kept["subscription"]["nextPlan"]) == ([], None)
    assert [status for status, _ in amounts(database_url, user)] == ["void", "void"]


# Refused


async def test_another_currency_is_another_subscription(
    client: Client, database_url: str, user: UUID, plan: UUID
) -> None:
    own, other = subscribed(database_url, user, plan), insert(database_url, "Plan", currency="EUR")
    before = whole(database_url)

    payload = await change(client, "changePlan", BOTH, by=user, id=own, planId=other)

    assert faults(payload) == conflict("planId")
    assert whole(database_url) == before


@pytest.mark.parametrize(
    "held",
    [
        {"status": "expired"},
        {"renewalDate": NOW - 8 * DAY},
        {"status": "canceled", "endDate": NOW - DAY},
        {"status": "trialing", "trialEndsAt": NOW - DAY},
    ],
)
async def test_a_plan_is_changed_while_a_subscription_holds(
    client: Client, database_url: str, user: UUID, plan: UUID, held: dict[str, Any]
) -> None:
    own, more = subscribed(database_url, user, plan, **held), insert(database_url, "Plan", price="59.00")
    before = whole(database_url)

    payload = await change(client, "changePlan", BOTH, by=user, id=own, planId=more)

    assert faults(payload) == [("SUBSCRIPTION_REQUIRED", None)]
    assert whole(database_url) == before


async def test_what_can_be_subscribed_to_is_told_where_nothing_holds(
    client: Client, database_url: str, user: UUID, plan: UUID
) -> None:
    insert(database_url, "Plan", isActive=False)
    less, own = (
        insert(database_url, "Plan", price="5.00"),
        subscribed(database_url, user, plan, status="expired"),
    )
    before = whole(database_url)
    offers = "userErrors { ... on SubscriptionRequired { plans { id } } }"

    payload = await change(client, "changePlan", offers, by=user, id=own, planId=less)

    assert payload["userErrors"][0]["plans"] == [{"id": str(less)}, {"id": str(plan)}]
    assert whole(database_url) == before


async def test_a_canceled_plan_is_not_changed(
    client: Client, database_url: str, user: UUID, plan: UUID
) -> None:
    own = subscribed(database_url, user, plan, status="canceled", endDate=NOW + 27 * DAY)

    payload = await change(client, "changePlan", BOTH, by=user, id=own, planId=plan)

    assert faults(payload) == conflict("id")


async def test_anothers_subscription_is_not_there(
    client: Client, database_url: str, user: UUID, admin: UUID, plan: UUID
) -> None:
    theirs = subscribed(database_url, insert(database_url, "User"), plan)
    retired = insert(database_url, "Plan", isActive=False)
    before = whole(database_url)

    async def change_plan(by: UUID, id: UUID, planned: UUID) -> Any:
        return faults(await change(client, "changePlan", BOTH, by=by, id=id, planId=planned))

    assert await change_plan(user, theirs, plan) == absent("id")
    assert await change_plan(admin, uuid4(), plan) == absent("id")
    assert await change_plan(admin, theirs, retired) == absent("planId")
    for name in ("cancelSubscription", "resumeSubscription"):
        assert faults(await change(client, name, SUBSCRIPTION, by=user, id=theirs)) == absent("id")
    assert whole(database_url) == before


async def test_an_admin_changes_anothers_subscription(
    client: Client, database_url: str, user: UUID, admin: UUID, plan: UUID
) -> None:
    own, less = subscribed(database_url, user, plan), insert(database_url, "Plan", price="5.00")

    changed = await change(client, "changePlan", BOTH, by=admin, id=own, planId=less)
    canceled = await change(client, "cancelSubscription", SUBSCRIPTION, by=admin, id=own)

    assert (changed["userErrors"], canceled["subscription"]["status"]) == ([], "CANCELED")
    assert [entry[:2] for entry in recorded(database_url)] == [
        ("changePlan", admin),
        ("cancelSubscription", admin),
    ]


# Past due


async def test_what_is_past_due_can_be_renewed_with_another_plan(member: Account, plan: UUID) -> None:
    less = insert(member.url, "Plan", name="Small", price="5.00", postGenerationLimit=4)
    own = subscribed(member.url, member.id, plan, startDate=utc(2026, 1, 31), renewalDate=utc(2026, 2, 28))

    # The periodic job has not been by: changing the plan does what it would have done.
    _, invoice = await member.run(subscribing.change_plan, member.viewer, own, less, at(2026, 3, 1))

    assert member.subscription["status"] == "past_due"
    assert amounts(member.url, member.id) == [("void", "29.00"), ("open", "5.00")]
    assert items(member.url, invoice.id) == [("Small plan, one month from 2026-02-28", "5.00")]
    assert invoice.due_date == utc(2026, 3, 7)

    await member.pay(at(2026, 3, 2))
    row = member.subscription
    assert (row["status"], row["planId"], row["renewalDate"]) == ("active", less, utc(2026, 3, 31))


async def test_the_present_plan_is_billed_again_when_another_was_asked_for(
    member: Account, plan: UUID
) -> None:
    other = insert(member.url, "Plan", price="59.00")
    own = subscribed(member.url, member.id, plan, startDate=utc(2026, 1, 31), renewalDate=utc(2026, 2, 28))

    async def ask(planned: UUID) -> Any:
        return await member.run(subscribing.change_plan, member.viewer, own, planned, at(2026, 3, 1))

    await ask(other)
    await ask(plan)
    assert amounts(member.url, member.id)[-1] == ("open", "29.00")
    before = whole(member.url)
    with pytest.raises(Conflict, match="this plan already"):
        await ask(plan)
    assert whole(member.url) == before

    # An admin withdrew it, by mistake.
    execute(member.url, "UPDATE \"Invoice\" SET status = 'void'")
    await ask(plan)
    assert amounts(member.url, member.id)[-1] == ("open", "29.00")


async def test_a_renewal_that_costs_nothing_is_paid_at_once(member: Account, plan: UUID) -> None:
    free = insert(member.url, "Plan", price="0.00")
    due = {"startDate": utc(2026, 1, 31), "renewalDate": utc(2026, 2, 28)}
    own = subscribed(member.url, member.id, plan, status="past_due", **due)

    await member.run(subscribing.change_plan, member.viewer, own, free, at(2026, 3, 1))

    row = member.subscription
    assert (row["status"], row["planId"], row["renewalDate"]) == ("active", free, utc(2026, 3, 31))


async def test_after_the_grace_there_is_nothing_to_change(member: Account, plan: UUID) -> None:
    other = insert(member.url, "Plan", price="59.00")
    due = {"startDate": utc(2026, 1, 31), "renewalDate": utc(2026, 2, 28)}
    own = subscribed(member.url, member.id, plan, status="past_due", **due)

    with pytest.raises(SubscriptionRequired):
        await member.run(subscribing.change_plan, member.viewer, own, other, at(2026, 3, 7))


# At once


async def test_of_two_changes_at_once_the_later_one_stands(
    client: Client, database_url: str, user: UUID, plan: UUID
) -> None:
    own = subscribed(database_url, user, plan)
    plans = [insert(database_url, "Plan", price=price) for price in ("5.00", "6.00", "59.00", "69.00")]

    payloads = await asyncio.gather(
        *(change(client, "changePlan", BOTH, by=user, id=own, planId=plans[i % 4]) for i in range(12))
    )

    assert [payload["userErrors"] for payload in payloads] == [[]] * 12
    row = subscription(database_url, user)
    standing = [invoice for invoice in invoices(database_url, user) if invoice["status"] == "open"]
    assert (row["status"], row["planId"]) == ("active", plan)
    assert (row["nextPlanId"] is not None) + len(standing) == 1
