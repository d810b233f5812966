"""Waiting for what may never come."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

import psycopg

T = TypeVar("T")

# The event loop itself keeps only weak references to its tasks.
ABANDONED: set[asyncio.Task[Any]] = set()


async def within(limit: float, answering: Coroutine[Any, Any, T]) -> T:
    """What `answering` gives, if it does so in `limit` seconds; raises psycopg.OperationalError otherwise.

    A task that is late is canceled but not waited for: psycopg answers a cancellation by dialling the
    database again, which takes up to ten seconds where that has fallen silent.
    """
    task = asyncio.create_task(answering)
    try:
        done, _ = await asyncio.wait({task}, timeout=limit)
    except asyncio.CancelledError:
        task.cancel()
        raise
    if done:
        return task.result()
    task.cancel()
    ABANDONED.add(task)
    task.add_done_callback(_forget)
    raise psycopg.OperationalError("no answer in time")


def _forget(task: asyncio.Task[Any]) -> None:
    ABANDONED.discard(task)
    if not task.cancelled():
        task.exception()  # looked at, so that asyncio does not report it: the request was answered long ago
