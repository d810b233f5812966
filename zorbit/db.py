"""Connections to PostgreSQL: one pool a process, short read sessions, transactions for writing."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, cast

import psycopg
from sqlalchemy import URL, event, make_url, text
from sqlalchemy.exc import DBAPIError, DisconnectionError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool, ConnectionPoolEntry

from zorbit.config import Settings
from zorbit.errors import Unavailable

# PostgreSQL plans a statement of compiled reads once a connection, not at each use: that costs it 0.2 to
# 1 ms, and their plans hardly depend on values.
READS = {
    "plan_cache_mode": "force_generic_plan",
    "jit": "off",
    # The statements of one round trip see one snapshot.
    "default_transaction_isolation": r"repeatable\ read",
}
# What is raised when there is no database to talk to, as opposed to one that refuses a statement.
UNREACHABLE = (psycopg.OperationalError, psycopg.InterfaceError, PoolTimeoutError)
# No other time will do, either.
TOO_MUCH = (psycopg.errors.ProgramLimitExceeded, psycopg.errors.StatementTooComplex)
TIMED_OUT = (psycopg.errors.QueryCanceled, psycopg.errors.LockNotAvailable)
TOO_LONG = "The database took too long. Try again shortly."


class SessionPool(AsyncAdaptedQueuePool):
    """SQLAlchemy's pool, which does not tell how many wait."""

    waiting = 0

    def _do_get(self) -> ConnectionPoolEntry:
        is_spent = self.checkedout() >= self.size()
        self.waiting += is_spent
        try:
            return super()._do_get()
        finally:
            self.waiting -= is_spent


@dataclass(frozen=True, slots=True)
class Database:
    """The pool, and the ways to use it."""

    engine: AsyncEngine
    autocommit: AsyncEngine
    """The same without transactions. Made once: that takes 0.2 ms."""

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        """A short session for one batch of reads.

        In autocommit: BEGIN and COMMIT around a read would double its cost (measured), and one statement sees
        one snapshot without them.
        """
        async with AsyncSession(self.autocommit, expire_on_commit=False, autoflush=False) as session:
            yield session

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncSession]:
        """One transaction, committed when the block ends well."""
        async with AsyncSession(self.engine, expire_on_commit=False) as session, session.begin():
            yield session

    @asynccontextmanager
    async def survey(self) -> AsyncIterator[AsyncSession]:
        """One transaction that reads whole tables as of one instant, for as long as that takes."""
        async with self.write() as session:
            await session.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"))
            await session.execute(text("SET LOCAL statement_timeout = 0"))
            await session.execute(text("SET LOCAL work_mem = '64MB'"))
            yield session

    def state(self) -> tuple[int, int, int]:
        """Connections at most, of these in use, and how many wait for one."""
        pool = cast("SessionPool", self.engine.pool)
        return pool.size(), pool.checkedout(), pool.waiting

    async def close(self) -> None:
        """Close every connection of the pool."""
        await self.engine.dispose()


def connect(url: str, settings: Settings) -> Database:
    """A pool on `url`; nothing is connected before the first use."""
    engine = create_async_engine(
        driver_url(url),
        poolclass=SessionPool,
        pool_size=settings.pool_size,
        max_overflow=0,
        pool_timeout=settings.pool_timeout,
        # An error's text goes into the log, and parameters are what users wrote.
        hide_parameters=True,
        connect_args={
            "connect_timeout": settings.connect_timeout,
            "application_name": "zorbit",
            "options": _session_options(settings, {}),
        },
    )
    event.listen(engine.sync_engine, "checkout", _demand_alive)
    return Database(engine, engine.execution_options(isolation_level="AUTOCOMMIT"))


def _demand_alive(adapted: Any, _record: object, _proxy: object) -> None:
    """A request after a restart of PostgreSQL finds a fresh connection instead of an error.

    SQLAlchemy's own way is a statement at each checkout: 0.5 ms of the server's time, five times a write.
    """
    connection = adapted.driver_connection.pgconn
    try:
        connection.consume_input()  # the server's last words
        connection.consume_input()  # its end
    except psycopg.Error as error:
        raise DisconnectionError from error


async def read_connection(url: str, settings: Settings) -> psycopg.AsyncConnection[Any]:
    """A connection of compiled reads, which have a pool of their own; raises psycopg.OperationalError."""
    return await psycopg.AsyncConnection.connect(
        url,
        autocommit=True,
        connect_timeout=settings.connect_timeout,
        application_name="zorbit",
        options=_session_options(settings, READS),
    )


def driver_url(url: str) -> URL:
    """`url` for SQLAlchemy over psycopg."""
    return make_url(url).set(drivername="postgresql+psycopg")


def _session_options(settings: Settings, more: Mapping[str, str]) -> str:
    options = {
        **more,
        "statement_timeout": f"{settings.statement_timeout * 1000:.0f}ms",
        "lock_timeout": f"{settings.lock_timeout * 1000:.0f}ms",
        "idle_in_transaction_session_timeout": "60s",
        # What is given up here is given up there.
        "client_connection_check_interval": "1s",
        # Whatever the database's or the role's own are.
        "timezone": "UTC",
        "datestyle": "ISO",
        "client_encoding": "UTF8",
    }
    return " ".join(f"-c {name}={value}" for name, value in options.items())


def is_unreachable(error: BaseException) -> bool:
    """Whether `error` says that there is no database to talk to (any more)."""
    cause = _cause(error)
    return isinstance(cause, UNREACHABLE) and not isinstance(cause, TIMED_OUT + TOO_MUCH)


def unavailable(error: BaseException) -> Unavailable | None:
    """What callers are told where there is no database to talk to, or where it takes too long."""
    if isinstance(_cause(error), TIMED_OUT):
        return Unavailable(TOO_LONG)
    return Unavailable() if is_unreachable(error) else None


def _cause(error: BaseException) -> BaseException | None:
    return error.orig if isinstance(error, DBAPIError) else error
