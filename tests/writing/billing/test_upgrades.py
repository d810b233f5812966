"""Upgrades: the dearer plan when the difference is paid, which is counted from what was paid before."""

from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from tests.conftest import Client
from tests.rows import execute, insert
from tests.writing.billing.accounts import (
    BOTH,
    YEARLY,
    Account,
    amounts,
    at,
    invoices,
    items,
    pay,
    quotas,
    subscribe,
    subscribed,
    utc,
    whole,
)
from tests.writing.changes import change
from zorbit.errors import Conflict
from zorbit.services import subscribing


@pytest.mark.parametrize(
    ("price", "new", "now", "parts"),
    [
        ("29.00", "59.00", (2026, 1, 31), ("59.00", "-29.00")),
        ("29.00", "59.00", (2026, 2, 14), ("29.50", "-14.50")),
        ("29.00", "59.00", (2026, 2, 27, 23), ("0.09", "-0.04")),
        ("10.00", "10.01", (2026, 2, 14), ("5.01", "-5.00")),
        ("0.00", "29.00", (2026, 2, 21), ("7.25", "0.00")),
        ("99999999.98", "99999999.99", (2026, 2, 14), ("50000000.00", "-49999999.99")),
    ],
)
async def test_a_dearer_plan_costs_the_difference_for_the_rest_of_the_period(
    member: Account, price: str, new: str, now: tuple[int, ...], parts: tuple[str, str]
) -> None:
    old, plan = (
        insert(member.url, "Plan", name=name, price=value) for name, value in [("Old", price), ("New", new)]
    )
    period = {"startDate": utc(2026, 1, 31), "renewalDate": utc(2026, 2, 28)}
    own = subscribed(member.url, member.id, old, **period)

    await member.run(subscribing.change_plan, member.viewer, own, plan, at(*now))

    (invoice,) = invoices(member.url, member.id)
    assert items(member.url, invoice["id"]) == [
        ("New plan, until 2026-02-28", parts[0]),
        ("Old plan, credit until 2026-02-28", parts[1]),
    ]
    assert invoice["amount"] == Decimal(parts[0]) + Decimal(parts[1])
    assert member.subscription["planId"] == old


async def test_a_paid_upgrade_raises_the_limits_and_nothing_else(member: Account, plan: UUID) -> None:
    more = insert(
        member.url, "Plan", price="59.00", postGenerationLimit=300, ideaGenerationLimit=10, personaLimit=20
    )
    own = subscribed(member.url, member.id, plan, startDate=utc(2026, 1, 31), renewalDate=utc(2026, 3, 31))
    cycle = {
        "userId": member.id,
        "billingCycleStart": utc(2026, 2, 28),
        "billingCycleEnd": utc(2026, 3, 31),
        "resetDate": utc(2026, 3, 31),
    }
    past = cycle | {
        "billingCycleStart": utc(2026, 1, 31),
        "billingCycleEnd": utc(2026, 2, 28),
        "resetDate": utc(2026, 2, 28),
    }
    insert(member.url, "UsageQuota", **past, used=100)
    insert(member.url, "UsageQuota", **cycle, used=40)
    # An admin had raised this one above what the other plan brings.
    insert(member.url, "UsageQuota", **cycle, type="idea_generation", limit=70, used=7)
    await member.run(subscribing.change_plan, member.viewer, own, more, at(2026, 3, 10))

    await member.pay(at(2026, 3, 15))

    row = member.subscription
    assert (row["planId"], row["status"], row["nextPlanId"]) == (more, "active", None)
    assert (row["startDate"], row["renewalDate"]) == (utc(2026, 1, 31), utc(2026, 3, 31))
    found = {(type, start): (used, limit) for type, used, limit, start, *_ in quotas(member.url, member.id)}
    assert found == {
        ("post_generation", utc(2026, 1, 31)): (100, 100),
        ("post_generation", utc(2026, 2, 28)): (40, 300),
        ("idea_generation", utc(2026, 2, 28)): (7, 70),
    }


async def test_from_the_month_to_the_year_the_anchor_stays(member: Account, plan: UUID) -> None:
    year = insert(member.url, "Plan", name="Team", **YEARLY)
    own = subscribed(member.url, member.id, plan, startDate=utc(2026, 1, 31), renewalDate=utc(2026, 3, 31))
    await member.run(subscribing.change_plan, member.viewer, own, year, at(2026, 3, 15, 12))

    await member.pay(at(2026, 3, 20))

    (invoice,) = invoices(member.url, member.id)
    assert items(member.url, invoice["id"]) == [
        ("Team plan, until 2027-02-28", "277.68"),
        ("Pro plan, credit until 2026-03-31", "-14.50"),
    ]
    row = member.subscription
    assert (row["startDate"], row["renewalDate"]) == (utc(2026, 1, 31), utc(2027, 2, 28))


async def test_what_comes_to_nothing_is_to_be_paid_too(member: Account, plan: UUID) -> None:
    more = insert(member.url, "Plan", price="29.01")
    own = subscribed(member.url, member.id, plan, startDate=utc(2026, 1, 1), renewalDate=utc(2026, 2, 1))

    await member.run(subscribing.change_plan, member.viewer, own, more, at(2026, 1, 25))

    assert amounts(member.url, member.id) == [("open", "0.00")]
    assert member.subscription["planId"] == plan


async def test_an_upgrade_over_http(
    client: Client, database_url: str, user: UUID, admin: UUID, plan: UUID
) -> None:
    own, more = subscribed(database_url, user, plan), insert(database_url, "Plan", price="59.00")

    offered = await change(client, "changePlan", BOTH, by=user, id=own, planId=more)
    paid = await pay(client, admin, offered)

    assert offered["invoice"]["status"] == "OPEN"
    assert offered["subscription"]["plan"] == {"id": str(plan)}
    assert (paid["invoice"]["status"], paid["subscription"]["plan"]) == ("PAID", {"id": str(more)})


async def test_a_price_of_a_period_that_is_over_buys_no_other(member: Account, plan: UUID) -> None:
    more = insert(member.url, "Plan", price="59.00")
    own = subscribed(member.url, member.id, plan, startDate=utc(2026, 1, 1), renewalDate=utc(2026, 2, 1))
    await member.run(subscribing.change_plan, member.viewer, own, more, at(2026, 1, 31))
    before = whole(member.url)

    with pytest.raises(Conflict, match="void it"):
        await member.pay(at(2026, 2, 8))
    assert whole(member.url) == before

    # Within the grace it still changes the period that it was offered for.
    await member.pay(at(2026, 2, 7))
    assert (member.subscription["planId"], member.subscription["renewalDate"]) == (more, utc(2026, 2, 1))


# Credited with what was paid, whatever the plan costs by now


def lines(payload: Any) -> list[tuple[str, str]]:
    """(description, unit price) of the items of a payload's invoice, without the dates."""
    nodes = payload["invoice"]["items"]["nodes"]
    return [(item["description"].partition(",")[0], item["unitPrice"]) for item in nodes]


async def reprice(client: Client, admin: UUID, plan: UUID, price: str) -> None:
    """Change what a plan costs."""
    await change(client, "updatePlan", "plan { id }", by=admin, id=plan, price=price)


@pytest.mark.parametrize("price", ["50.00", "5.00"])
async def test_an_upgrade_is_credited_with_what_was_paid(
    client: Client, database_url: str, user: UUID, admin: UUID, plan: UUID, price: str
) -> None:
    more = insert(database_url, "Plan", name="Team", price="59.00")
    own = (await pay(client, admin, await subscribe(client, user, plan)))["subscription"]["id"]
    await reprice(client, admin, plan, price)

    offered = await change(client, "changePlan", BOTH, by=user, id=own, planId=more)

    assert lines(offered) == [("Team plan", "59.00"), ("Pro plan", "-29.00")]


async def test_an_upgrade_is_credited_later_at_the_price_of_its_own_offer(
    client: Client, database_url: str, user: UUID, admin: UUID, plan: UUID
) -> None:
    team, crew = (
        insert(database_url, "Plan", name=name, price=price)
        for name, price in [("Team", "59.00"), ("Crew", "149.00")]
    )
    own = (await pay(client, admin, await subscribe(client, user, plan)))["subscription"]["id"]
    offered = await change(client, "changePlan", BOTH, by=user, id=own, planId=team)
    await reprice(client, admin, team, "99.00")
    await pay(client, admin, offered)

    again = await change(client, "changePlan", BOTH, by=user, id=own, planId=crew)

    assert lines(again) == [("Crew plan", "149.00"), ("Team plan", "-59.00")]


async def test_what_costs_less_than_was_paid_waits_for_the_periods_end(
    client: Client, database_url: str, user: UUID, admin: UUID, plan: UUID
) -> None:
    other = insert(database_url, "Plan", price="20.00")
    own = (await pay(client, admin, await subscribe(client, user, plan)))["subscription"]["id"]
    await reprice(client, admin, plan, "10.00")

    payload = await change(client, "changePlan", BOTH, by=user, id=own, planId=other)

    assert (payload["invoice"], payload["subscription"]["nextPlan"]) == (None, {"id": str(other)})


async def test_a_renewal_is_credited_at_its_own_price(member: Account, plan: UUID) -> None:
    more = insert(member.url, "Plan", name="Team", price="59.00")
    await member.run(subscribing.subscribe, member.id, plan, at(2026, 1, 1), trial=False)
    await member.pay(at(2026, 1, 1))
    execute(member.url, 'UPDATE "Plan" SET price = 40 WHERE id = %s', plan)
    own = member.subscription["id"]
    await member.run(subscribing.change_plan, member.viewer, own, more, at(2026, 2, 1))
    await member.run(subscribing.change_plan, member.viewer, own, plan, at(2026, 2, 1))
    await member.pay(at(2026, 2, 1))
    execute(member.url, 'UPDATE "Plan" SET price = 29 WHERE id = %s', plan)

    _, invoice = await member.run(subscribing.change_plan, member.viewer, own, more, at(2026, 2, 15))

    assert items(member.url, invoice.id) == [
        ("Team plan, until 2026-03-01", "29.50"),
        ("Pro plan, credit until 2026-03-01", "-20.00"),
    ]
