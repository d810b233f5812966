"""Payments: admins settle invoices; what one offers takes effect once, when it is paid."""

import asyncio
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.conftest import Client
from tests.rows import NOW, fetch, insert
from tests.writing.billing.accounts import WHOLE_INVOICE, amounts, invoices, recorded, subscription, whole
from tests.writing.changes import absent, bad, change, faults

PAID = f"{WHOLE_INVOICE} subscription {{ id status plan {{ id }} startDate renewalDate }}"


async def pay(client: Client, by: UUID, id: UUID | str, **given: Any) -> Any:
    return await change(client, "payInvoice", PAID, by=by, id=id, **given)


def offer(url: str, user: UUID, plan: UUID, **given: Any) -> UUID:
    """An open invoice that brings the plan."""
    return insert(url, "Invoice", userId=user, planId=plan, **given)


async def test_an_invoice_is_paid_once(client: Client, database_url: str, admin: UUID, user: UUID) -> None:
    invoice = insert(database_url, "Invoice", userId=user)
    method = insert(database_url, "PaymentMethod", userId=user, isDefault=True)

    payload = await pay(client, admin, invoice)
    before = whole(database_url)
    again = await pay(client, admin, invoice)

    paid = payload["invoice"]
    assert (paid["status"], paid["paymentMethod"]) == ("PAID", {"id": str(method)})
    assert datetime.fromisoformat(paid["paidDate"]) == invoices(database_url, user)[0]["paidDate"]
    assert payload["subscription"] is None
    assert faults(again) == [("CONFLICT", "input.id")]
    assert again["userErrors"][0]["current"] == {"id": str(invoice)}
    assert whole(database_url) == before
    assert recorded(database_url) == [("payInvoice", admin, "Invoice", user)]


@pytest.mark.parametrize("status", ["draft", "void", "uncollectible"])
async def test_only_an_open_invoice_is_paid(
    client: Client, database_url: str, admin: UUID, user: UUID, status: str
) -> None:
    invoice = insert(database_url, "Invoice", userId=user, status=status)

    assert faults(await pay(client, admin, invoice)) == [("CONFLICT", "input.id")]
    assert amounts(database_url, user) == [(status, "29.00")]


async def test_what_it_was_paid_with(client: Client, database_url: str, admin: UUID, user: UUID) -> None:
    first, second, third = (insert(database_url, "Invoice", userId=user) for _ in range(3))
    other = insert(database_url, "PaymentMethod", userId=user)

    without = await pay(client, admin, first)
    insert(database_url, "PaymentMethod", userId=user, isDefault=True)
    named = await pay(client, admin, second, paymentMethodId=other)
    null = await pay(client, admin, third, paymentMethodId=None)

    assert without["invoice"]["paymentMethod"] is None
    assert named["invoice"]["paymentMethod"] == {"id": str(other)}
    assert null["invoice"]["paymentMethod"] is None


async def test_a_method_has_to_be_the_owners_and_not_removed(
    client: Client, database_url: str, admin: UUID, user: UUID
) -> None:
    plan = insert(database_url, "Plan")
    invoice = offer(database_url, user, plan)
    removed = insert(database_url, "PaymentMethod", userId=user, removedAt=NOW)
    own = insert(database_url, "PaymentMethod", userId=admin)
    before = whole(database_url)

    for method in (removed, own, uuid4()):
        assert faults(await pay(client, admin, invoice, paymentMethodId=method)) == absent("paymentMethodId")
    malformed = await pay(client, admin, invoice, paymentMethodId="card")
    assert faults(malformed) == bad("paymentMethodId")
    assert whole(database_url) == before


async def test_twenty_payments_at_once_have_one_effect(
    client: Client, database_url: str, admin: UUID, user: UUID
) -> None:
    plan = insert(database_url, "Plan")
    due = {"startDate": NOW - timedelta(days=31), "renewalDate": NOW - timedelta(days=1)}
    insert(database_url, "Subscription", userId=user, planId=plan, status="past_due", **due)
    invoice = offer(database_url, user, plan)

    payloads = await asyncio.gather(*(pay(client, admin, invoice) for _ in range(20)))

    outcomes = sorted(faults(payload) for payload in payloads)
    assert outcomes == [[], *[[("CONFLICT", "input.id")]] * 19]
    renewal = subscription(database_url, user)["renewalDate"]
    assert timedelta(days=26) < renewal - NOW < timedelta(days=31)
    assert len(recorded(database_url)) == 2


async def test_a_payment_that_is_sent_again_has_no_second_effect(
    client: Client, database_url: str, admin: UUID, user: UUID
) -> None:
    plan = insert(database_url, "Plan")
    invoice = offer(database_url, user, plan)
    ask = f"""
        mutation($input: PayInvoiceInput!) {{
          payInvoice(input: $input, idempotencyKey: "once") {{ {PAID} userErrors {{ code }} }}
        }}
    """

    payloads = await asyncio.gather(
        *(client.data(ask, {"input": {"id": str(invoice)}}, by=admin) for _ in range(10))
    )

    assert payloads == [payloads[0]] * 10
    paid = payloads[0]["payInvoice"]
    assert (paid["userErrors"], paid["invoice"]["status"]) == ([], "PAID")
    assert paid["subscription"]["status"] == "ACTIVE"
    assert [entry[2] for entry in recorded(database_url)] == ["Invoice", "Subscription"]


async def test_a_paid_offer_brings_the_plan(
    client: Client, database_url: str, admin: UUID, user: UUID
) -> None:
    plan = insert(database_url, "Plan", postGenerationLimit=7)
    invoice = offer(database_url, user, plan)

    payload = await pay(client, admin, invoice)

    brought = payload["subscription"]
    assert (brought["status"], brought["plan"]) == ("ACTIVE", {"id": str(plan)})
    assert brought["startDate"] == payload["invoice"]["paidDate"]
    shown = await client.data("{ viewer { quota(type: POST_GENERATION) { limit resetsAt } } }", by=user)
    assert shown["viewer"]["quota"] == {"limit": 7, "resetsAt": brought["renewalDate"]}
    assert [entry[0] for entry in recorded(database_url)] == ["payInvoice"] * 2


async def test_of_paying_and_withdrawing_at_once_one_wins(
    client: Client, database_url: str, admin: UUID, user: UUID
) -> None:
    plan = insert(database_url, "Plan")
    invoice = offer(database_url, user, plan)

    void = change(client, "voidInvoice", WHOLE_INVOICE, by=admin, id=invoice)
    payloads = await asyncio.gather(pay(client, admin, invoice), void)

    assert sorted(faults(payload) for payload in payloads) == [[], [("CONFLICT", "input.id")]]
    has_plan = fetch(database_url, 'SELECT count(*) FROM "Subscription"') == [(1,)]
    assert amounts(database_url, user) == [("paid" if has_plan else "void", "29.00")]
