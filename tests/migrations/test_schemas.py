"""Revisions against real databases: no drift, up and down over rows, indexes apart."""

import ast
import re
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlmodel import SQLModel
from uuid_utils.compat import uuid7

from tests import rows
from tests.migrations.dumps import FILES, REVISIONS, Schema, dump, kinds, migrate
from tests.models.cases import workspace
from zorbit import migrations
from zorbit.db import driver_url


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
