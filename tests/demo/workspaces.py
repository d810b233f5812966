"""Workspaces of the demo in tests, judged by what PostgreSQL holds."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import psycopg
from psycopg import sql

from tests.rows import execute, fetch
from zorbit import models

NOW = datetime(2026, 5, 20, 13, 37, 42, tzinfo=UTC)
PROFILES = 9  # so many users have every profile that there is
TABLES = [table.__name__ for table in models.TABLES]

# Days on which months are short, long or over: dates must hold whenever the demo is started.
DAYS = [
    datetime(2026, 3, 1, 0, 0, tzinfo=UTC),
    datetime(2026, 3, 31, 23, 59, tzinfo=UTC),
    datetime(2028, 2, 29, 23, 0, tzinfo=UTC),
]


def one(url: str, statement: str, *values: Any) -> Any:
    """The single value that a statement gives."""
    ((value,),) = fetch(url, statement, *values)
    return value


def checksum(url: str) -> dict[str, str]:
    """What every table holds, by table."""
    statement = "SELECT md5(string_agg(t::text, E'\\n' ORDER BY id)) FROM {} t"
    with psycopg.connect(url) as connection:
        return {
            table: str(connection.execute(sql.SQL(statement).format(sql.Identifier(table))).fetchone())
            for table in TABLES
        }


def sweep(url: str) -> None:
    """Empty every table."""
    execute(url, "TRUNCATE " + ", ".join(f'"{table}"' for table in TABLES) + " CASCADE")


@dataclass(frozen=True)
class World:
    """A larger workspace, and the day that it was made on."""

    url: str
    now: datetime
