"""The periodic job: what time brings about, once, however many do it at once."""

import asyncio
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from structlog.testing import capture_logs

from tests.conftest import Client
from tests.observing.numbers import read
from tests.rows import execute, fetch, insert, insert_many
from tests.writing.billing.accounts import amounts, invoices, items, quotas, subscribed, subscription, whole
from tests.writing.changes import change
from zorbit import app
from zorbit.config import Settings
from zorbit.db import Database
from zorbit.services import idempotency, renewals
from zorbit.services.cycles import months_after

PERIODIC = {"operation": "(periodic)", "kind": "task"}
"""As `/metrics` tells of it."""
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def ago(time: timedelta) -> datetime:
    return datetime.now(UTC) - time


def period(months: int = 1, *, ended: timedelta = HOUR) -> dict[str, datetime]:
    """A period of so many months that ended so long ago, or up to three days earlier at a month's end."""
    start = months_after(ago(ended), -months)
    return {"startDate": start, "renewalDate": months_after(start, months)}


async def until(happened: Callable[[], bool]) -> None:
    """Wait, five seconds at most."""
    for _ in range(500):
        if happened():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it never happened")


def status(url: str, user: UUID) -> str:
    found: str = subscription(url, user)["status"]
    return found


# Ends


@pytest.mark.parametrize(
    ("held", "step"),
    [
        (lambda end: {"status": "trialing", "trialEndsAt": end}, "trials_ended"),
        (lambda end: {"status": "canceled", "endDate": end}, "cancellations_ended"),
        (lambda end: {"status": "past_due", "renewalDate": end - 7 * DAY}, "given_up"),
    ],
    ids=["trial", "canceled", "past due"],
)
async def test_what_is_over_expires(
    database: Database,
    database_url: str,
    settings: Settings,
    user: UUID,
    plan: UUID,
    held: Callable[[datetime], dict[str, Any]],
    step: str,
) -> None:
    other = insert(database_url, "User")
    subscribed(database_url, user, plan, **held(ago(HOUR)))
    going_on = held(ago(-HOUR))
    subscribed(database_url, other, plan, **going_on)

    assert await renewals.run(database, settings) == Counter({step: 1})
    before = whole(database_url)
    assert await renewals.run(database, settings) == Counter()

    assert status(database_url, user) == "expired"
    assert status(database_url, other) == going_on["status"]
    assert whole(database_url) == before
    recorded = fetch(database_url, 'SELECT action, "actorId", "userId", details FROM "AuditEntry"')
    assert recorded == [("periodic", None, user, {"step": step})]


async def test_what_is_not_paid_for_is_given_up(
    database: Database, database_url: str, settings: Settings, user: UUID, plan: UUID
) -> None:
    subscribed(database_url, user, plan, status="past_due", renewalDate=ago(7 * DAY))
    for given in ({"planId": plan}, {}, {"planId": plan, "status": "void"}):
        insert(database_url, "Invoice", userId=user, **given)

    await renewals.run(database, settings)

    assert status(database_url, user) == "expired"
    assert [invoice["status"] for invoice in invoices(database_url, user)] == [
        "uncollectible",
        "open",
        "void",
    ]


async def test_an_end_outlives_the_user_until_he_is_restored(
    database: Database, database_url: str, settings: Settings, plan: UUID
) -> None:
    deleted = insert(database_url, "User", isDeleted=True)
    subscribed(database_url, deleted, plan, status="canceled", endDate=ago(HOUR))

    assert await renewals.run(database, settings) == Counter()
    execute(database_url, 'UPDATE "User" SET "isDeleted" = false')

    assert await renewals.run(database, settings) == Counter(cancellations_ended=1)


# Renewals


async def test_a_period_that_ends_is_billed_and_past_due_until_it_is_paid(
    client: Client, database: Database, database_url: str, settings: Settings, user: UUID, plan: UUID
) -> None:
    dates = period()
    subscribed(database_url, user, plan, **dates)

    assert await renewals.run(database, settings) == Counter(periods_ended=1)

    (invoice,) = invoices(database_url, user)
    assert (invoice["status"], str(invoice["amount"]), invoice["planId"]) == ("open", "29.00", plan)
    assert invoice["dueDate"] == dates["renewalDate"] + 7 * DAY
    day = f"{dates['renewalDate']:%Y-%m-%d}"
    assert items(database_url, invoice["id"]) == [(f"Pro plan, one month from {day}", "29.00")]
    assert subscription(database_url, user)["renewalDate"] == dates["renewalDate"]
    assert status(database_url, user) == "past_due"

    admin = insert(database_url, "User", role="admin")
    await change(client, "payInvoice", "invoice { id }", by=admin, id=invoice["id"])

    row = subscription(database_url, user)
    assert (row["status"], row["startDate"]) == ("active", dates["startDate"])
    assert row["renewalDate"] == months_after(dates["startDate"], 2)


@pytest.mark.parametrize("interval", ["month", "year"])
async def test_what_costs_nothing_goes_on(
    database: Database, database_url: str, settings: Settings, user: UUID, interval: str
) -> None:
    free = insert(database_url, "Plan", price="0.00", interval=interval)
    months = 1 if interval == "month" else 12
    dates = period(months)
    subscribed(database_url, user, free, **dates)

    assert await renewals.run(database, settings) == Counter(periods_ended=1)

    row = subscription(database_url, user)
    assert (row["status"], row["startDate"]) == ("active", dates["startDate"])
    assert row["renewalDate"] == months_after(dates["startDate"], 2 * months)
    assert amounts(database_url, user) == [("paid", "0.00")]


async def test_missed_periods_that_cost_nothing_are_caught_up(
    database: Database, database_url: str, settings: Settings, user: UUID
) -> None:
    free = insert(database_url, "Plan", price="0.00")
    dates = period(ended=100 * DAY)
    subscribed(database_url, user, free, **dates)

    await renewals.run(database, settings)

    renewal = subscription(database_url, user)["renewalDate"]
    assert timedelta() < renewal - datetime.now(UTC) < 32 * DAY
    assert renewal in {months_after(dates["startDate"], number) for number in range(4, 7)}
    assert amounts(database_url, user) == [("paid", "0.00")]


async def test_a_period_that_ended_before_the_grace_is_billed_and_given_up_at_once(
    database: Database, database_url: str, settings: Settings, user: UUID, plan: UUID
) -> None:
    subscribed(database_url, user, plan, **period(ended=8 * DAY))

    assert await renewals.run(database, settings) == Counter(periods_ended=1, given_up=1)

    assert status(database_url, user) == "expired"
    assert amounts(database_url, user) == [("uncollectible", "29.00")]


async def test_an_offer_of_the_period_that_ended_is_withdrawn(
    database: Database, database_url: str, settings: Settings, user: UUID, plan: UUID
) -> None:
    more = insert(database_url, "Plan", price="59.00")
    subscribed(database_url, user, plan, **period())
    insert(database_url, "Invoice", userId=user, planId=more, amount="1.00")

    await renewals.run(database, settings)

    assert amounts(database_url, user) == [("void", "1.00"), ("open", "29.00")]


async def test_the_next_plan_takes_over(
    database: Database, database_url: str, settings: Settings, user: UUID, plan: UUID
) -> None:
    limits = {"postGenerationLimit": 4, "ideaGenerationLimit": 60}
    # Retired since it was chosen.
    less = insert(database_url, "Plan", name="Small", price="5.00", isActive=False, **limits)
    dates = period()
    subscribed(database_url, user, plan, nextPlanId=less, **dates)
    before = {"billingCycleStart": dates["startDate"], "billingCycleEnd": dates["renewalDate"]}
    since = {"billingCycleStart": dates["renewalDate"], "billingCycleEnd": ago(-30 * DAY)}
    insert(database_url, "UsageQuota", userId=user, used=90, **before, resetDate=before["billingCycleEnd"])
    for type, limit in [("post_generation", 100), ("idea_generation", 50)]:
        cycle = {"type": type, "limit": limit, **since, "resetDate": since["billingCycleEnd"]}
        insert(database_url, "UsageQuota", userId=user, used=6, **cycle)

    await renewals.run(database, settings)

    row = subscription(database_url, user)
    assert (row["planId"], row["nextPlanId"], row["status"]) == (less, None, "past_due")
    assert row["startDate"] == dates["startDate"]
    assert amounts(database_url, user) == [("open", "5.00")]
    found = [(type, used, limit) for type, used, limit, *_ in quotas(database_url, user)]
    assert found == [("post_generation", 90, 100), ("idea_generation", 6, 60), ("post_generation", 6, 4)]


async def test_a_next_plan_that_costs_nothing_takes_over_paid(
    database: Database, database_url: str, settings: Settings, user: UUID, plan: UUID
) -> None:
    free, dates = insert(database_url, "Plan", price="0.00"), period()
    subscribed(database_url, user, plan, nextPlanId=free, **dates)

    await renewals.run(database, settings)

    row = subscription(database_url, user)
    assert (row["planId"], row["status"]) == (free, "active")
    assert row["renewalDate"] == months_after(dates["startDate"], 2)


# At once, and in spite of things


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
