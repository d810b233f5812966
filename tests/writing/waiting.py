"""Races that go one way: who comes first is settled by who waits already."""

import asyncio

from tests.rows import fetch


async def until_waiting(url: str, number: int) -> None:
    """Until so many statements wait for a lock."""
    query = (
        "SELECT count(*) FROM pg_stat_activity "
        "WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    for _ in range(500):
        if fetch(url, query) == [(number,)]:
            return
        await asyncio.sleep(0.01)
    raise AssertionError("nobody waits")
