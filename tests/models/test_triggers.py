"""Rules that PostgreSQL keeps by triggers, by unique indexes over some of the rows, and by a sequence."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from psycopg.errors import CheckViolation, ForeignKeyViolation, UniqueViolation

from tests import rows
from zorbit import models

DELETABLE = [table.__name__ for table in models.DELETABLE]
LONG_AGO = datetime(2020, 1, 2, tzinfo=UTC)


def deletion(url: str, table: str, id: UUID) -> tuple[bool, datetime | None]:
    [found] = rows.fetch(url, f'SELECT "isDeleted", "deletedAt" FROM "{table}" WHERE id = %s', id)
    return found[0], found[1]


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


def test_numbers_of_invoices_are_given_out_once(database_url: str) -> None:
    taken = [rows.fetch(database_url, "SELECT nextval('zorbit_invoice_number')")[0][0] for _ in range(3)]

    assert taken == [taken[0], taken[0] + 1, taken[0] + 2]
