"""Waiting for what may never come."""

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from typing import Any, TypeVar

import psycopg

T = TypeVar("T")

# The event loop itself keeps only weak references to its tasks.
ABANDONED: set[asyncio.Task[Any]] = set()


# Of the request at hand: tasks that it has begun and that end by themselves, whoever waits for them.
WORKING: ContextVar[set[asyncio.Task[Any]] | None] = ContextVar("working", default=None)


@contextmanager
def given_up_together() -> Iterator[None]:
    """The task at hand is canceled when the request that it works for is given up."""
    working, task = WORKING.get(), asyncio.current_task()
    if working is None or task is None:
        yield
        return
    working.add(task)
    try:
        yield
    finally:
        working.discard(task)


async def within(limit: float, answering: Coroutine[Any, Any, T]) -> T:
    """What `answering` gives, if it does so in `limit` seconds; raises psycopg.OperationalError otherwise.

    A task that is late is canceled but not waited for: psycopg answers a cancellation by dialling the
    database again, which takes up to ten seconds where that has fallen silent.
    """
    working: set[asyncio.Task[Any]] = set()
    context = copy_context()
    context.run(WORKING.set, working)
    task = asyncio.create_task(answering, context=context)
    try:
        done, _ = await asyncio.wait({task}, timeout=limit)
    except asyncio.CancelledError:
        _cancel(task, *working)
        raise
    if done:
        if task.cancelled():
            raise RuntimeError("what was waited for has canceled itself")
        return task.result()
    _cancel(task, *working)
    ABANDONED.add(task)
    task.add_done_callback(_forget)
    raise psycopg.OperationalError("no answer in time")


def _cancel(*tasks: asyncio.Task[Any]) -> None:
    for task in tasks:
        task.cancel()


def _forget(task: asyncio.Task[Any]) -> None:
    ABANDONED.discard(task)
    if not task.cancelled():
        task.exception()  # looked at, so that asyncio does not report it: the request was answered long ago
