"""What purges find: rows that were deleted long ago, lately or never, and what is left of them."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from tests.rows import NOW, PLAIN, fetch
from zorbit.config import Settings
from zorbit.db import Database
from zorbit.services import purging
from zorbit.services.purging import Purged

AGE = timedelta(days=90)
OLD = {"isDeleted": True, "deletedAt": NOW - AGE - timedelta(minutes=1)}
RECENT = {"isDeleted": True, "deletedAt": NOW - AGE + timedelta(hours=1)}
LIVE: dict[str, Any] = {}


def counts(url: str) -> dict[str, int]:
    """How many rows each table has."""
    tables = " UNION ALL ".join(f"SELECT '{table}', count(*) FROM \"{table}\"" for table in PLAIN)
    return dict(fetch(url, tables))


def ids(url: str, *tables: str) -> set[UUID]:
    """The ids of the tables' rows."""
    return {id for table in tables for (id,) in fetch(url, f'SELECT id FROM "{table}"')}


async def purged(database: Database, settings: Settings) -> Purged:
    """What a purge deletes, which a dry run has told beforehand."""
    expected = await purging.preview(database, settings, AGE)
    found = await purging.run(database, settings, AGE)
    assert +found.rows == +expected.rows
    assert expected.in_use == 0
    return found
