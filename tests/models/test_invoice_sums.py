"""The items of an invoice come to its amount, whenever a transaction ends."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from uuid import UUID

import psycopg
import pytest
from psycopg.errors import CheckViolation

from tests import rows

ITEM = 'UPDATE "InvoiceItem" SET amount = %s, "unitPrice" = %s WHERE id = %s'
ADD = """INSERT INTO "InvoiceItem" (id, description, quantity, "unitPrice", amount, "invoiceId")
         VALUES (gen_random_uuid(), 'A month', 1, %s, %s, %s)"""
MOVE = 'UPDATE "InvoiceItem" SET "invoiceId" = %s WHERE id = %s'
AMOUNT = 'UPDATE "Invoice" SET amount = %s WHERE id = %s'


def bill(url: str, *amounts: int) -> tuple[UUID, list[UUID]]:
    """An invoice of a new user with an item of each amount."""
    invoice = rows.insert(url, "Invoice", userId=rows.insert(url, "User"), amount=sum(amounts))
    items = [{"invoiceId": invoice, "unitPrice": amount, "amount": amount} for amount in amounts]
    return invoice, rows.insert_many(url, "InvoiceItem", items)


def bills(url: str) -> list[tuple[int, list[int]]]:
    """The amount of each invoice, and those of its items."""
    items = """SELECT array_agg(amount::int ORDER BY amount) FROM "InvoiceItem" WHERE "invoiceId" = i.id"""
    return [
        (amount, found or [])
        for amount, found in rows.fetch(url, f'SELECT amount::int, ({items}) FROM "Invoice" i ORDER BY id')
    ]


def test_an_item_alone_cannot_change_what_an_invoice_comes_to(database_url: str) -> None:
    invoice, (item, other) = bill(database_url, 10, 19)

    for change in (
        (ITEM, 11, 11, item),
        ('DELETE FROM "InvoiceItem" WHERE id = %s', other),
        (AMOUNT, 30, invoice),
    ):
        with pytest.raises(CheckViolation) as refusal:
            rows.together(database_url, change)
        assert refusal.value.diag.constraint_name == "zorbit_check_invoice_sum"
        assert refusal.value.diag.table_name == "Invoice"
    with pytest.raises(CheckViolation, match=f"the items of invoice {invoice} come to 34.00, not 29.00"):
        rows.together(database_url, (ADD, 5, 5, invoice))

    assert bills(database_url) == [(29, [10, 19])]


def test_an_invoice_and_its_items_may_change_together(database_url: str) -> None:
    invoice, (item, other) = bill(database_url, 10, 19)

    rows.together(database_url, (ITEM, 11, 11, item), (AMOUNT, 30, invoice))
    assert bills(database_url) == [(30, [11, 19])]

    rows.together(database_url, ('DELETE FROM "InvoiceItem" WHERE id = %s', other), (AMOUNT, 11, invoice))
    assert bills(database_url) == [(11, [11])]

    rows.together(database_url, ('DELETE FROM "InvoiceItem"',), (AMOUNT, 5, invoice))
    assert bills(database_url) == [(5, [])]


def test_an_invoice_goes_with_all_of_its_items(database_url: str) -> None:
    bill(database_url, 10, 19)

    rows.execute(database_url, 'DELETE FROM "Invoice"')

    assert rows.fetch(database_url, 'SELECT id FROM "InvoiceItem"') == []


def test_an_item_that_is_moved_counts_on_both_invoices(database_url: str) -> None:
    one, (item, _) = bill(database_url, 10, 19)
    other, _ = bill(database_url, 7)

    for amounts in ([], [(AMOUNT, 17, other)], [(AMOUNT, 19, one)]):
        with pytest.raises(CheckViolation):
            rows.together(database_url, (MOVE, other, item), *amounts)
    assert bills(database_url) == [(29, [10, 19]), (7, [7])]

    rows.together(database_url, (MOVE, other, item), (AMOUNT, 17, other), (AMOUNT, 19, one))
    assert bills(database_url) == [(19, [19]), (17, [7, 10])]


@pytest.fixture
def rivals(database_url: str) -> Iterator[list[psycopg.Connection]]:
    """Two transactions."""
    with closing(psycopg.connect(database_url)) as one, closing(psycopg.connect(database_url)) as other:
        yield [one, other]


@pytest.mark.parametrize("first_stays", [True, False])
def test_two_who_add_an_item_at_once_see_each_others(
    database_url: str, rivals: list[psycopg.Connection], first_stays: bool
) -> None:
    invoice, _ = bill(database_url)
    rows.execute(database_url, AMOUNT, 29, invoice)
    first, second = rivals
    for connection in rivals:
        connection.execute(ADD.encode(), [29, 29, invoice])

    # Each is right by itself. The first is looked at, and the second has to wait for what becomes of it.
    first.execute("SET CONSTRAINTS ALL IMMEDIATE")
    with ThreadPoolExecutor(1) as thread:
        committed = thread.submit(second.commit)
        with pytest.raises(TimeoutError):
            committed.result(timeout=0.1)
        if first_stays:
            first.commit()
            with pytest.raises(CheckViolation, match=r"come to 58\.00, not 29\.00"):
                committed.result(timeout=5)
        else:
            first.rollback()
            committed.result(timeout=5)

    assert bills(database_url) == [(29, [29])]
