"""What `/metrics` tells of requests, of their ways, and of what was refused."""

import asyncio
from uuid import UUID

import psycopg
import pytest

from tests.conftest import Client
from tests.observing.conftest import Serve
from tests.observing.numbers import numbers
from tests.outage import locked, waiting
from tests.persisted.conftest import by_hash
from tests.rows import insert
from tests.writing.changes import change
from zorbit.metrics import BOUNDS, OPERATIONS

VIEWER = "query Me { viewer { id } }"
POSTS = "query Posts { viewer { posts { nodes { title } } } }"


async def test_operations_are_told_by_name_kind_and_outcome(serve: Serve, user: UUID) -> None:
    async with serve() as client:
        for _ in range(3):
            await client.data(VIEWER, by=user)
        await client.data(POSTS, by=user)
        await client.run("query Posts { viewer { nonsense } }", by=user)
        await client.run("mutation Begin { createThread(input: {}) { userErrors { code } } }", by=user)
        found = await numbers(client)

    assert found.of("zorbit_operations_total", operation="Me", kind="query", outcome="ok") == 3
    assert found.of("zorbit_operations_total", operation="Posts", outcome="ok") == 1
    assert found.of("zorbit_operations_total", operation="(other)", kind="", outcome="refused") == 1
    assert found.of("zorbit_operation_seconds_count", operation="Me") == 3
    assert 0 < found.of("zorbit_operation_seconds_sum", operation="Me") < 3 * BOUNDS[-1]
    assert found.of("zorbit_operation_seconds_bucket", operation="Me", le="+Inf") == 3
    assert found.of("zorbit_sql_statements_total", operation="Me") == 3 + 1  # the user is looked up once
    assert found.of("zorbit_sql_statements_total", operation="Posts") == 2
    assert found.of("zorbit_points_total", operation="Me") == 3 * 11
    assert found.of("zorbit_operations_total", kind="mutation") == 1


async def test_names_that_clients_make_up_do_not_grow_it(serve: Serve, user: UUID) -> None:
    async with serve() as client:
        for number in range(20):
            await client.run(f"query Nobody{number} {{ systemPersonas {{ id }} }}")
        for number in range(OPERATIONS + 20):
            await client.data(f"query Q{number} {{ __typename }}", by=user)
        await client.data(f"query {'Q' * 200} {{ __typename }}", by=user)
        found = await numbers(client)

    names = found.by("zorbit_operations_total", "operation")
    assert set(names) == {f"Q{number}" for number in range(OPERATIONS)} | {"(other)"}
    assert names["(other)"] == 20 + 20 + 1


async def test_operations_without_a_name_or_with_a_long_one_are_told_together(
    serve: Serve, user: UUID
) -> None:
    async with serve() as client:
        for letter in "AB":
            await client.data(f"query {letter * 64} {{ viewer {{ id }} }}", by=user)
            await client.data(f"query {letter * 65} {{ viewer {{ id }} }}", by=user)
        await client.data("{ viewer { id } }", by=user)
        await client.data("{ viewer { name } }", by=user)
        found = await numbers(client)

    assert found.by("zorbit_operation_seconds_count", "operation") == {
        "(unnamed)": 2,
        "(long)": 2,
        "A" * 64: 1,
        "B" * 64: 1,
        "(other)": 0,
        "(periodic)": 0,
    }


async def test_what_is_no_operation_is_not_counted(serve: Serve) -> None:
    async with serve() as client:
        await client.http.get("/graphql", headers={"accept": "text/html"})
        await client.http.options("/graphql")
        await client.http.get("/healthz")
        found = await numbers(client)

    assert found.of("zorbit_operations_total") == 0


async def test_refusals_are_told_by_code(serve: Serve, user: UUID, database_url: str) -> None:
    plan = insert(database_url, "Plan", personaLimit=1)
    insert(database_url, "Subscription", userId=user, planId=plan)
    async with serve() as client:
        for _ in range(3):
            await change(client, "createPersona", "persona { id }", by=user, name="N", defaultPrompt="P")
        await client.post(VIEWER, authorization="Bearer x.y.z")
        await client.run("{", by=user)
        found = await numbers(client)

    assert found.by("zorbit_errors_total", "code") == {
        "QUOTA_EXHAUSTED": 2,
        "UNAUTHENTICATED": 1,
        "GRAPHQL_PARSE_FAILED": 1,
    }
    assert found.of("zorbit_operations_total", outcome="refused") == 4


async def test_rate_limits_are_an_outcome_of_their_own(serve: Serve, user: UUID) -> None:
    async with serve(rate=1e-3, rate_burst=100_000, limit_cost=100_000) as client:
        for number in range(12):
            await client.post(f"{{ a{number}: __typename }}", authorization=f"Bearer {client.token(user)}")
        found = await numbers(client)

    assert found.of("zorbit_operations_total", outcome="limited") == 3
    assert found.of("zorbit_errors_total", code="RATE_LIMITED") == 3


async def test_caches_tell_what_they_had(serve: Serve, user: UUID, database_url: str) -> None:
    admin = insert(database_url, "User", role="admin")
    async with serve() as client:
        for by in (user, user, admin):
            await client.data(VIEWER, by=by)
        found = await numbers(client)

    looked_up = {
        (cache, result): found.of("zorbit_cache_lookups_total", cache=cache, result=result)
        for cache in ("documents", "plans")
        for result in ("hit", "miss")
    }
    assert looked_up == {
        ("documents", "hit"): 2,
        ("documents", "miss"): 1,
        ("plans", "hit"): 1,
        ("plans", "miss"): 2,
    }


async def test_persisted_queries_are_found_at_hand_or_in_the_database_or_missed(
    serve: Serve, user: UUID
) -> None:
    async def lookups(client: Client, **content: str) -> tuple[float, float]:
        asked = content | {"extensions": by_hash(VIEWER)}
        headers = {"authorization": f"Bearer {client.token(user)}"}
        await client.http.post("/graphql", json=asked, headers=headers)
        found = await numbers(client)
        hits, misses = (
            found.of("zorbit_cache_lookups_total", cache="persisted", result=result)
            for result in ("hit", "miss")
        )
        return hits, misses

    async with serve() as client:
        unknown = await lookups(client)
        stored = await lookups(client, query=VIEWER)
        at_hand = await lookups(client)
    async with serve() as client:
        in_the_database = await lookups(client)
        for _ in range(2):
            await lookups(client)
        unasked = await lookups(client, query=VIEWER)
    async with serve(persisted_queries=0) as client:
        unsupported = await lookups(client)

    assert (unknown, stored, at_hand) == ((0, 1), (0, 1), (1, 1))
    assert (in_the_database, unasked) == ((1, 0), (3, 0))
    assert unsupported == (0, 0)


@pytest.mark.parametrize("pool", ["compiled", "resolvers"])
async def test_pools_tell_what_is_lent_and_who_waits(
    serve: Serve, user: UUID, database_url: str, pool: str
) -> None:
    sizes = {"read_pool_size": 1, "pool_size": 1, "compiled_reads": pool == "compiled"}

    async with serve(**sizes) as client:

        async def state() -> tuple[float, ...]:
            found = await numbers(client)
            return tuple(found.of(f"zorbit_pool_{one}", pool=pool) for one in ("size", "in_use", "waiting"))

        await client.data(VIEWER, by=user)
        assert await state() == (1, 0, 0)
        with psycopg.connect(database_url) as holder:
            await asyncio.to_thread(holder.execute, 'LOCK TABLE "User"')
            running = [asyncio.create_task(client.data(VIEWER, by=user)) for _ in range(3)]
            async with asyncio.timeout(30):
                while await state() != (1, 1, 2):  # noqa: ASYNC110 - nobody tells
                    await asyncio.sleep(0.01)
        await asyncio.gather(*running)
        assert await state() == (1, 0, 0)


async def test_queries_tell_which_way_they_went(serve: Serve, user: UUID) -> None:
    async with serve() as client:
        await client.data(VIEWER, by=user)
        await client.data("{ __schema { queryType { name } } }", by=user)
        found = await numbers(client)

    assert found.by("zorbit_queries_total", "answered_by") == {"compiled": 1, "resolvers: introspection": 1}


async def test_what_is_turned_away_is_told_beside_what_runs(
    serve: Serve, user: UUID, database_url: str
) -> None:
    async with serve(operations=1) as client:
        await client.data(VIEWER, by=user)
        async with locked(database_url, "User") as holder:
            running = asyncio.create_task(client.data(VIEWER, by=user))
            await waiting(holder)
            refused = await client.post(VIEWER, authorization=f"Bearer {client.token(user)}")
            found = await numbers(client)
        await running
        after = await numbers(client)

    assert refused.status_code == 503
    assert found.by("zorbit_sheds_total", "reason") == {"operations": 1}
    assert (found.of("zorbit_worker_running"), after.of("zorbit_worker_running")) == (1, 0)
    assert after.of("zorbit_operations_total") == 2
