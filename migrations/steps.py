"""Steps that every revision takes the same way."""

from collections.abc import Iterable

import sqlalchemy as sa
from alembic import op

LOCK_TIMEOUT = "5s"


def begin() -> None:
    """Give up rather than queue behind a long transaction: everything else would queue behind us."""
    op.execute(f"SET lock_timeout = '{LOCK_TIMEOUT}'")
    # Building an index over millions of rows takes longer than a request may.
    op.execute("SET statement_timeout = 0")


def create_indexes(indexes: Iterable[tuple[str, str]]) -> None:
    """Build indexes, given as (name, what follows the name in CREATE INDEX), while writers go on.

    An index left invalid by an earlier failure is dropped first, so that the revision can be run again.
    """
    with op.get_context().autocommit_block():
        for name, definition in indexes:
            if name in _invalid_indexes():
                op.execute(f'DROP INDEX CONCURRENTLY "{name}"')
            unique, rest = (
                ("UNIQUE ", definition[7:]) if definition.startswith("UNIQUE ") else ("", definition)
            )
            op.execute(f'CREATE {unique}INDEX CONCURRENTLY IF NOT EXISTS "{name}" {rest}')


def drop_indexes(names: Iterable[str]) -> None:
    """Drop indexes while readers and writers go on."""
    with op.get_context().autocommit_block():
        for name in names:
            op.execute(f'DROP INDEX CONCURRENTLY IF EXISTS "{name}"')


def _invalid_indexes() -> set[str]:
    query = "SELECT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE NOT i.indisvalid"
    return set(op.get_bind().scalars(sa.text(query)))
