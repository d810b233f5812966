"""Migrations that fail, wait or give up, and can be run again; versions that are refused."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
import sqlalchemy as sa

from migrations import steps
from tests import rows
from tests.migrations.dumps import REVISIONS, Schema, dump, migrate
from zorbit import migrations
from zorbit.errors import OperatorError


def test_an_index_that_a_failure_left_invalid_is_built_when_it_is_run_again(
    ladder: tuple[str, dict[str, Schema]], empty: str
) -> None:
    migrate(empty, "0005")
    rows.insert(empty, "User", email="ada@example.com")
    twin = rows.insert(empty, "User", email="ADA@example.com")
    with pytest.raises(sa.exc.IntegrityError, match="uq_User_email_live"):
        migrate(empty)
    assert invalid(empty) == [("uq_User_email_live",)]
    rows.execute(empty, 'DELETE FROM "User" WHERE id = %s', twin)

    migrate(empty)

    assert invalid(empty) == []
    assert dump(empty) == ladder[1][REVISIONS[-1]]


def invalid(url: str) -> list[tuple[str]]:
    query = "SELECT relname FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid WHERE NOT indisvalid"
    return [(name,) for (name,) in rows.fetch(url, query)]


def test_of_five_at_once_one_migrates_and_the_others_wait(
    ladder: tuple[str, dict[str, Schema]], empty: str
) -> None:
    said: list[str] = []
    together = threading.Barrier(5)

    def host() -> None:
        together.wait()
        migrations.migrate(empty, say=said.append)

    with ThreadPoolExecutor(5) as hosts:
        for future in [hosts.submit(host) for _ in range(5)]:
            future.result(timeout=30)

    lines = Counter(said)
    assert lines.pop("another migration is running; waiting") >= 4
    assert lines == {f"schema empty -> {REVISIONS[-1]}": 1, f"schema {REVISIONS[-1]}": 4}
    assert dump(empty) == ladder[1][REVISIONS[-1]]


def test_who_waits_too_long_is_told_to_look_at_the_rival(empty: str) -> None:
    said: list[str] = []
    with psycopg.connect(empty) as rival:
        rival.execute("SELECT pg_advisory_lock(%s)", [migrations.LOCK])

        with pytest.raises(
            OperatorError, match=r"^another migration has been running for 0 s: look at its host$"
        ):
            migrations.migrate(empty, patience=0.1, say=said.append)

    assert said == ["another migration is running; waiting"]
    assert dump(empty) == {}


def test_the_lock_is_given_back_after_a_failure(empty: str) -> None:
    rows.execute(empty, 'CREATE TABLE "User" (id int)')
    with pytest.raises(sa.exc.ProgrammingError, match='relation "User" already exists'):
        migrate(empty)
    rows.execute(empty, 'DROP TABLE "User"')

    migrate(empty, patience=0)

    assert rows.fetch(empty, "SELECT version_num FROM alembic_version") == [(REVISIONS[-1],)]


@pytest.mark.parametrize(
    ("revision", "lock"),
    [
        ("0005", 'LOCK TABLE "Post" IN ACCESS SHARE MODE'),
        ("0006", 'LOCK TABLE "Post" IN ROW EXCLUSIVE MODE'),
    ],
)
def test_a_migration_gives_up_on_a_long_transaction_and_can_be_run_again(
    empty: str, monkeypatch: pytest.MonkeyPatch, revision: str, lock: str
) -> None:
    before = REVISIONS[REVISIONS.index(revision) - 1]
    migrate(empty, before)
    monkeypatch.setattr(steps, "LOCK_TIMEOUT", "200ms")
    with psycopg.connect(empty) as long_transaction:
        long_transaction.execute(lock.encode())

        with pytest.raises((OperatorError, sa.exc.OperationalError), match="lock timeout"):
            migrate(empty)

    assert rows.fetch(empty, "SELECT version_num FROM alembic_version") == [(before,)]
    migrate(empty)
    assert rows.fetch(empty, "SELECT version_num FROM alembic_version") == [(REVISIONS[-1],)]
    assert invalid(empty) == []


# Versions


def test_a_schema_of_another_release_is_refused_with_what_to_do(empty: str) -> None:
    head = REVISIONS[-1]

    assert refusal(empty) == (
        f"the database's schema is behind (empty, this release needs {head}): "
        "make a backup, then run `zorbit migrate`"
    )
    migrate(empty, "0003")
    assert refusal(empty) == (
        f"the database's schema is behind (0003, this release needs {head}): "
        "make a backup, then run `zorbit migrate`"
    )
    migrate(empty)
    assert refusal(empty) is None
    rows.execute(empty, "UPDATE alembic_version SET version_num = '9999'")
    assert refusal(empty) == (
        f"the database's schema (9999) is newer than this release's ({head}): run the release that made it"
    )


def refusal(url: str) -> str | None:
    with migrations.plain_connection(url, 3) as connection:
        try:
            migrations.demand_head(connection)
        except OperatorError as error:
            return str(error)
    return None


def test_a_server_that_is_too_old_is_refused(postgres: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with migrations.plain_connection(postgres, 3) as connection:
        migrations.demand_version(connection)
        monkeypatch.setattr(migrations, "OLDEST", 99)

        with pytest.raises(OperatorError, match=r"^PostgreSQL \d\d is too old: Zorbit needs 99 or newer$"):
            migrations.demand_version(connection)
