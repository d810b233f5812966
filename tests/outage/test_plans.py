"""Compiled plans over a database that is slow, busy, or gone: 503 soon, and nothing is asked again."""

import asyncio
from typing import Any
from uuid import UUID

import pytest
from structlog.testing import capture_logs

from tests import rows
from tests.conftest import Client
from tests.outage import (
    GIVEN_UP,
    NO_POSTS,
    POSTS,
    TIMEOUTS,
    TOO_LONG,
    Serve,
    ask,
    assert_refused,
    assert_served,
    end_sessions,
    events,
    locked,
    waiting,
)
from tests.proxy import Proxy
from tests.schema.statements import counted

# A plan reads the caller, and leaves the rest to the field's resolver.
HISTORY = """{ viewer { usage(type: PERSONA) {
    history(since: "2026-03-01", until: "2026-03-02") { day }
} } }"""


async def test_these_queries_are_answered_by_plans(client: Client, user: UUID) -> None:
    for query in (POSTS, HISTORY):
        body = {"query": query, "extensions": {"compiled": True}}
        headers = {"authorization": f"Bearer {client.token(user)}"}
        answer = (await client.http.post("/graphql", json=body, headers=headers)).json()

        assert answer["extensions"] == {"compiled": True}


@pytest.mark.parametrize(("values", "cause"), TIMEOUTS)
async def test_a_statement_that_takes_too_long_is_503_and_not_sent_again(
    serve: Serve, database_url: str, user: UUID, values: dict[str, float], cause: str
) -> None:
    async with serve(database_url, **values) as client:
        await assert_served(client, user)
        async with locked(database_url, "Post"):
            with capture_logs() as logged, counted() as resolved:
                response = await ask(client, user)

        assert_refused(response, TOO_LONG)
        assert resolved == []
        assert events(logged) == GIVEN_UP
        assert logged[0]["error"] == cause
        await assert_served(client, user)


@pytest.mark.parametrize(("values", "cause"), TIMEOUTS)
async def test_a_resolver_s_statement_that_takes_too_long_is_503_and_not_sent_again(
    serve: Serve, database_url: str, user: UUID, values: dict[str, float], cause: str
) -> None:
    async with serve(database_url, **values) as client:
        await assert_served(client, user)
        async with locked(database_url, "UsageLog"):
            with capture_logs() as logged, counted() as resolved:
                response = await ask(client, user, HISTORY)

        assert_refused(response, TOO_LONG)
        assert len(resolved) == 1
        assert events(logged) == GIVEN_UP
        await assert_served(client, user)


@pytest.mark.parametrize("is_known", [True, False])
async def test_a_caller_who_cannot_be_looked_up_in_time_is_told_so(
    serve: Serve, database_url: str, user: UUID, is_known: bool
) -> None:
    async with serve(database_url, lock_timeout=0.3) as client:
        if is_known:
            await assert_served(client, user)
        async with locked(database_url, "User"):
            with capture_logs() as logged, counted() as resolved:
                response = await ask(client, user)

        assert_refused(response, TOO_LONG)
        assert events(logged) == GIVEN_UP
        assert len(resolved) == (0 if is_known else 1)
        await assert_served(client, user)


async def test_a_connection_that_breaks_under_a_query_is_503_and_replaced(
    serve: Serve, database_url: str, user: UUID
) -> None:
    async with serve(database_url) as client:
        await assert_served(client, user)
        async with locked(database_url, "Post") as holder:
            with capture_logs() as logged, counted() as resolved:
                running = asyncio.create_task(ask(client, user))
                await holder.execute("SELECT pg_terminate_backend(%s)", [await waiting(holder)])
                response = await running

        assert_refused(response)
        assert resolved == []
        assert events(logged) == GIVEN_UP
        await assert_served(client, user)


async def test_connections_that_break_while_nobody_uses_them_are_replaced_unnoticed(
    serve: Serve, database_url: str, user: UUID
) -> None:
    async with serve(database_url, read_pool_size=3) as client:
        await asyncio.gather(*(assert_served(client, user) for _ in range(6)))

        end_sessions(database_url)
        await asyncio.gather(*(assert_served(client, user) for _ in range(6)))


async def test_who_finds_no_free_connection_is_told_so_soon(
    serve: Serve, database_url: str, user: UUID
) -> None:
    async with serve(database_url, read_pool_size=1, pool_timeout=0.3) as client:
        await assert_served(client, user)
        async with locked(database_url, "Post") as holder:
            slow = asyncio.create_task(ask(client, user))
            await waiting(holder)

            with counted() as resolved:
                refused = await asyncio.gather(*(ask(client, user) for _ in range(3)))
        for response in refused:
            assert_refused(response)
        assert resolved == []
        assert (await slow).json() == NO_POSTS
        await assert_served(client, user)


async def test_a_database_that_falls_silent_in_the_middle_of_an_answer_is_503(
    serve: Serve, proxy: Proxy, database_url: str, user: UUID
) -> None:
    texts: list[dict[str, Any]] = [{"userId": user, "content": "x" * 100_000}] * 50
    rows.insert_many(database_url, "Post", texts)
    whole = "{ viewer { posts(first: 100) { nodes { content } } } }"
    async with serve(proxy.url, statement_timeout=0.5) as client:
        assert len((await ask(client, user, whole)).content) > 5_000_000

        proxy.silence(after=2_000_000)
        with counted() as resolved:
            assert_refused(await ask(client, user, whole))

        assert resolved == []
        await proxy.open()
        assert len((await ask(client, user, whole)).content) > 5_000_000


async def test_a_database_that_falls_silent_under_a_resolver_of_a_plan_is_503(
    serve: Serve, proxy: Proxy, database_url: str, user: UUID
) -> None:
    async with serve(proxy.url, statement_timeout=0.5) as client:
        await assert_served(client, user)
        async with locked(database_url, "UsageLog") as holder:
            running = asyncio.create_task(ask(client, user, HISTORY))
            await waiting(holder)
            proxy.silence()

            assert_refused(await running)

        await proxy.open()
        await assert_served(client, user)
