"""The line that an operation leaves in the log when it took long."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import psycopg
import pytest
import structlog

from tests.observing import SECRET
from tests.observing.collector import Collector
from tests.observing.conftest import Serve
from zorbit import logs

POSTS = f'query Slow {{ viewer {{ {SECRET}: posts(search: "{SECRET}") {{ nodes {{ title }} }} }} }}'


@contextmanager
def slow_lines() -> Iterator[list[Any]]:
    """Those that are written meanwhile."""
    found: list[Any] = []
    context = logs.with_request
    with structlog.testing.capture_logs(processors=[context]) as lines:
        yield found
    found += [line for line in lines if line["event"] == "slow operation"]


@pytest.mark.parametrize("compiled_reads", [True, False], ids=["by plans", "by resolvers"])
async def test_an_operation_that_takes_long_is_told_without_what_it_is_about(
    serve: Serve, user: UUID, database_url: str, compiled_reads: bool
) -> None:
    async with serve(slow_milliseconds=300, compiled_reads=compiled_reads) as client:
        await client.data(POSTS, by=user)
        with slow_lines() as lines, psycopg.connect(database_url) as holder:
            await asyncio.to_thread(holder.execute, 'LOCK TABLE "Post"')
            headers = {"authorization": f"Bearer {client.token(user)}", "x-request-id": "slow-one-1"}
            running = asyncio.create_task(client.post(POSTS, **headers))
            await asyncio.sleep(0.5)
            holder.rollback()
            await running

    (line,) = lines
    assert line.pop("milliseconds") > 300
    assert line.pop("cost") > 20
    assert line == {
        "event": "slow operation",
        "log_level": "warning",
        "request_id": "slow-one-1",
        "kind": "query",
        "operation": "Slow",
        "statements": 2 if compiled_reads else 3,
        "answered_by": "compiled" if compiled_reads else "resolvers",
        "outcome": "ok",
    }


async def test_a_slow_operation_that_is_traced_names_its_trace(
    serve: Serve, user: UUID, collector: Collector
) -> None:
    with slow_lines() as lines:
        async with serve(
            slow_milliseconds=0.001, traces_endpoint=collector.endpoint, traces_ratio=1
        ) as client:
            await client.data(POSTS, by=user)

    assert [line["trace_id"] for line in lines] == [collector.named("POST /graphql")[0].trace]


@pytest.mark.parametrize("limit", [0, 3_600_000], ids=["none", "an hour"])
async def test_what_is_quicker_than_the_limit_leaves_no_line(serve: Serve, user: UUID, limit: float) -> None:
    with slow_lines() as lines:
        async with serve(slow_milliseconds=limit) as client:
            await client.data(POSTS, by=user)

    assert lines == []
