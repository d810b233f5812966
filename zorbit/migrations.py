"""The schema's version: moving a database up to this release's, and refusing one that is behind."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import sqlalchemy as sa

from zorbit.db import driver_url
from zorbit.errors import OperatorError

SCRIPTS = Path(__file__).resolve().parent.parent / "migrations"
OLDEST = 15
LOCK = 7_268_119_004_537_512_713  # an arbitrary key that only Zorbit's migrations take


def head() -> str:
    """This release's revision: revisions are numbered, so it is the last file's."""
    return max(path.name[:4] for path in SCRIPTS.glob("versions/[0-9]*.py"))


def current(connection: sa.Connection) -> str | None:
    """The database's revision; None where no migration has run yet."""
    if connection.scalar(sa.text("SELECT to_regclass('alembic_version')")) is None:
        return None
    revision: str | None = connection.scalar(sa.text("SELECT version_num FROM alembic_version"))
    return revision


def demand_version(connection: sa.Connection) -> None:
    """Raises OperatorError where PostgreSQL is too old."""
    version = int(connection.scalar(sa.text("SELECT current_setting('server_version_num')")) or 0)
    if version < OLDEST * 10_000:
        raise OperatorError(f"PostgreSQL {version // 10_000} is too old: Zorbit needs {OLDEST} or newer")


def demand_head(connection: sa.Connection) -> None:
    """Raises OperatorError unless the database has this release's schema."""
    found = current(connection)
    if found == head():
        return
    if found is not None and found > head():
        raise OperatorError(
            f"the database's schema ({found}) is newer than this release's ({head()}): "
            "run the release that made it"
        )
    raise OperatorError(
        f"the database's schema is behind ({found or 'empty'}, this release needs {head()}): "
        "make a backup, then run `zorbit migrate`"
    )


def migrate(
    url: str, target: str = "head", *, patience: float = 600, say: Callable[[str], None] = print
) -> None:
    """Move the database to `target`, one revision a transaction; hosts that come second wait for the first.

    Raises OperatorError when a rival holds the lock for longer than `patience` seconds.
    """
    # Only here: a server that starts does not need alembic, and importing it takes 0.2 s.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    engine = sa.create_engine(driver_url(url), poolclass=sa.NullPool)
    with exclusively(engine, patience, say), engine.connect() as connection:
        before = current(connection)
        connection.rollback()
        config = Config()
        config.set_main_option("script_location", str(SCRIPTS))
        config.attributes["connection"] = connection
        goes_down = target == "base" or (target != "head" and (before or "") > target)
        try:
            (command.downgrade if goes_down else command.upgrade)(config, target)
        except sa.exc.OperationalError as error:
            if not isinstance(error.orig, psycopg.errors.LockNotAvailable):
                raise
            raise OperatorError(
                "a long transaction holds a table that the migration needs (lock timeout): nothing of this "
                "revision was done, run `zorbit migrate` again when that transaction has ended"
            ) from None
        after = current(connection)
    say(f"schema {after}" if before == after else f"schema {before or 'empty'} -> {after or 'empty'}")


@contextmanager
def exclusively(engine: sa.Engine, patience: float, say: Callable[[str], None]) -> Iterator[None]:
    """Hold the lock of the migrations.

    It is asked for again and again, not waited for: a waiting statement would keep a snapshot open, and
    building an index concurrently waits for every older snapshot, so that the two would wait for each other.
    """
    deadline = time.monotonic() + patience
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        while not connection.scalar(sa.text("SELECT pg_try_advisory_lock(:key)"), {"key": LOCK}):
            if time.monotonic() > deadline:
                raise OperatorError(
                    f"another migration has been running for {patience:.0f} s: look at its host"
                )
            say("another migration is running; waiting")
            time.sleep(0.5)
        try:
            yield
        finally:
            connection.execute(sa.text("SELECT pg_advisory_unlock(:key)"), {"key": LOCK})


@contextmanager
def plain_connection(url: str, connect_timeout: int) -> Iterator[sa.Connection]:
    """A connection for one short look, outside any pool.

    Raises OperatorError where the database can't be reached.
    """
    engine = sa.create_engine(
        driver_url(url),
        poolclass=sa.NullPool,
        hide_parameters=True,
        connect_args={"connect_timeout": connect_timeout},
    )
    try:
        with engine.connect() as connection:
            yield connection
    except sa.exc.OperationalError as error:
        if not isinstance(error.orig, psycopg.OperationalError):
            raise
        raise OperatorError(f"cannot reach the database: {str(error.orig).strip()}") from None
