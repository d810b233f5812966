"""Statements sent by hand, and the connections that carry them."""

import asyncio
from collections.abc import Callable, Iterator

import psycopg
import pytest

from tests.engine import ECHO, PATIENCE, Pools, ask, ask_pool, assert_free, end
from zorbit.engine.statements import encoded
from zorbit.engine.wire import PREPARE_FROM, PREPARED, Connection, Statement


async def test_values_are_read_as_an_answer_takes_them(connection: Connection) -> None:
    text = """SELECT 1, 2::bigint, 1.5::float8, true, NULL::int, 'ä€😀', ARRAY['a', NULL, 'b,"c'],
        '0195e3b0-7c3e-7000-8000-000000000001'::uuid, 1.50::numeric, '{"a": [1]}'::jsonb,
        '2026-03-01'::date, '2026-03-01 12:00:00.5+00'::timestamptz"""

    [[row]] = await ask(connection, "SET timezone = 'UTC'", text)

    assert row == (
        *(1, 2, 1.5, True, None, "ä€😀", ["a", None, 'b,"c']),
        *("0195e3b0-7c3e-7000-8000-000000000001", "1.50", '{"a": [1]}', "2026-03-01"),
        "2026-03-01 12:00:00.5+00",
    )


async def test_statements_that_are_sent_together_run_in_one_transaction(connection: Connection) -> None:
    now = "SELECT now()::text, clock_timestamp()::text"

    [[[first, began]], [[second, ended]]] = await ask(connection, now, now)
    [[[third, _]]] = await ask(connection, now)

    assert first == second < third
    assert began < ended


async def test_each_statement_is_given_its_own_parameters(connection: Connection) -> None:
    echo, double = Statement("SELECT $1::text"), Statement("SELECT 2 * $1::int, $2::text[]")

    for number in range(2 * PREPARE_FROM):
        found = await ask(connection, (echo, ["a"]), (double, [number, ["x", 'y"']]), (echo, [None]))

        assert found == [[("a",)], [(2 * number, ["x", 'y"'])], [(None,)]]


@pytest.mark.parametrize("value", ["a\0b", ["a", "b\0"]])
def test_what_the_protocol_would_cut_off_is_no_parameter(value: object) -> None:
    with pytest.raises(ValueError, match="NUL"):
        encoded(value)


async def test_megabytes_go_both_ways(connection: Connection) -> None:
    large = "ä" * 1_500_000

    for _ in range(2 * PREPARE_FROM):
        found = await ask(connection, (ECHO, [large]), (ECHO, ["small"]), (ECHO, [large[::-1]]))

        assert found == [[(large,)], [("small",)], [(large,)]]


async def test_a_custom_statement_is_planned_for_its_values_and_others_are_not(pools: Pools) -> None:
    pool, mode = pools(plan_cache_mode="force_generic_plan"), "SHOW plan_cache_mode"
    custom = Statement(mode, is_custom=True)

    assert await ask_pool(pool, (custom, []), mode) == [[("auto",)], [("auto",)]]
    assert await ask_pool(pool, mode) == [[("force_generic_plan",)]]


async def test_what_is_used_often_is_prepared(connection: Connection) -> None:
    often, custom, once = Statement("SELECT 1"), Statement("SELECT 2", is_custom=True), Statement("SELECT 3")
    for _ in range(PREPARE_FROM - 1):
        await ask(connection, (often, []), (custom, []))
    assert await prepared(connection) == []

    await ask(connection, (often, []), (custom, []), (once, []))

    assert await prepared(connection) == ["SELECT 1"]


async def prepared(connection: Connection) -> list[str]:
    """What PostgreSQL keeps of this connection's statements."""
    [rows] = await ask(connection, "SELECT statement FROM pg_prepared_statements")
    return [text for (text,) in rows]


async def test_prepared_statements_are_bounded_and_those_that_are_used_stay(connection: Connection) -> None:
    favourite = Statement("SELECT 'favourite'")
    others = [Statement(f"SELECT {number}") for number in range(PREPARED + 50)]
    for _ in range(PREPARE_FROM):
        for number, statement in enumerate(others):
            assert await ask(connection, (favourite, []), (statement, [])) == [[("favourite",)], [(number,)]]

    kept = await prepared(connection)
    assert len(kept) == PREPARED
    assert favourite.text.decode() in kept
    assert others[-1].text.decode() in kept
    assert others[0].text.decode() not in kept


async def test_more_statements_than_are_kept_can_be_sent_together(connection: Connection) -> None:
    many = [Statement(f"SELECT {number}") for number in range(PREPARED + 50)]

    for _ in range(PREPARE_FROM + 1):
        found = await ask(connection, *((statement, []) for statement in many), (many[0], []))
        assert found == [[(number,)] for number in [*range(PREPARED + 50), 0]]

    assert len(await prepared(connection)) == PREPARED


@pytest.fixture
def table(url: str) -> Iterator[Callable[[str], None]]:
    """A table with one value, and what changes it."""
    with psycopg.connect(url, autocommit=True) as other:

        def change(statement: str) -> None:
            other.execute(statement.encode())

        change("CREATE TABLE wired (value int)")
        change("INSERT INTO wired VALUES (1)")
        yield change
        change("DROP TABLE wired")


async def test_a_statement_whose_column_changed_its_type_is_prepared_anew(
    pools: Pools, table: Callable[[str], None]
) -> None:
    pool, values = pools(), Statement("SELECT value FROM wired")
    for _ in range(PREPARE_FROM):
        assert await ask_pool(pool, (values, [])) == [[(1,)]]
    table("ALTER TABLE wired ALTER value TYPE text USING 'number ' || value")

    with pytest.raises(psycopg.errors.FeatureNotSupported, match="must not change result type"):
        await ask_pool(pool, (values, []))
    for _ in range(2 * PREPARE_FROM):
        assert await ask_pool(pool, (values, [])) == [[("number 1",)]]


async def test_a_statement_that_is_not_prepared_yet_takes_its_columns_as_they_come(
    connection: Connection, table: Callable[[str], None]
) -> None:
    values = Statement("SELECT value FROM wired")
    assert await ask(connection, (values, [])) == [[(1,)]]

    table("ALTER TABLE wired ALTER value TYPE text USING 'number ' || value")

    assert await ask(connection, (values, [])) == [[("number 1",)]]


# What goes wrong


@pytest.mark.parametrize("place", [0, 1, 2])
async def test_an_error_in_one_of_several_statements_is_that_of_all(pools: Pools, place: int) -> None:
    pool, asked = pools(), [Statement("SELECT 1"), Statement("SELECT 2")]
    asked.insert(place, Statement("SELECT 1 / $1::int"))

    for _ in range(2 * PREPARE_FROM):
        with pytest.raises(psycopg.errors.DivisionByZero):
            await ask_pool(pool, *((one, [0] if one is asked[place] else []) for one in asked))

    good = await ask_pool(pool, *((one, [1] if one is asked[place] else []) for one in asked))
    assert good[place] == [(1,)]


async def test_who_is_not_answered_in_time_is_told_so_and_the_place_is_free(pools: Pools) -> None:
    pool = pools()

    with pytest.raises(psycopg.OperationalError, match="did not answer in time"):
        await ask_pool(pool, "SELECT pg_sleep(60)", patience=0.1)

    await assert_free(pool, 1)


async def test_a_value_that_cannot_be_read_is_told_at_once(pools: Pools) -> None:
    pool = pools(client_encoding="LATIN1")

    with pytest.raises(UnicodeDecodeError):
        await ask_pool(pool, "SELECT chr(233)", "SELECT 1")

    await assert_free(pool, 1)


async def test_what_cannot_be_sent_is_told_at_once(pools: Pools) -> None:
    pool = pools()
    connection = await pool.take()

    with pytest.raises(TypeError):
        await connection.run([(ECHO, ["not bytes"])], PATIENCE)  # type: ignore[list-item] # what is tested
    pool.give(connection)

    await assert_free(pool, 1)


async def test_who_waits_for_a_connection_that_is_closed_is_told_at_once(pools: Pools) -> None:
    pool = pools()
    connection = await pool.take()
    running = asyncio.ensure_future(ask(connection, "SELECT pg_sleep(60)"))
    await asyncio.sleep(0.05)

    connection.close()

    with pytest.raises(psycopg.OperationalError, match="was closed"):
        await running
    pool.give(connection)
    await assert_free(pool, 1)


async def test_a_connection_that_breaks_under_a_statement_is_replaced(pools: Pools, url: str) -> None:
    pool = pools()
    [[[pid]]] = await ask_pool(pool, "SELECT pg_backend_pid()")
    running = asyncio.ensure_future(ask_pool(pool, "SELECT pg_sleep(60)"))
    await asyncio.sleep(0.05)

    end(url, pid)

    with pytest.raises(psycopg.OperationalError):
        await running
    await assert_free(pool, 1)


@pytest.mark.parametrize("turns", [0, 1, 10])
async def test_a_connection_that_breaks_while_nobody_uses_it_is_replaced(
    pools: Pools, url: str, turns: int
) -> None:
    """Whether or not the event loop has heard of it."""
    pool = pools()
    [[[pid]]] = await ask_pool(pool, "SELECT pg_backend_pid()")
    end(url, pid)
    for _ in range(turns):
        await asyncio.sleep(0)

    [[[other]]] = await ask_pool(pool, "SELECT pg_backend_pid()")

    assert other != pid
    await assert_free(pool, 1)
