"""Migrations against real databases: no drift, up and down over rows, rivals, locks, versions."""

import ast
import re
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import count
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from sqlmodel import SQLModel
from uuid_utils.compat import uuid7

from migrations import steps
from tests import rows
from tests.conftest import recreate, renamed
from tests.models.cases import workspace
from zorbit import embedded, migrations
from zorbit.db import driver_url
from zorbit.errors import OperatorError

FILES = sorted(migrations.SCRIPTS.glob("versions/[0-9]*.py"))
REVISIONS = [path.name[:4] for path in FILES]
# The schema as pg_dump tells it: a heading of each thing, and its lines in an order of their own.
Schema = dict[str, list[str]]

migrate = partial(migrations.migrate, say=lambda _line: None)


@pytest.fixture(scope="module")
def database(postgres: str, worker_id: str) -> Iterator[Callable[[], str]]:
    """Makes empty databases."""
    names: list[str] = []
    numbers = count()

    def make() -> str:
        names.append(f"zorbit_migrations_{worker_id}_{next(numbers)}")
        recreate(postgres, names[-1])
        return renamed(postgres, names[-1])

    yield make
    for name in names:
        rows.execute(postgres, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def empty(database: Callable[[], str]) -> str:
    """An empty database."""
    return database()


@pytest.fixture(scope="module")
def ladder(database: Callable[[], str]) -> tuple[str, dict[str, Schema]]:
    """A database that was brought up revision by revision, and its schema after each."""
    url = database()
    schemas = {"base": dump(url)}
    for revision in REVISIONS:
        migrate(url, revision)
        schemas[revision] = dump(url)
    return url, schemas


def dump(url: str) -> Schema:
    program = embedded.binaries() / "pg_dump"
    options = ["-s", "-O", "--exclude-table=alembic_version"]
    text = subprocess.run([program, *options, url], check=True, capture_output=True, text=True).stdout
    # Debian's PostgreSQL 15 notes a number of its own on each column.
    text = re.sub(r"^ALTER TABLE ONLY .* SET \(pg_attver=\d+\);$", "", text, flags=re.MULTILINE)
    schema: Schema = {}
    for part in re.split(r"^-- (?=Name: )", text, flags=re.MULTILINE)[1:]:
        heading, *lines = (" ".join(line.split()).removesuffix(",") for line in part.splitlines())
        # \restrict and \unrestrict bear a new random word each time.
        schema[heading] = sorted(line for line in lines if line and not line.startswith(("--", "\\")))
    return schema


def kinds(schema: Schema) -> Counter[str]:
    return Counter(heading.split("; ")[1].removeprefix("Type: ") for heading in schema)


def connected(url: str) -> sa.Engine:
    return sa.create_engine(driver_url(url), poolclass=sa.NullPool)


def test_migrations_make_what_the_models_declare(ladder: tuple[str, dict[str, Schema]], empty: str) -> None:
    with connected(empty).begin() as connection:
        SQLModel.metadata.create_all(connection)

    declared, migrated = dump(empty), ladder[1][REVISIONS[-1]]

    assert migrated == declared
    assert kinds(declared)["TABLE"] == len(rows.PLAIN) == 18


def test_up_over_rows_down_step_by_step_and_up_again(ladder: tuple[str, dict[str, Schema]]) -> None:
    url, schemas = ladder
    ids = {table: uuid7() for table in rows.PLAIN}
    for table, values in workspace(ids).items():
        rows.insert(url, table, **values)

    for revision in reversed(REVISIONS[3:]):
        migrate(url, revision)
        assert dump(url) == schemas[revision], revision
    migrate(url, REVISIONS[2])
    assert dump(url) == schemas[REVISIONS[2]]
    migrate(url)

    assert dump(url) == schemas[REVISIONS[-1]]
    found = {table: rows.fetch(url, f'SELECT id FROM "{table}"') for table in rows.PLAIN}
    gone = {"AuditEntry", "IdempotencyKey", "PersistedQuery"}  # with their tables, which came later
    assert found == {table: [] if table in gone else [(id,)] for table, id in ids.items()}
    words = rows.fetch(url, """SELECT count(*) FROM "Post" WHERE "searchVector" @@ 'post'""")
    assert words == [(1,)]

    for revision in [*reversed(REVISIONS[:-1]), "base"]:
        migrate(url, revision)
        assert dump(url) == schemas[revision], revision
    migrate(url)
    assert dump(url) == schemas[REVISIONS[-1]]


def test_indexes_are_made_apart_from_all_else(ladder: tuple[str, dict[str, Schema]]) -> None:
    schemas = ladder[1]
    mixed = []
    for before, after in zip(["base", *REVISIONS], REVISIONS, strict=False):
        changed = {
            heading
            for heading in {*schemas[before], *schemas[after]}
            if schemas[before].get(heading) != schemas[after].get(heading)
        }
        # A table that is new has neither rows nor writers: its indexes stand in nobody's way.
        new = {name(heading) for heading in changed if "Type: TABLE;" in heading}
        on = {heading: indexed(schemas[after].get(heading, [])) for heading in changed}
        kinds_changed = {"Type: INDEX;" in heading for heading in changed if on[heading] not in new}
        if len(kinds_changed) != 1:
            mixed.append(after)

    assert mixed == []
    assert kinds(schemas[REVISIONS[2]])["INDEX"] == 0
    assert kinds(schemas[REVISIONS[-1]])["INDEX"] > 50


def name(heading: str) -> str:
    return heading.split("; ", maxsplit=1)[0].removeprefix("Name: ")


def indexed(lines: list[str]) -> str | None:
    """The table of the index that these lines tell of."""
    found = re.search(r'^CREATE (?:UNIQUE )?INDEX .* ON public\."?(\w+)', "\n".join(lines), re.MULTILINE)
    return found and found[1]


@pytest.mark.parametrize("path", FILES, ids=REVISIONS)
def test_each_revision_begins_with_a_lock_timeout_and_is_reversible(path: Path) -> None:
    module = ast.parse(path.read_text())
    functions = {node.name: node.body for node in module.body if isinstance(node, ast.FunctionDef)}
    names = {
        target.id: node.value
        for node in module.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }

    assert list(functions) == ["upgrade", "downgrade"]
    for body in functions.values():
        assert ast.unparse(body[0]) == "steps.begin()"
        assert len(body) > 1
    place = REVISIONS.index(path.name[:4])
    assert ast.literal_eval(names["revision"]) == REVISIONS[place]
    assert ast.literal_eval(names["down_revision"]) == (REVISIONS[place - 1] if place else None)
    assert (ast.get_docstring(module) or "").endswith(".")


def test_revisions_are_numbered_without_a_gap() -> None:
    assert [f"{number:04}" for number in range(1, len(FILES) + 1)] == REVISIONS
    assert migrations.head() == REVISIONS[-1]


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
    began = time.monotonic()
    with psycopg.connect(empty) as long_transaction:
        long_transaction.execute(lock.encode())

        with pytest.raises((OperatorError, sa.exc.OperationalError), match="lock timeout"):
            migrate(empty)

    assert time.monotonic() - began < 5
    assert rows.fetch(empty, "SELECT version_num FROM alembic_version") == [(before,)]
    migrate(empty)
    assert rows.fetch(empty, "SELECT version_num FROM alembic_version") == [(REVISIONS[-1],)]
    assert invalid(empty) == []


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
