"""Connections that are shared: whatever becomes of who uses them, their places are not lost."""

import asyncio
import random
from typing import Any

import psycopg
import pytest

from tests.engine import ECHO, Pools, ask, ask_pool, assert_free


async def test_a_connection_is_used_again(pools: Pools) -> None:
    pool = pools(3)

    found = {(await ask_pool(pool, "SELECT pg_backend_pid()"))[0][0] for _ in range(5)}

    assert len(found) == 1
    await assert_free(pool, 3)


async def test_who_waits_too_long_for_a_connection_is_told_so_and_the_next_gets_it(pools: Pools) -> None:
    pool = pools(1, patience=0.05)
    taken = await pool.take()

    with pytest.raises(psycopg.OperationalError, match="no connection was free in time"):
        await pool.take()
    waiting = asyncio.ensure_future(pool.take())
    await asyncio.sleep(0)
    pool.give(taken)

    assert await waiting is taken
    pool.give(taken)
    await assert_free(pool, 1)


async def test_who_waited_longest_is_next(pools: Pools) -> None:
    pool = pools(1)
    order: list[int] = []

    async def use(number: int) -> None:
        await ask_pool(pool, "SELECT 1")
        order.append(number)

    await asyncio.gather(*(use(number) for number in range(10)))

    assert order == list(range(10))


async def test_who_is_canceled_when_it_is_their_turn_passes_it_on(pools: Pools) -> None:
    pool = pools(1)
    taken = await pool.take()
    canceled, next_one = (asyncio.ensure_future(pool.take()) for _ in range(2))
    await asyncio.sleep(0)

    pool.give(taken)
    canceled.cancel()

    assert await next_one is taken
    assert canceled.cancelled()
    pool.give(taken)
    await assert_free(pool, 1)


async def test_who_is_canceled_under_a_statement_leaves_a_free_place(pools: Pools) -> None:
    pool = pools(1)
    running = asyncio.ensure_future(ask_pool(pool, "SELECT pg_sleep(60)"))
    await asyncio.sleep(0.05)

    running.cancel()

    await asyncio.wait({running})
    assert running.cancelled()
    await assert_free(pool, 1)


async def test_who_cannot_connect_leaves_a_free_place(pools: Pools, url: str) -> None:
    attempts = 0

    async def connect() -> psycopg.AsyncConnection[Any]:
        nonlocal attempts
        attempts += 1
        if attempts <= 5:
            raise psycopg.OperationalError("away")
        return await psycopg.AsyncConnection.connect(url, autocommit=True)

    pool = pools(2, connect=connect)

    found = await asyncio.gather(*(pool.take() for _ in range(5)), return_exceptions=True)

    assert [str(error) for error in found] == ["away"] * 5
    await assert_free(pool, 2)


@pytest.mark.parametrize("seed", range(5))
async def test_whatever_is_canceled_all_places_are_free_afterwards(pools: Pools, seed: int) -> None:
    pool, chance = pools(2, patience=0.3), random.Random(seed)
    answered: list[int] = []

    async def use(number: int) -> None:
        await asyncio.sleep(chance.random() / 10)
        sleep = f"SELECT pg_sleep({chance.choice([0, 0, 0.001, 0.01])})::text"
        text = chance.choice([sleep, sleep, "SELECT 1 / 0"])
        [_, [[echoed]]] = await ask_pool(pool, text, (ECHO, [number]), patience=chance.choice([0.005, 1, 1]))
        assert int(echoed) == number
        answered.append(number)

    tasks = [asyncio.ensure_future(use(number)) for number in range(200)]
    for task in chance.sample(tasks, 100):
        asyncio.get_running_loop().call_later(chance.random() / 5, task.cancel)
    ends = await asyncio.gather(*tasks, return_exceptions=True)

    unexpected = [end for end in ends if end and not isinstance(end, psycopg.Error | asyncio.CancelledError)]
    assert unexpected == []
    assert answered
    await assert_free(pool, 2)


async def test_a_pool_that_is_closed_keeps_nothing_that_is_given_back(pools: Pools) -> None:
    pool = pools(2)
    used, idle = await pool.take(), await pool.take()
    pool.give(idle)
    running = asyncio.ensure_future(ask(used, "SELECT 'whole'"))
    await asyncio.sleep(0)

    pool.close()

    assert not idle.is_open
    assert await running == [[("whole",)]]
    pool.give(used)
    assert not used.is_open
