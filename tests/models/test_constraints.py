"""What PostgreSQL itself refuses, whoever writes: each constraint has a case that it turns down."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.errors import (
    CheckViolation,
    ForeignKeyViolation,
    IntegrityError,
    NotNullViolation,
    RestrictViolation,
    UniqueViolation,
)
from uuid_utils.compat import uuid7

from tests import rows
from tests.conftest import recreate, renamed
from tests.models import cases
from tests.models.cases import ME, NEWCOMER, STRANGER, another, workspace

CONSTRAINTS = """
    SELECT conname FROM pg_constraint c JOIN pg_class r ON r.oid = conrelid
    WHERE connamespace = 'public'::regnamespace AND relname <> 'alembic_version'
      AND contype IN ('c', 'f', 'p', 'u', 'x')
    UNION
    SELECT c.relname FROM pg_index JOIN pg_class c ON c.oid = indexrelid JOIN pg_class r ON r.oid = indrelid
    WHERE indisunique AND c.relnamespace = 'public'::regnamespace AND r.relname <> 'alembic_version'"""
REQUIRED = """
    SELECT c.relname, a.attname
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND c.relname <> 'alembic_version'
      AND a.attnum > 0 AND a.attnotnull"""
MINE: dict[str, dict[str, Any]] = {
    "User": {"email": "me@example.com", "authIssuer": "https://issuer", "authSubject": "me"},
    "Invoice": {"invoiceNumber": "INV-MINE"},
    "UsageLog": cases.REFUND,
    "IdempotencyKey": {"key": "mine"},
    "PersistedQuery": cases.DOCUMENT,
}
RESTRICTED = (RestrictViolation, ForeignKeyViolation)  # the latter before PostgreSQL 18
THEIRS: dict[str, dict[str, Any]] = {"PaymentMethod": {"isDefault": False}, "Invoice": {"planId": None}}


@pytest.fixture(scope="module")
def url(postgres: str, worker_database: str, worker_id: str) -> Iterator[str]:
    """A database of this module's own, with a workspace of two users that no case changes."""
    name = f"zorbit_constraints_{worker_id}"
    recreate(postgres, name, template=f"zorbit_template_{worker_id}")
    url = renamed(postgres, name)
    for ids, own in ((ME, MINE), (STRANGER, THEIRS)):
        for table, values in workspace(ids).items():
            rows.insert(url, table, **values | own.get(table, {}))
    rows.insert(url, "User", id=NEWCOMER)
    yield url
    rows.execute(postgres, f"DROP DATABASE {name} WITH (FORCE)")


def test_every_constraint_has_a_case(url: str) -> None:
    named = {
        *(case[0] for case in cases.LENGTH_CASES),
        *cases.CHOICES,
        *(case[0] for case in cases.CHECKS),
        *(case[0] for case in cases.UNIQUES),
        *(case[0] for case in cases.UNKNOWN),
        *(case[0] for case in cases.IMPLIED),
    }

    assert {name for (name,) in rows.fetch(url, CONSTRAINTS)} == named


@pytest.mark.parametrize("table", cases.TABLES)
def test_another_row_of_each_table_is_taken_as_it_stands(url: str, table: str) -> None:
    new = another(table)

    with psycopg.connect(url) as connection:
        insert(connection, table, new)
        found = connection.execute(f'SELECT count(*) FROM "{table}" WHERE id = %s'.encode(), [new["id"]])

        assert found.fetchall() == [(1,)]
        connection.rollback()


@pytest.mark.parametrize(("name", "table", "column", "limit"), cases.LENGTH_CASES)
def test_texts_have_a_length_in_characters(url: str, name: str, table: str, column: str, limit: int) -> None:
    new = another(table) | ({"personaId": None} if column == "systemPersonaId" else {})

    with psycopg.connect(url) as connection:
        insert(connection, table, new | {column: "ä" * limit})
        connection.rollback()

        with pytest.raises(CheckViolation) as refusal:
            insert(connection, table, new | {column: "ä" * (limit + 1)})
        connection.rollback()

    assert refusal.value.diag.constraint_name == name


@pytest.mark.parametrize(("name", "table", "column", "values"), [(n, *c) for n, c in cases.CHOICES.items()])
def test_closed_sets_hold_their_values_only(
    url: str, name: str, table: str, column: str, values: str
) -> None:
    whole = {"trialEndsAt": cases.LATER, "endDate": cases.LATER} if table == "Subscription" else {}
    paid = {"paidDate": rows.NOW} if table == "Invoice" else {}
    new = another(table) | whole | paid

    with psycopg.connect(url) as connection:
        for value in values.split():
            later = {"billingCycleStart": rows.NOW} if table == "UsageQuota" else {}
            insert(connection, table, new | later | {column: value})
            connection.rollback()
        for wrong in ("", "nonsense", values.upper()):
            with pytest.raises(CheckViolation) as refusal:
                insert(connection, table, new | {column: wrong})
            connection.rollback()
            assert refusal.value.diag.constraint_name == name


@pytest.mark.parametrize(
    ("name", "table", "values", "kind"),
    [
        *((*case, CheckViolation) for case in cases.CHECKS),
        *((*case, UniqueViolation) for case in cases.UNIQUES),
        *((*case, ForeignKeyViolation) for case in cases.UNKNOWN),
    ],
)
def test_a_row_that_breaks_a_rule_is_refused_by_its_name(
    url: str, name: str, table: str, values: dict[str, Any], kind: type[IntegrityError]
) -> None:
    refused_by(name, kind, url, table, another(table) | values)


@pytest.mark.parametrize(("name", "stronger", "table", "values"), cases.IMPLIED)
def test_a_constraint_that_another_implies_holds_by_itself(
    url: str, name: str, stronger: str, table: str, values: dict[str, Any]
) -> None:
    with psycopg.connect(url) as connection:
        connection.execute(f'ALTER TABLE "{table}" DROP CONSTRAINT "{stronger}"'.encode())

        with pytest.raises(IntegrityError) as refusal:
            insert(connection, table, another(table) | values)
        connection.rollback()

    assert refusal.value.diag.constraint_name == name


@pytest.mark.parametrize(("name", "table", "column", "parent"), cases.OWNED)
def test_no_row_links_two_users_data(url: str, name: str, table: str, column: str, parent: str) -> None:
    mine = {"userId": ME["User"], column: STRANGER[parent]}

    refused_by(name, ForeignKeyViolation, url, table, another(table) | mine)
    for statement, row in (
        (f'UPDATE "{table}" SET "{column}" = %s WHERE id = %s', (STRANGER[parent], ME[table])),
        (f'UPDATE "{parent}" SET "userId" = %s WHERE id = %s', (STRANGER["User"], ME[parent])),
        (f'UPDATE "{table}" SET "userId" = %s WHERE id = %s', (STRANGER["User"], ME[table])),
    ):
        with pytest.raises(ForeignKeyViolation, match='constraint "fk_'):
            rows.execute(url, statement, *row)


def test_owned_references_are_all_that_carry_an_owner(url: str) -> None:
    composite = "SELECT conname FROM pg_constraint WHERE contype = 'f' AND array_length(conkey, 1) = 2"

    assert {name for (name,) in rows.fetch(url, composite)} == {name for name, *_ in cases.OWNED}


def test_what_is_part_goes_along_and_what_is_referred_to_stays(url: str) -> None:
    actions = dict(rows.fetch(url, "SELECT conname, confdeltype FROM pg_constraint WHERE contype = 'f'"))

    assert {name for name, action in actions.items() if action == "c"} == cases.CASCADE
    assert {name for name, action in actions.items() if action == "r"} == set(cases.RESTRICT)
    assert set(actions.values()) == {"c", "r"}


@pytest.mark.parametrize("parent", sorted(set(cases.RESTRICT.values())))
def test_a_row_that_is_referred_to_cannot_be_deleted(url: str, parent: str) -> None:
    with pytest.raises(RESTRICTED) as refusal:
        rows.execute(url, f'DELETE FROM "{parent}" WHERE id = %s', ME[parent])

    assert cases.RESTRICT[refusal.value.diag.constraint_name or ""] == parent


@pytest.mark.parametrize("name", sorted(cases.RESTRICT))
def test_each_reference_restricts_by_itself(url: str, name: str) -> None:
    parent = cases.RESTRICT[name]
    others = [other for other in cases.RESTRICT if other != name]

    with psycopg.connect(url) as connection:
        for other in others:
            table = other.split("_")[1]
            connection.execute(f'ALTER TABLE "{table}" DROP CONSTRAINT "{other}"'.encode())
        with pytest.raises(RESTRICTED) as refusal:
            connection.execute(f'DELETE FROM "{parent}" WHERE id = %s'.encode(), [ME[parent]])
        connection.rollback()

    assert refusal.value.diag.constraint_name == name


def test_what_is_part_of_its_parent_goes_with_it(url: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute(b'DELETE FROM "Post"')
        for parent, parts in (
            ("ChatMessage", ["ContentIdea"]),
            ("Thread", ["ChatMessage"]),
            ("Invoice", ["InvoiceItem"]),
            ("UsageQuota", ["UsageLog"]),
        ):
            connection.execute(f'DELETE FROM "{parent}" WHERE id = %s'.encode(), [ME[parent]])
            for part in parts:
                left = connection.execute(f'SELECT id FROM "{part}"'.encode()).fetchall()
                assert left == [(STRANGER[part],)]
        connection.rollback()


def test_everything_that_a_user_owns_goes_with_the_user_once_the_invoices_are_gone(url: str) -> None:
    owned = [table for table in cases.TABLES if table not in ("User", "Plan", "AuditEntry")]

    with psycopg.connect(url) as connection:
        connection.execute(b'DELETE FROM "Invoice"')
        connection.execute(b'DELETE FROM "User" WHERE id = %s', [ME["User"]])
        left = {
            table: [id for (id,) in connection.execute(f'SELECT id FROM "{table}"'.encode()).fetchall()]
            for table in [*owned, "AuditEntry"]
        }
        connection.rollback()

    gone = {"Invoice", "InvoiceItem"}
    assert left.pop("AuditEntry") == [ME["AuditEntry"], STRANGER["AuditEntry"]]
    assert left == {table: [] if table in gone else [STRANGER[table]] for table in owned}


def test_columns_that_must_be_given_refuse_null(url: str) -> None:
    required = rows.fetch(url, REQUIRED)

    for table, column in required:
        values = another(table)
        if table == "ContentIdea":
            # Without an owner of its own the trigger would look for its message's.
            values |= {"userId": ME["User"], "chatMessageId": uuid7()}
        refused_by(None, NotNullViolation, url, table, values | {column: None}, column=column)

    assert len(required) == 142


def refused_by(
    name: str | None,
    kind: type[IntegrityError],
    url: str,
    table: str,
    values: dict[str, Any],
    *,
    column: str | None = None,
) -> None:
    with psycopg.connect(url) as connection:
        with pytest.raises(kind) as refusal:
            insert(connection, table, values)
        connection.rollback()
    diagnosis = refusal.value.diag
    assert (diagnosis.table_name, diagnosis.constraint_name, diagnosis.column_name) == (table, name, column)


def insert(connection: psycopg.Connection, table: str, values: dict[str, Any]) -> None:
    whole = rows._whole(table, values)
    statement = sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
        sql.Identifier(table),
        sql.SQL(", ").join(map(sql.Identifier, whole)),
        sql.SQL(", ").join(sql.Placeholder() * len(whole)),
    )
    connection.execute(statement, list(whole.values()))
