"""Rules that PostgreSQL keeps by triggers and by unique indexes over some of the rows."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg.errors import CheckViolation, ForeignKeyViolation, UniqueViolation
from uuid_utils.compat import uuid7

from tests import rows
from tests.models.cases import workspace
from zorbit import models

DELETABLE = [table.__name__ for table in models.DELETABLE]
LONG_AGO = datetime(2020, 1, 2, tzinfo=UTC)


def deletion(url: str, table: str, id: UUID) -> tuple[bool, datetime | None]:
    [found] = rows.fetch(url, f'SELECT "isDeleted", "deletedAt" FROM "{table}" WHERE id = %s', id)
    return found[0], found[1]


@pytest.fixture
def ids(database_url: str) -> dict[str, UUID]:
    """A workspace's rows, by table."""
    ids = {table: uuid7() for table in rows.PLAIN}
    for table, values in workspace(ids).items():
        rows.insert(database_url, table, **values)
    return ids


@pytest.mark.parametrize("table", DELETABLE)
def test_a_deletion_is_stamped_and_the_stamp_goes_with_a_restoration(
    database_url: str, ids: dict[str, UUID], table: str
) -> None:
    id = ids[table]
    assert deletion(database_url, table, id) == (False, None)

    rows.execute(database_url, f'UPDATE "{table}" SET "isDeleted" = true WHERE id = %s', id)
    is_deleted, stamped = deletion(database_url, table, id)
    assert is_deleted
    assert stamped is not None
    assert abs((datetime.now(UTC) - stamped).total_seconds()) < 60

    rows.execute(database_url, f'UPDATE "{table}" SET "createdAt" = now() WHERE id = %s', id)
    assert deletion(database_url, table, id) == (True, stamped)

    rows.execute(database_url, f'UPDATE "{table}" SET "isDeleted" = false WHERE id = %s', id)
    assert deletion(database_url, table, id) == (False, None)


@pytest.mark.parametrize("table", DELETABLE)
def test_a_stamp_is_kept_if_given_and_dropped_from_a_live_row(
    database_url: str, ids: dict[str, UUID], table: str
) -> None:
    id = ids[table]
    both = f'UPDATE "{table}" SET "isDeleted" = true, "deletedAt" = %s WHERE id = %s'
    rows.execute(database_url, both, LONG_AGO, id)
    assert deletion(database_url, table, id) == (True, LONG_AGO)

    rows.execute(database_url, f'UPDATE "{table}" SET "isDeleted" = false WHERE id = %s', id)
    rows.execute(database_url, f'UPDATE "{table}" SET "deletedAt" = now() WHERE id = %s', id)
    assert deletion(database_url, table, id) == (False, None)


def test_a_row_that_is_inserted_as_deleted_is_stamped(database_url: str) -> None:
    user = rows.insert(database_url, "User", isDeleted=True)
    thread = rows.insert(database_url, "Thread", userId=user, deletedAt=LONG_AGO)

    is_deleted, stamped = deletion(database_url, "User", user)

    assert is_deleted
    assert stamped is not None
    assert deletion(database_url, "Thread", thread) == (False, None)


def test_an_idea_belongs_to_its_messages_owner(database_url: str, ids: dict[str, UUID]) -> None:
    other = rows.insert(database_url, "User")

    assert rows.fetch(database_url, 'SELECT "userId" FROM "ContentIdea"') == [(ids["User"],)]
    for change in (other, ids["Thread"]):
        with pytest.raises(ForeignKeyViolation):
            rows.execute(database_url, 'UPDATE "ContentIdea" SET "userId" = %s', change)
    with pytest.raises(ForeignKeyViolation):
        rows.insert(database_url, "ContentIdea", chatMessageId=ids["ChatMessage"], userId=other)
    assert rows.fetch(database_url, 'SELECT "userId" FROM "ContentIdea"') == [(ids["User"],)]


def test_use_cannot_be_raised_above_the_limit(database_url: str, ids: dict[str, UUID]) -> None:
    quota = ids["UsageQuota"]
    rows.execute(database_url, 'UPDATE "UsageQuota" SET used = "limit" WHERE id = %s', quota)

    with pytest.raises(CheckViolation, match=f"used 101 would pass limit 100 of quota {quota}") as refusal:
        rows.execute(database_url, 'UPDATE "UsageQuota" SET used = used + 1')

    assert refusal.value.diag.constraint_name == "zorbit_hold_limit"
    assert refusal.value.diag.table_name == "UsageQuota"
    assert quotas(database_url) == [(100, 100)]


def test_a_limit_may_be_lowered_below_what_was_used(database_url: str, ids: dict[str, UUID]) -> None:
    rows.execute(database_url, 'UPDATE "UsageQuota" SET used = 60')
    rows.execute(database_url, 'UPDATE "UsageQuota" SET "limit" = 50')
    assert quotas(database_url) == [(60, 50)]

    rows.execute(database_url, 'UPDATE "UsageQuota" SET used = 55')
    assert quotas(database_url) == [(55, 50)]

    with pytest.raises(CheckViolation):
        rows.execute(database_url, 'UPDATE "UsageQuota" SET used = 56')
    rows.execute(database_url, 'UPDATE "UsageQuota" SET used = 56, "limit" = 56')
    assert quotas(database_url) == [(56, 56)]


def quotas(url: str) -> list[tuple[int, int]]:
    return [(used, limit) for used, limit in rows.fetch(url, 'SELECT used, "limit" FROM "UsageQuota"')]


def test_an_address_is_free_again_once_its_user_is_deleted(database_url: str) -> None:
    first = rows.insert(database_url, "User", email="ada@example.com")
    with pytest.raises(UniqueViolation):
        rows.insert(database_url, "User", email="Ada@Example.com")

    rows.execute(database_url, 'UPDATE "User" SET "isDeleted" = true WHERE id = %s', first)
    rows.insert(database_url, "User", email="ADA@example.com")

    with pytest.raises(UniqueViolation) as refusal:
        rows.execute(database_url, 'UPDATE "User" SET "isDeleted" = false WHERE id = %s', first)
    assert refusal.value.diag.constraint_name == "uq_User_email_live"


def test_any_number_of_payment_methods_may_be_other_than_the_default(
    database_url: str, ids: dict[str, UUID]
) -> None:
    for _ in range(2):
        rows.insert(database_url, "PaymentMethod", userId=ids["User"], isDefault=False)

    found = rows.fetch(
        database_url, 'SELECT "isDefault", count(*) FROM "PaymentMethod" GROUP BY 1 ORDER BY 1'
    )
    assert found == [(False, 2), (True, 1)]


def test_cycles_of_one_limit_begin_apart(database_url: str, ids: dict[str, UUID]) -> None:
    same = {"userId": ids["User"], "type": "post_generation"}
    with pytest.raises(UniqueViolation):
        rows.insert(database_url, "UsageQuota", **same)

    rows.insert(database_url, "UsageQuota", **same, billingCycleStart=rows.NOW)

    assert rows.fetch(database_url, 'SELECT count(*) FROM "UsageQuota"') == [(2,)]


# The items of an invoice come to its amount, whenever a transaction ends

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


def together(url: str, *statements: tuple[Any, ...]) -> None:
    """Run statements in one transaction."""
    with psycopg.connect(url, autocommit=True) as connection, connection.transaction():
        for statement, *values in statements:
            connection.execute(statement.encode(), values)


def test_an_item_alone_cannot_change_what_an_invoice_comes_to(database_url: str) -> None:
    invoice, (item, other) = bill(database_url, 10, 19)

    for change in (
        (ITEM, 11, 11, item),
        ('DELETE FROM "InvoiceItem" WHERE id = %s', other),
        (AMOUNT, 30, invoice),
    ):
        with pytest.raises(CheckViolation) as refusal:
            together(database_url, change)
        assert refusal.value.diag.constraint_name == "zorbit_check_invoice_sum"
        assert refusal.value.diag.table_name == "Invoice"
    with pytest.raises(CheckViolation, match=f"the items of invoice {invoice} come to 34.00, not 29.00"):
        together(database_url, (ADD, 5, 5, invoice))

    assert bills(database_url) == [(29, [10, 19])]


def test_an_invoice_and_its_items_may_change_together(database_url: str) -> None:
    invoice, (item, other) = bill(database_url, 10, 19)

    together(database_url, (ITEM, 11, 11, item), (AMOUNT, 30, invoice))
    assert bills(database_url) == [(30, [11, 19])]

    together(database_url, ('DELETE FROM "InvoiceItem" WHERE id = %s', other), (AMOUNT, 11, invoice))
    assert bills(database_url) == [(11, [11])]

    together(database_url, ('DELETE FROM "InvoiceItem"',), (AMOUNT, 5, invoice))
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
            together(database_url, (MOVE, other, item), *amounts)
    assert bills(database_url) == [(29, [10, 19]), (7, [7])]

    together(database_url, (MOVE, other, item), (AMOUNT, 17, other), (AMOUNT, 19, one))
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


# The audit trail is only added to


def test_an_audit_entry_is_neither_changed_nor_deleted(database_url: str, ids: dict[str, UUID]) -> None:
    before = rows.fetch(database_url, 'SELECT * FROM "AuditEntry"')

    for statement in (
        "UPDATE \"AuditEntry\" SET action = 'another'",
        'UPDATE "AuditEntry" SET id = id',
        'DELETE FROM "AuditEntry"',
        "SET zorbit.erase = 'off'; DELETE FROM \"AuditEntry\"",
        "SET zorbit.erase = ''; DELETE FROM \"AuditEntry\"",
        "SET zorbit.erase = 'ON'; DELETE FROM \"AuditEntry\"",
    ):
        with pytest.raises(CheckViolation, match="neither changed nor deleted") as refusal:
            rows.execute(database_url, statement)
        assert refusal.value.diag.constraint_name == "zorbit_keep_record"
        assert refusal.value.diag.table_name == "AuditEntry"

    assert rows.fetch(database_url, 'SELECT * FROM "AuditEntry"') == before
    assert [row[0] for row in before] == [ids["AuditEntry"]]


def test_who_has_to_erase_an_audit_entry_says_so(database_url: str, ids: dict[str, UUID]) -> None:
    other = rows.insert(database_url, "AuditEntry", userId=ids["User"])

    together(
        database_url,
        ("SET LOCAL zorbit.erase = 'on'",),
        ('UPDATE "AuditEntry" SET details = NULL, action = %s WHERE id = %s', "erased", other),
        ('DELETE FROM "AuditEntry" WHERE id = %s', ids["AuditEntry"]),
    )

    assert rows.fetch(database_url, 'SELECT id, action FROM "AuditEntry"') == [(other, "erased")]


def test_leave_to_erase_ends_with_its_transaction(database_url: str, ids: dict[str, UUID]) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute("SET LOCAL zorbit.erase = 'on'")
        connection.commit()

        with pytest.raises(CheckViolation):
            connection.execute('DELETE FROM "AuditEntry"')
        connection.rollback()

    assert rows.fetch(database_url, 'SELECT id FROM "AuditEntry"') == [(ids["AuditEntry"],)]


def test_what_was_recorded_stays_when_its_user_goes(database_url: str, ids: dict[str, UUID]) -> None:
    rows.execute(database_url, 'DELETE FROM "Invoice"')
    rows.execute(database_url, 'DELETE FROM "Post"')

    rows.execute(database_url, 'DELETE FROM "User" WHERE id = %s', ids["User"])

    found = rows.fetch(database_url, 'SELECT id, "actorId", "userId", "subjectId" FROM "AuditEntry"')
    assert found == [(ids["AuditEntry"], ids["User"], ids["User"], ids["Post"])]
    assert rows.fetch(database_url, 'SELECT id FROM "IdempotencyKey"') == []


def test_numbers_of_invoices_are_given_out_once(database_url: str) -> None:
    taken = [rows.fetch(database_url, "SELECT nextval('zorbit_invoice_number')")[0][0] for _ in range(3)]

    assert taken == [taken[0], taken[0] + 1, taken[0] + 2]
