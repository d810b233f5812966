"""What every command begins with: the database, running and with this release's schema."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import typer
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from zorbit import db, embedded, migrations
from zorbit.config import Settings
from zorbit.db import Database
from zorbit.errors import OperatorError

T = TypeVar("T")


@contextmanager
def any_database(settings: Settings) -> Iterator[str]:
    """The database's address; the embedded one runs meanwhile."""
    if settings.database_url is not None:
        yield settings.database_url.get_secret_value()
        return
    with embedded.running(settings.data_dir) as url:
        yield url


@contextmanager
def prepared_database(settings: Settings) -> Iterator[str]:
    """The database, reachable and with this release's schema; the embedded one is brought up to it."""
    with any_database(settings) as url:
        with migrations.plain_connection(url, settings.connect_timeout) as connection:
            migrations.demand_version(connection)
            is_behind = (migrations.current(connection) or "") < migrations.head()
            if not (settings.embedded and is_behind):
                migrations.demand_head(connection)
        if settings.embedded and is_behind:
            migrations.migrate(url, say=lambda line: typer.echo(line, err=True))
        yield url


def over(url: str, settings: Settings, act: Callable[[Database], Awaitable[T]]) -> T:
    """What `act` gives, over a pool that lives as long as it takes."""

    async def run() -> T:
        database = db.connect(url, settings)
        try:
            return await act(database)
        except DBAPIError as error:
            if not db.is_unreachable(error):
                raise
            raise OperatorError(f"the database went away: {str(error.orig).strip()}") from None
        finally:
            await database.close()

    return asyncio.run(run())


def within(url: str, settings: Settings, act: Callable[[AsyncSession], Awaitable[T]]) -> T:
    """What `act` gives, in one transaction of its own."""

    async def run(database: Database) -> T:
        async with database.write() as session:
            return await act(session)

    return over(url, settings, run)
