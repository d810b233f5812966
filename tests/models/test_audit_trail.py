"""The audit trail is only added to."""

from uuid import UUID

import psycopg
import pytest
from psycopg.errors import CheckViolation

from tests import rows


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

    rows.together(
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
