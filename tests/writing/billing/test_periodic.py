"""The periodic job: once, however many do it at once, in spite of things, and in a server by itself."""

import asyncio
from collections import Counter
from collections.abc import Callable
from uuid import UUID

import psycopg
import pytest
from structlog.testing import capture_logs

from tests.observing.numbers import read
from tests.rows import execute, fetch, insert, insert_many
from tests.writing.billing.accounts import amounts, subscribed
from tests.writing.billing.periods import DAY, HOUR, ago, period, status
from tests.writing.commands import zorbit
from zorbit import app
from zorbit.config import Settings
from zorbit.db import Database
from zorbit.services import idempotency, renewals

PERIODIC = {"operation": "(periodic)", "kind": "task"}
"""As `/metrics` tells of it."""


async def test_several_at_once_bill_each_period_once(
    database: Database, database_url: str, settings: Settings, plan: UUID
) -> None:
    users = insert_many(database_url, "User", [{} for _ in range(120)])
    due = [{"userId": user, "planId": plan, **period()} for user in users]
    insert_many(database_url, "Subscription", due)

    found = await asyncio.gather(*(renewals.run(database, settings) for _ in range(3)))
    found.append(await renewals.run(database, settings))

    assert sum(found, Counter()) == Counter(periods_ended=120)
    counted = 'SELECT count(*), count(DISTINCT "userId") FROM "Invoice" WHERE status = \'open\''
    assert fetch(database_url, counted) == [(120, 120)]


async def test_an_account_that_is_held_is_left_for_the_next_time(
    database: Database, database_url: str, settings: Settings, user: UUID, plan: UUID
) -> None:
    subscribed(database_url, user, plan, **period())

    with psycopg.connect(database_url) as holder:
        holder.execute('SELECT FROM "User" FOR SHARE')
        assert await renewals.run(database, settings) == Counter()
    assert await renewals.run(database, settings) == Counter(periods_ended=1)


async def test_one_that_fails_keeps_nobody_else_waiting(
    database: Database, database_url: str, settings: Settings, user: UUID, plan: UUID
) -> None:
    stuck = subscribed(database_url, user, plan, **period())
    other = insert(database_url, "User")
    subscribed(database_url, other, plan, **period())
    execute(
        database_url,
        f"""
        CREATE FUNCTION stuck() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'stuck'; END $$;
        CREATE TRIGGER stuck BEFORE UPDATE ON "Subscription" FOR EACH ROW WHEN (NEW.id = '{stuck}')
          EXECUTE FUNCTION stuck()
        """,
    )
    try:
        with capture_logs() as logs:
            counts = await renewals.run(database, settings)
    finally:
        execute(database_url, "DROP FUNCTION stuck CASCADE")

    assert counts == Counter(periods_ended=1, failed=1)
    assert [(log["subscription_id"], log["step"]) for log in logs] == [(str(stuck), "periods_ended")]
    assert (status(database_url, user), status(database_url, other)) == ("active", "past_due")
    assert amounts(database_url, user) == []
    assert await renewals.run(database, settings) == Counter(periods_ended=1)


async def test_old_keys_are_forgotten_batch_by_batch(
    database: Database, database_url: str, settings: Settings, user: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(idempotency, "BATCH", 2)
    for _ in range(5):
        insert(database_url, "IdempotencyKey", callerId=user, createdAt=ago(24 * HOUR))
    kept = insert(database_url, "IdempotencyKey", callerId=user, createdAt=ago(23 * HOUR))

    assert await renewals.run(database, settings) == Counter(keys_forgotten=5)

    assert fetch(database_url, 'SELECT id FROM "IdempotencyKey"') == [(kept,)]


# In a server


async def until(happened: Callable[[], bool]) -> None:
    """Wait, five seconds at most."""
    for _ in range(500):
        if happened():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it never happened")


async def test_a_server_does_it_by_itself(
    database_url: str, settings: Settings, user: UUID, plan: UUID
) -> None:
    subscribed(database_url, user, plan, status="trialing", trialEndsAt=ago(-HOUR))
    application = app.create(settings.model_copy(update={"periodic_seconds": 0.01}), database_url)

    async with application.router.lifespan_context(application):
        await asyncio.sleep(0.1)
        assert status(database_url, user) == "trialing"
        execute(database_url, 'UPDATE "Subscription" SET "trialEndsAt" = now()')
        await until(lambda: status(database_url, user) == "expired")


async def test_a_server_never_does_it_where_it_is_told_so(
    database_url: str, settings: Settings, user: UUID, plan: UUID
) -> None:
    subscribed(database_url, user, plan, status="trialing", trialEndsAt=ago(HOUR))
    application = app.create(settings.model_copy(update={"periodic_seconds": 0}), database_url)

    async with application.router.lifespan_context(application):
        await asyncio.sleep(0.1)

    assert status(database_url, user) == "trialing"


async def test_a_server_goes_on_when_it_fails(
    database_url: str, settings: Settings, user: UUID, plan: UUID
) -> None:
    subscribed(database_url, user, plan, status="trialing", trialEndsAt=ago(HOUR))
    application = app.create(settings.model_copy(update={"periodic_seconds": 0.01}), database_url)

    execute(database_url, 'ALTER TABLE "Subscription" RENAME TO "Hidden"')
    try:
        with capture_logs() as logs:
            async with application.router.lifespan_context(application):
                await until(lambda: len(logs) > 1)
                execute(database_url, 'ALTER TABLE "Hidden" RENAME TO "Subscription"')
                await until(lambda: logs[-1]["event"] == "subscriptions moved on")
    finally:
        if fetch(database_url, "SELECT to_regclass('\"Hidden\"')") != [(None,)]:
            execute(database_url, 'ALTER TABLE "Hidden" RENAME TO "Subscription"')

    told = read(application.state.metrics.text().decode())
    runs = {name: told.of("zorbit_operations_total", **PERIODIC, outcome=name) for name in ("ok", "fault")}
    assert runs["fault"] == len(logs) - 1
    assert runs["ok"] > 0
    assert told.of("zorbit_operation_seconds_count", **PERIODIC) == sum(runs.values())
    # BEGIN, a statement at least, and COMMIT
    assert told.of("zorbit_sql_statements_total", **PERIODIC) > 3 * len(renewals.STEPS) * runs["ok"]
    assert told.of("zorbit_worker_requests_total") == 0
    assert {log["event"] for log in logs[:-1]} == {"periodic task failed"}
    assert logs[-1]["trials_ended"] == 1
    assert status(database_url, user) == "expired"


async def test_a_server_without_a_database_goes_on_and_stops(settings: Settings) -> None:
    nowhere = "postgresql://zorbit@127.0.0.1:1/zorbit"
    application = app.create(settings.model_copy(update={"periodic_seconds": 0.01}), nowhere)

    with capture_logs() as logs:
        async with application.router.lifespan_context(application):
            await until(lambda: len(logs) > 1)

    told = read(application.state.metrics.text().decode())
    assert told.of("zorbit_operations_total", **PERIODIC, outcome="unavailable") == len(logs)
    assert {(log["event"], log["task"]) for log in logs} == {("database unreachable", "periodic")}


# By hand


def test_what_is_due_is_done_once(database_url: str, user: UUID, plan: UUID) -> None:
    subscribed(database_url, user, plan, status="canceled", endDate=ago(DAY))

    first, second = zorbit(database_url, "periodic"), zorbit(database_url, "periodic")

    assert (first.code, first.out) == (0, "done: 1 cancellations_ended\n")
    assert (second.code, second.out) == (0, "done: nothing\n")
    assert status(database_url, user) == "expired"
