"""Filling an empty database."""

from collections.abc import Callable
from datetime import datetime

import psycopg
from psycopg import sql

from zorbit.demo.rows import PARENTS_FIRST, Counts, Rows
from zorbit.demo.workspace import write_workspace
from zorbit.errors import OperatorError
from zorbit.visibility import ANY_USER

BATCH = 2000
"""Rows that are held before they are written: a few MiB, and several steps of a progress bar each second."""
# Triggers check and index what is copied: more room for that than a request needs.
SETTINGS = {
    "statement_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
    "work_mem": "64MB",
    "gin_pending_list_limit": "64MB",
}


def fill(
    url: str,
    *,
    users: int = 5,
    now: datetime | None = None,
    advance: Callable[[int], None] = lambda rows: None,
) -> Counts:
    """Write a workspace of `users` authors, an admin and a publisher, all of it or nothing.

    The first author is the demo user. The same `users` and `now` (by default the transaction's time) make
    the same rows. `advance` is called with the number of rows just written: `total(users)` in all.
    Raises OperatorError where there are users already.
    """
    rows = Rows()
    with psycopg.connect(url) as connection:
        started_at = _begin(connection)
        for _ in write_workspace(rows, users, now or started_at):
            if len(rows) >= BATCH:
                rows.write(connection, advance)
        rows.write(connection, advance)
    with psycopg.connect(url, autocommit=True) as connection:
        # Not ANALYZE alone: it would leave the index of words unsorted, and index-only scans slow.
        connection.execute(sql.SQL("VACUUM (ANALYZE) {}").format(_tables()))
    return rows.counts


def _begin(connection: psycopg.Connection) -> datetime:
    """Prepare the transaction and answer its time."""
    for name, value in SETTINGS.items():
        connection.execute("SELECT set_config(%s, %s, true)", (name, value))
    # Nobody else may become the first user meanwhile.
    connection.execute('LOCK TABLE "User" IN SHARE ROW EXCLUSIVE MODE')
    row = connection.execute(f"SELECT now(), ({ANY_USER})").fetchone()
    started_at, is_used = row or (None, None)
    if is_used:
        raise OperatorError(
            "the database holds users already, and demo data is never mixed with anybody's own: set "
            "ZORBIT_DATA_DIR to a new folder, or ZORBIT_DATABASE_URL to an empty database"
        )
    assert isinstance(started_at, datetime)  # noqa: S101 - for the type checker
    return started_at


def _tables() -> sql.Composed:
    return sql.SQL(", ").join(sql.Identifier(table.__name__) for table in PARENTS_FIRST)
