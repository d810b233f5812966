"""Resolvers over a database that is slow, busy, or gone: the fields that need it say so."""

import asyncio
from functools import partial
from typing import Any
from uuid import UUID

import httpx
import pytest
from structlog.testing import capture_logs

from tests.outage import (
    AWAY,
    GIVEN_UP,
    NO_POSTS,
    TIMEOUTS,
    TOO_LONG,
    Serve,
    ask,
    assert_refused,
    assert_served,
    events,
    locked,
    waiting,
)

POSTS_AND_COMMENTS = "{ posts: viewer { posts { totalCount } } comments: viewer { comments { totalCount } } }"


@pytest.fixture
def serve(serve: Serve) -> Serve:
    """Starts the application without compiled plans."""
    return partial(serve, compiled_reads=False)


def assert_given_up(response: httpx.Response, path: list[str], message: str = AWAY) -> dict[str, Any]:
    """One field was given up, and nothing is told but why; what the others gave."""
    assert response.status_code == 200
    answer: dict[str, Any] = response.json()
    [error] = answer["errors"]
    assert error.pop("locations")
    assert error == {"message": message, "path": path, "extensions": {"code": "SERVICE_UNAVAILABLE"}}
    return answer["data"] or {}


@pytest.mark.parametrize(("values", "cause"), TIMEOUTS)
async def test_a_statement_that_takes_too_long_takes_its_field_along(
    serve: Serve, database_url: str, user: UUID, values: dict[str, float], cause: str
) -> None:
    async with serve(database_url, **values) as client:
        async with locked(database_url, "Post"):
            with capture_logs() as logged:
                response = await ask(client, user, POSTS_AND_COMMENTS)

        data = assert_given_up(response, ["posts", "posts", "totalCount"], TOO_LONG)
        assert data == {"posts": None, "comments": {"comments": {"totalCount": 0}}}
        assert events(logged) == GIVEN_UP
        await assert_served(client, user)


async def test_a_caller_who_cannot_be_looked_up_in_time_is_told_so(
    serve: Serve, database_url: str, user: UUID
) -> None:
    async with serve(database_url, statement_timeout=0.3) as client:
        with capture_logs() as logged:
            async with locked(database_url, "User"):
                response = await ask(client, user)

        assert_refused(response, TOO_LONG)
        assert events(logged) == GIVEN_UP
        await assert_served(client, user)


async def test_a_connection_that_breaks_under_a_query_is_told_and_replaced(
    serve: Serve, database_url: str, user: UUID
) -> None:
    async with serve(database_url) as client:
        with capture_logs() as logged:
            async with locked(database_url, "Post") as holder:
                running = asyncio.create_task(ask(client, user))
                await holder.execute("SELECT pg_terminate_backend(%s)", [await waiting(holder)])
                response = await running

        assert_given_up(response, ["viewer", "posts", "totalCount"])
        assert events(logged) == GIVEN_UP
        await assert_served(client, user)


async def test_who_finds_no_free_connection_is_told_so_soon(
    serve: Serve, database_url: str, user: UUID
) -> None:
    async with serve(database_url, pool_size=1, pool_timeout=0.3) as client:
        async with locked(database_url, "Post") as holder:
            slow = asyncio.create_task(ask(client, user))
            await waiting(holder)

            refused = await asyncio.gather(*(ask(client, user) for _ in range(3)))
        for response in refused:
            assert_refused(response)
        assert (await slow).json() == NO_POSTS
        await assert_served(client, user)


async def test_a_field_that_finds_no_free_connection_says_so_and_leaves_the_others_alone(
    serve: Serve, database_url: str, user: UUID
) -> None:
    async with serve(database_url, pool_size=1, pool_timeout=0.3) as client:
        with capture_logs() as logged:
            async with locked(database_url, "Post") as holder:
                running = asyncio.create_task(ask(client, user, POSTS_AND_COMMENTS))
                await waiting(holder)
                await asyncio.sleep(0.5)
            response = await running

        data = assert_given_up(response, ["comments", "comments", "totalCount"])
        assert data == {"posts": {"posts": {"totalCount": 0}}, "comments": None}
        assert events(logged) == GIVEN_UP
        await assert_served(client, user)
