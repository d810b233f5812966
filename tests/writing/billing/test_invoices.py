"""Invoices: admins issue and withdraw them."""

import asyncio
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.conftest import Client
from tests.rows import NOW, execute, fetch, insert
from tests.writing.billing.accounts import WHOLE_INVOICE, amounts, recorded, whole
from tests.writing.changes import LATER, absent, bad, change, faults

ITEM = {"description": "Help", "quantity": 1, "unitPrice": "10.00"}


async def issue(client: Client, by: UUID, user: UUID | str, **given: Any) -> Any:
    """The payload of issuing an invoice over one item."""
    whole = {"userId": user, "dueDate": LATER, "items": [ITEM]} | given
    return await change(client, "issueInvoice", WHOLE_INVOICE, by=by, **whole)


# Issued


async def test_an_invoice_comes_to_the_sum_of_its_items(
    client: Client, database_url: str, admin: UUID, user: UUID
) -> None:
    lines = [
        {"description": "Help", "quantity": 3, "unitPrice": "0.1"},
        {"description": "Nothing", "quantity": 1, "unitPrice": "0"},
        {"description": "Images", "quantity": 1_000_000, "unitPrice": "99.99"},
    ]

    payload = await issue(client, admin, user, items=lines, currency="EUR")

    made = payload["invoice"]
    assert payload["userErrors"] == []
    assert (made["amount"], made["currency"], made["status"]) == ("99990000.30", "EUR", "OPEN")
    assert (made["dueDate"], made["paidDate"], made["user"]) == (LATER, None, {"id": str(user)})
    assert made["plan"] is None
    prices = [(item["unitPrice"], item["amount"]) for item in made["items"]["nodes"]]
    assert prices == [("0.10", "0.30"), ("0.00", "0.00"), ("99.99", "99990000.00")]
    assert recorded(database_url) == [("issueInvoice", admin, "Invoice", user)]


async def test_invoices_are_numbered_without_end(
    client: Client, database_url: str, admin: UUID, user: UUID
) -> None:
    execute(database_url, "SELECT setval('zorbit_invoice_number', 999998)")

    found = await asyncio.gather(*(issue(client, admin, user) for _ in range(3)))

    year = datetime.now(UTC).year
    numbers = [payload["invoice"]["invoiceNumber"] for payload in found]
    assert sorted(numbers) == sorted(f"Z{year}-{number}" for number in (999999, 1000000, 1000001))
    execute(database_url, "SELECT setval('zorbit_invoice_number', 122)")
    number = (await issue(client, admin, user))["invoice"]["invoiceNumber"]
    assert number == f"Z{year}-000123"


async def test_everything_wrong_with_an_invoice_is_told_at_once(
    client: Client, database_url: str, admin: UUID, user: UUID
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
    client: Client, database_url: str, admin: UUID, user: UUID, number: int
) -> None:
    assert faults(await issue(client, admin, user, items=[ITEM] * number)) == bad("items")
    assert fetch(database_url, 'SELECT count(*) FROM "Invoice"') == [(0,)]


async def test_an_invoice_of_fifty_items(client: Client, admin: UUID, user: UUID) -> None:
    assert (await issue(client, admin, user, items=[ITEM] * 50))["invoice"]["amount"] == "500.00"


async def test_a_sum_that_no_column_holds_is_refused(
    client: Client, database_url: str, admin: UUID, user: UUID
) -> None:
    half = {"description": "Half", "quantity": 1, "unitPrice": "50000000.00"}
    least = {"description": "A cent less", "quantity": 1, "unitPrice": "49999999.99"}

    refused = await issue(client, admin, user, items=[half, half])
    largest = await issue(client, admin, user, items=[half, least])

    assert faults(refused) == bad("items")
    assert largest["invoice"]["amount"] == "99999999.99"


async def test_nobody_is_billed_who_is_not_there(client: Client, database_url: str, admin: UUID) -> None:
    deleted = insert(database_url, "User", isDeleted=True)

    for user in (uuid4(), deleted):
        assert faults(await issue(client, admin, user)) == absent("userId")


# Void


@pytest.mark.parametrize("status", ["open", "draft"])
async def test_what_is_not_paid_can_be_withdrawn(
    client: Client, database_url: str, admin: UUID, user: UUID, status: str
) -> None:
    invoice = insert(database_url, "Invoice", userId=user, status=status)

    payload = await change(client, "voidInvoice", WHOLE_INVOICE, by=admin, id=invoice)

    assert payload["invoice"]["status"] == "VOID"
    assert amounts(database_url, user) == [("void", "29.00")]
    assert recorded(database_url) == [("voidInvoice", admin, "Invoice", user)]


@pytest.mark.parametrize("status", ["paid", "void", "uncollectible"])
async def test_nothing_else_can_be_withdrawn(
    client: Client, database_url: str, admin: UUID, user: UUID, status: str
) -> None:
    invoice = insert(
        database_url, "Invoice", userId=user, status=status, paidDate=NOW if status == "paid" else None
    )

    payload = await change(client, "voidInvoice", WHOLE_INVOICE, by=admin, id=invoice)

    assert faults(payload) == [("CONFLICT", "input.id")]
    assert amounts(database_url, user) == [(status, "29.00")]


# Who may


async def test_invoices_are_for_admins_to_write(client: Client, database_url: str, user: UUID) -> None:
    service = insert(database_url, "User", role="service")
    invoice = insert(database_url, "Invoice", userId=user)
    new = {"userId": str(user), "dueDate": LATER, "items": [ITEM]}
    before = whole(database_url)

    for name, given in [
        ("issueInvoice", new),
        ("payInvoice", {"id": str(invoice)}),
        ("voidInvoice", {"id": str(invoice)}),
    ]:
        title = name[0].upper() + name[1:]
        ask = f"mutation($input: {title}Input!) {{ {name}(input: $input) {{ invoice {{ id }} }} }}"
        for caller, code in [(user, "FORBIDDEN"), (service, "FORBIDDEN"), (None, "UNAUTHENTICATED")]:
            answer = await client.run(ask, {"input": given}, by=caller)
            assert answer["errors"][0]["extensions"]["code"] == code

    assert whole(database_url) == before


async def test_there_is_no_such_invoice(client: Client, database_url: str, admin: UUID) -> None:
    deleted = insert(database_url, "User", isDeleted=True)
    hidden = insert(database_url, "Invoice", userId=deleted)

    for name in ("payInvoice", "voidInvoice"):
        for id in (uuid4(), hidden):
            assert faults(await change(client, name, WHOLE_INVOICE, by=admin, id=id)) == absent("id")
