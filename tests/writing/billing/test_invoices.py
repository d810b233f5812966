"""Invoices: admins issue, settle and withdraw them; what one offers takes effect once, when it is paid."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.conftest import Client
from tests.rows import NOW, execute, fetch, insert
from tests.writing.billing.accounts import amounts, invoices, items, recorded, subscription, whole
from tests.writing.changes import absent, bad, change, faults

INVOICE = """
    invoice {
      id invoiceNumber amount currency status billingDate dueDate paidDate user { id } paymentMethod { id }
      plan { id } items { nodes { description quantity unitPrice amount } }
    }
"""
PAID = f"{INVOICE} subscription {{ id status plan {{ id }} startDate renewalDate }}"
LATER = "2099-01-31T09:00:00Z"
ITEM = {"description": "Help", "quantity": 1, "unitPrice": "10.00"}


@pytest.fixture
def owner(database_url: str) -> UUID:
    return insert(database_url, "User")


async def issue(client: Client, by: UUID, user: UUID | str, **given: Any) -> Any:
    """The payload of issuing an invoice over one item."""
    whole = {"userId": user, "dueDate": LATER, "items": [ITEM]} | given
    return await change(client, "issueInvoice", INVOICE, by=by, **whole)


async def pay(client: Client, by: UUID, id: UUID | str, **given: Any) -> Any:
    return await change(client, "payInvoice", PAID, by=by, id=id, **given)


def offer(url: str, user: UUID, plan: UUID, **given: Any) -> UUID:
    """An open invoice that brings the plan."""
    return insert(url, "Invoice", userId=user, planId=plan, **given)


# Issued


async def test_an_invoice_comes_to_the_sum_of_its_items(
    client: Client, database_url: str, admin: UUID, owner: UUID
) -> None:
    lines = [
        {"description": "Help", "quantity": 3, "unitPrice": "0.1"},
        {"description": "Nothing", "quantity": 1, "unitPrice": "0"},
        {"description": "Images", "quantity": 1_000_000, "unitPrice": "99.99"},
    ]

    payload = await issue(client, admin, owner, items=lines, currency="EUR")

    made = payload["invoice"]
    assert payload["userErrors"] == []
    assert (made["amount"], made["currency"], made["status"]) == ("99990000.30", "EUR", "OPEN")
    assert (made["dueDate"], made["paidDate"], made["user"]) == (LATER, None, {"id": str(owner)})
    assert made["plan"] is None
    prices = [(item["unitPrice"], item["amount"]) for item in made["items"]["nodes"]]
    assert prices == [("0.10", "0.30"), ("0.00", "0.00"), ("99.99", "99990000.00")]
    assert recorded(database_url) == [("issueInvoice", admin, "Invoice", owner)]


async def test_invoices_are_numbered_without_end(
    client: Client, database_url: str, admin: UUID, owner: UUID
) -> None:
    execute(database_url, "SELECT setval('zorbit_invoice_number', 999998)")

    found = await asyncio.gather(*(issue(client, admin, owner) for _ in range(3)))

    year = datetime.now(UTC).year
    numbers = [payload["invoice"]["invoiceNumber"] for payload in found]
    assert sorted(numbers) == sorted(f"Z{year}-{number}" for number in (999999, 1000000, 1000001))
    execute(database_url, "SELECT setval('zorbit_invoice_number', 122)")
    number = (await issue(client, admin, owner))["invoice"]["invoiceNumber"]
    assert number == f"Z{year}-000123"


async def test_everything_wrong_with_an_invoice_is_told_at_once(
    client: Client, database_url: str, admin: UUID, owner: UUID
) -> None:
    lines = [
        ITEM,
        {"description": "x" * 100_001, "quantity": 0, "unitPrice": "-1"},
        {"description": "Much", "quantity": 1_000_001, "unitPrice": "1"},
        {"description": "More", "quantity": 1_000_000, "unitPrice": "100.00"},
    ]

    payload = await issue(
        client, admin, "nobody", currency="euro", dueDate="2020-01-01T00:00:00Z", items=lines
    )

    wrong = ["items.1.description", "items.1.quantity", "items.1.unitPrice", "items.2.quantity", "items.3"]
    assert faults(payload) == bad("currency", "dueDate", "userId", *wrong)
    assert fetch(database_url, 'SELECT count(*) FROM "Invoice"') == [(0,)]


@pytest.mark.parametrize("number", [0, 51])
async def test_an_invoice_has_1_to_50_items(
    client: Client, database_url: str, admin: UUID, owner: UUID, number: int
) -> None:
    assert faults(await issue(client, admin, owner, items=[ITEM] * number)) == bad("items")
    assert fetch(database_url, 'SELECT count(*) FROM "Invoice"') == [(0,)]


async def test_an_invoice_of_fifty_items(client: Client, admin: UUID, owner: UUID) -> None:
    assert (await issue(client, admin, owner, items=[ITEM] * 50))["invoice"]["amount"] == "500.00"


async def test_a_sum_that_no_column_holds_is_refused(
    client: Client, database_url: str, admin: UUID, owner: UUID
) -> None:
    half = {"description": "Half", "quantity": 1, "unitPrice": "50000000.00"}
    least = {"description": "A cent less", "quantity": 1, "unitPrice": "49999999.99"}

    refused = await issue(client, admin, owner, items=[half, half])
    largest = await issue(client, admin, owner, items=[half, least])

    assert faults(refused) == bad("items")
    assert largest["invoice"]["amount"] == "99999999.99"


async def test_nobody_is_billed_who_is_not_there(client: Client, database_url: str, admin: UUID) -> None:
    deleted = insert(database_url, "User", isDeleted=True)

    for user in (uuid4(), deleted):
        assert faults(await issue(client, admin, user)) == absent("userId")


# Paid


async def test_an_invoice_is_paid_once(client: Client, database_url: str, admin: UUID, owner: UUID) -> None:
    invoice = insert(database_url, "Invoice", userId=owner)
    method = insert(database_url, "PaymentMethod", userId=owner, isDefault=True)

    payload = await pay(client, admin, invoice)
    before = whole(database_url)
    again = await pay(client, admin, invoice)

    paid = payload["invoice"]
    assert (paid["status"], paid["paymentMethod"]) == ("PAID", {"id": str(method)})
    assert datetime.fromisoformat(paid["paidDate"]) == invoices(database_url, owner)[0]["paidDate"]
    assert payload["subscription"] is None
    assert faults(again) == [("CONFLICT", "input.id")]
    assert again["userErrors"][0]["current"] == {"id": str(invoice)}
    assert whole(database_url) == before
    assert recorded(database_url) == [("payInvoice", admin, "Invoice", owner)]


@pytest.mark.parametrize("status", ["draft", "void", "uncollectible"])
async def test_only_an_open_invoice_is_paid(
    client: Client, database_url: str, admin: UUID, owner: UUID, status: str
) -> None:
    invoice = insert(database_url, "Invoice", userId=owner, status=status)

    assert faults(await pay(client, admin, invoice)) == [("CONFLICT", "input.id")]
    assert amounts(database_url, owner) == [(status, "29.00")]


async def test_what_it_was_paid_with(client: Client, database_url: str, admin: UUID, owner: UUID) -> None:
    first, second, third = (insert(database_url, "Invoice", userId=owner) for _ in range(3))
    other = insert(database_url, "PaymentMethod", userId=owner)

    without = await pay(client, admin, first)
    insert(database_url, "PaymentMethod", userId=owner, isDefault=True)
    named = await pay(client, admin, second, paymentMethodId=other)
    null = await pay(client, admin, third, paymentMethodId=None)

    assert without["invoice"]["paymentMethod"] is None
    assert named["invoice"]["paymentMethod"] == {"id": str(other)}
    assert null["invoice"]["paymentMethod"] is None


async def test_a_method_has_to_be_the_owners_and_not_removed(
    client: Client, database_url: str, admin: UUID, owner: UUID
) -> None:
    plan = insert(database_url, "Plan")
    invoice = offer(database_url, owner, plan)
    removed = insert(database_url, "PaymentMethod", userId=owner, removedAt=NOW)
    own = insert(database_url, "PaymentMethod", userId=admin)
    before = whole(database_url)

    for method in (removed, own, uuid4()):
        assert faults(await pay(client, admin, invoice, paymentMethodId=method)) == absent("paymentMethodId")
    malformed = await pay(client, admin, invoice, paymentMethodId="card")
    assert faults(malformed) == bad("paymentMethodId")
    assert whole(database_url) == before


async def test_twenty_payments_at_once_have_one_effect(
    client: Client, database_url: str, admin: UUID, owner: UUID
) -> None:
    plan = insert(database_url, "Plan")
    due = {"startDate": NOW - timedelta(days=31), "renewalDate": NOW - timedelta(days=1)}
    insert(database_url, "Subscription", userId=owner, planId=plan, status="past_due", **due)
    invoice = offer(database_url, owner, plan)

    payloads = await asyncio.gather(*(pay(client, admin, invoice) for _ in range(20)))

    outcomes = sorted(faults(payload) for payload in payloads)
    assert outcomes == [[], *[[("CONFLICT", "input.id")]] * 19]
    renewal = subscription(database_url, owner)["renewalDate"]
    assert timedelta(days=26) < renewal - NOW < timedelta(days=31)
    assert len(recorded(database_url)) == 2


async def test_a_payment_that_is_sent_again_has_no_second_effect(
    client: Client, database_url: str, admin: UUID, owner: UUID
) -> None:
    plan = insert(database_url, "Plan")
    invoice = offer(database_url, owner, plan)
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
    client: Client, database_url: str, admin: UUID, owner: UUID
) -> None:
    plan = insert(database_url, "Plan", postGenerationLimit=7)
    invoice = offer(database_url, owner, plan)

    payload = await pay(client, admin, invoice)

    brought = payload["subscription"]
    assert (brought["status"], brought["plan"]) == ("ACTIVE", {"id": str(plan)})
    assert brought["startDate"] == payload["invoice"]["paidDate"]
    shown = await client.data("{ viewer { quota(type: POST_GENERATION) { limit resetsAt } } }", by=owner)
    assert shown["viewer"]["quota"] == {"limit": 7, "resetsAt": brought["renewalDate"]}
    assert [entry[0] for entry in recorded(database_url)] == ["payInvoice"] * 2


# Void


@pytest.mark.parametrize("status", ["open", "draft"])
async def test_what_is_not_paid_can_be_withdrawn(
    client: Client, database_url: str, admin: UUID, owner: UUID, status: str
) -> None:
    invoice = insert(database_url, "Invoice", userId=owner, status=status)

    payload = await change(client, "voidInvoice", INVOICE, by=admin, id=invoice)

    assert payload["invoice"]["status"] == "VOID"
    assert amounts(database_url, owner) == [("void", "29.00")]
    assert recorded(database_url) == [("voidInvoice", admin, "Invoice", owner)]


@pytest.mark.parametrize("status", ["paid", "void", "uncollectible"])
async def test_nothing_else_can_be_withdrawn(
    client: Client, database_url: str, admin: UUID, owner: UUID, status: str
) -> None:
    invoice = insert(
        database_url, "Invoice", userId=owner, status=status, paidDate=NOW if status == "paid" else None
    )

    payload = await change(client, "voidInvoice", INVOICE, by=admin, id=invoice)

    assert faults(payload) == [("CONFLICT", "input.id")]
    assert amounts(database_url, owner) == [(status, "29.00")]


async def test_of_paying_and_withdrawing_at_once_one_wins(
    client: Client, database_url: str, admin: UUID, owner: UUID
) -> None:
    plan = insert(database_url, "Plan")
    invoice = offer(database_url, owner, plan)

    void = change(client, "voidInvoice", INVOICE, by=admin, id=invoice)
    payloads = await asyncio.gather(pay(client, admin, invoice), void)

    assert sorted(faults(payload) for payload in payloads) == [[], [("CONFLICT", "input.id")]]
    has_plan = fetch(database_url, 'SELECT count(*) FROM "Subscription"') == [(1,)]
    assert amounts(database_url, owner) == [("paid" if has_plan else "void", "29.00")]


# Who may


async def test_invoices_are_for_admins_to_write(client: Client, database_url: str, owner: UUID) -> None:
    service = insert(database_url, "User", role="service")
    invoice = insert(database_url, "Invoice", userId=owner)
    new = {"userId": str(owner), "dueDate": LATER, "items": [ITEM]}
    before = whole(database_url)

    for name, given in [
        ("issueInvoice", new),
        ("payInvoice", {"id": str(invoice)}),
        ("voidInvoice", {"id": str(invoice)}),
    ]:
        title = name[0].upper() + name[1:]
        ask = f"mutation($input: {title}Input!) {{ {name}(input: $input) {{ invoice {{ id }} }} }}"
        for caller, code in [(owner, "FORBIDDEN"), (service, "FORBIDDEN"), (None, "UNAUTHENTICATED")]:
            answer = await client.run(ask, {"input": given}, by=caller)
            assert answer["errors"][0]["extensions"]["code"] == code

    assert whole(database_url) == before


async def test_there_is_no_such_invoice(client: Client, database_url: str, admin: UUID) -> None:
    deleted = insert(database_url, "User", isDeleted=True)
    hidden = insert(database_url, "Invoice", userId=deleted)

    for name in ("payInvoice", "voidInvoice"):
        for id in (uuid4(), hidden):
            assert faults(await change(client, name, INVOICE, by=admin, id=id)) == absent("id")


async def test_the_database_holds_the_sums(
    client: Client, database_url: str, admin: UUID, owner: UUID
) -> None:
    payload = await issue(client, admin, owner, items=[ITEM, ITEM])

    assert items(database_url, UUID(payload["invoice"]["id"])) == [("Help", "10.00")] * 2
    with pytest.raises(Exception, match=r"come to 20\.00, not 19\.99"):
        execute(database_url, 'UPDATE "Invoice" SET amount = 19.99')
