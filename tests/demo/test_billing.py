"""What the demo's users pay for and use: quotas, logs, subscriptions and invoices that agree."""

from collections import Counter
from datetime import timedelta

from tests.demo.workspaces import NOW, World, one
from tests.rows import fetch
from zorbit import demo, models
from zorbit.services.cycles import cycle_at


def test_what_was_used_is_the_sum_of_the_logs(world: World) -> None:
    wrong = """SELECT count(*) FROM "UsageQuota" q WHERE used > "limit" OR used <>
               (SELECT coalesce(sum(amount), 0) FROM "UsageLog" WHERE "quotaId" = q.id)"""
    assert one(world.url, wrong) == 0
    stray = """SELECT count(*) FROM "UsageLog" l JOIN "UsageQuota" q ON q.id = l."quotaId"
               WHERE l."userId" <> q."userId"::text OR l.type <> q.type
               OR l."createdAt" < q."billingCycleStart" OR l."createdAt" >= q."billingCycleEnd" """
    assert one(world.url, stray) == 0


def test_a_refund_and_an_exhausted_quota_are_there(filled: str) -> None:
    exhausted = fetch(
        filled,
        """SELECT u.email, q.type FROM "UsageQuota" q JOIN "User" u ON u.id = q."userId"
           WHERE q.used = q."limit" AND q."billingCycleEnd" > %s""",
        NOW,
    )

    assert exhausted == [(demo.DEMO_EMAIL, "image_creation")]
    refund = "SELECT count(*) FROM \"UsageLog\" WHERE amount < 0 AND type = 'post_scheduling'"
    assert one(filled, refund) > 0


def test_limits_are_those_of_the_plan(filled: str) -> None:
    wrong = """SELECT count(*) FROM "UsageQuota" q JOIN "Subscription" s ON s."userId" = q."userId"
               JOIN "Plan" p ON p.id = s."planId" WHERE q."limit" <> CASE q.type
                 WHEN 'post_generation' THEN "postGenerationLimit"
                 WHEN 'idea_generation' THEN "ideaGenerationLimit"
                 WHEN 'comment_generation' THEN "commentGenerationLimit"
                 WHEN 'post_scheduling' THEN "postSchedulingLimit"
                 WHEN 'persona' THEN "personaLimit"
                 WHEN 'image_creation' THEN "imageCreationLimit" END"""

    assert one(filled, wrong) == 0


def test_personas_are_carried_over(world: World) -> None:
    wrong = """SELECT count(*) FROM "UsageQuota" q,
                 LATERAL (SELECT count(*) AS live FROM "Persona" p WHERE p."userId" = q."userId"
                   AND p."createdAt" < q."billingCycleStart"
                   AND coalesce(p."deletedAt" >= q."billingCycleStart", true)) AS before,
                 LATERAL (SELECT count(*) AS live FROM "Persona" p WHERE p."userId" = q."userId"
                   AND p."createdAt" < q."billingCycleEnd"
                   AND coalesce(p."deletedAt" >= q."billingCycleEnd", true)) AS after,
                 LATERAL (SELECT coalesce(sum(amount), 0) AS amount FROM "UsageLog"
                   WHERE "quotaId" = q.id AND description = 'carried over') AS carried
               WHERE q.type = 'persona' AND (carried.amount <> before.live OR q.used <> after.live)"""
    assert one(world.url, wrong) == 0

    carried = """SELECT count(*) FROM "UsageLog" l WHERE description = 'carried over'
                 AND NOT EXISTS (SELECT FROM "UsageLog" WHERE "quotaId" = l."quotaId" AND id < l.id)"""
    # Every cycle but the first one of a trial and of the author who has left.
    persona_rows = one(world.url, "SELECT count(*) FROM \"UsageQuota\" WHERE type = 'persona'")
    assert one(world.url, carried) == persona_rows - 2


def test_quotas_cover_the_cycles_of_the_subscription(world: World) -> None:
    columns = 'status, "startDate", "trialEndsAt", "endDate", "billingCycleStart", "billingCycleEnd"'
    found = fetch(world.url, f'SELECT {columns} FROM "Subscription" JOIN "UsageQuota" USING ("userId")')

    running = Counter[str]()
    for status, start, trial_ends_at, end_date, cycle_start, cycle_end in found:
        cycle = cycle_at(start, cycle_start)
        bounds = (start, trial_ends_at) if status == "trialing" else (cycle.start, cycle.end)
        assert (cycle_start, cycle_end) == bounds
        assert cycle_end <= end_date if status == "expired" else cycle_start <= world.now
        running[status] += cycle_start <= world.now < cycle_end
    assert running == {"trialing": 6, "active": 30, "past_due": 6, "canceled": 6, "expired": 0}


def test_subscriptions_stand_as_their_status_says(world: World) -> None:
    found = fetch(
        world.url,
        """SELECT email, p.name, p."isActive", status, "renewalDate", "endDate", "canceledAt", "trialEndsAt"
           FROM "Subscription" s JOIN "Plan" p ON p.id = s."planId"
           JOIN "User" u ON u.id = s."userId" WHERE NOT u."isDeleted" """,
    )

    now, grace = world.now, timedelta(days=7)
    for *_, status, renewal, end, canceled_at, trial_ends_at in found:
        holds = {
            "trialing": trial_ends_at and now < trial_ends_at,
            "active": now < renewal,
            "past_due": now - grace < renewal < now,
            "canceled": end and canceled_at and canceled_at < now < end,
            "expired": end and end < now,
        }
        assert holds[status], status
    first = {email: (plan, is_active, status) for email, plan, is_active, status, *_dates in found}
    assert first[demo.DEMO_EMAIL] == ("Pro", True, "active")
    assert {plan for plan, is_active, _status in first.values() if not is_active} == {"Starter"}


def test_invoices_are_the_sums_of_their_items(filled: str) -> None:
    wrong = """SELECT count(*) FROM "Invoice" i WHERE amount IS DISTINCT FROM
               (SELECT sum(amount) FROM "InvoiceItem" WHERE "invoiceId" = i.id)"""
    assert one(filled, wrong) == 0
    statuses = fetch(filled, 'SELECT DISTINCT status FROM "Invoice"')
    assert {status for (status,) in statuses} == {status.value for status in models.InvoiceStatus}
    items = 'SELECT count(*) FROM "InvoiceItem" GROUP BY "invoiceId"'
    assert {count for (count,) in fetch(filled, items)} == {1, 2}


def test_whoever_has_methods_of_payment_has_one_default(filled: str) -> None:
    default, removed = 'count(*) FILTER (WHERE "isDefault")', 'count("removedAt")'
    found = fetch(filled, f'SELECT {default}, {removed}, count(*) FROM "PaymentMethod" GROUP BY "userId"')

    assert found == [(1, 1, 3)] * 6
