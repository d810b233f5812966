"""An operation that takes too long is given up, and what it ran in PostgreSQL is gone soon after."""

import asyncio
from uuid import UUID

import psycopg
import pytest

from tests.outage import AWAY, Serve, ask, assert_refused, assert_served, locked, waiting

CREATE = 'mutation { createThread(input: {title: "x"}) { thread { id } } }'
FIND = "SELECT pid FROM pg_stat_activity WHERE pid = %s AND state = 'active'"


async def ended(url: str, process: int) -> None:
    """Wait until the server's process runs nothing for anybody."""
    async with asyncio.timeout(8), await psycopg.AsyncConnection.connect(url, autocommit=True) as watcher:
        while await (await watcher.execute(FIND, [process])).fetchone():  # noqa: ASYNC110 - PostgreSQL tells nobody
            await asyncio.sleep(0.05)


@pytest.mark.parametrize(
    ("compiled_reads", "table", "query"),
    [
        (True, "Post", "{ viewer { posts { totalCount } } }"),
        (False, "Post", "{ viewer { posts { totalCount } } }"),
        (True, "Thread", CREATE),
    ],
)
async def test_the_statement_of_an_operation_that_is_given_up_is_gone(
    serve: Serve, database_url: str, user: UUID, compiled_reads: bool, table: str, query: str
) -> None:
    values = {"operation_timeout": 1, "statement_timeout": 60, "lock_timeout": 60}
    async with serve(database_url, compiled_reads=compiled_reads, **values) as client:
        await assert_served(client, user)
        async with locked(database_url, table) as holder:
            asked = asyncio.create_task(ask(client, user, query))
            process = await waiting(holder)

            assert_refused(await asked, AWAY)

            await ended(database_url, process)  # while the lock is held: it was canceled, not let through
        await assert_served(client, user)
