"""The demo workspace, judged by what PostgreSQL holds afterwards."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from psycopg import sql

from tests.conftest import recreate, renamed
from tests.rows import execute, fetch, insert
from zorbit import demo, models
from zorbit.errors import OperatorError
from zorbit.services.cycles import cycle_at
from zorbit.services.personas import system_personas

NOW = datetime(2026, 5, 20, 13, 37, 42, tzinfo=UTC)
PROFILES = 9  # so many users have every profile that there is
TABLES = [table.__name__ for table in models.TABLES]

# Days on which months are short, long or over: dates must hold whenever the demo is started.
DAYS = [
    datetime(2026, 3, 1, 0, 0, tzinfo=UTC),
    datetime(2026, 3, 31, 23, 59, tzinfo=UTC),
    datetime(2028, 2, 29, 23, 0, tzinfo=UTC),
]


def one(url: str, statement: str, *values: Any) -> Any:
    """The single value that a statement gives."""
    ((value,),) = fetch(url, statement, *values)
    return value


def checksum(url: str) -> dict[str, str]:
    """What every table holds, by table."""
    statement = "SELECT md5(string_agg(t::text, E'\\n' ORDER BY id)) FROM {} t"
    with psycopg.connect(url) as connection:
        return {
            table: str(connection.execute(sql.SQL(statement).format(sql.Identifier(table))).fetchone())
            for table in TABLES
        }


def sweep(url: str) -> None:
    """Empty every table."""
    execute(url, "TRUNCATE " + ", ".join(f'"{table}"' for table in TABLES))


@pytest.fixture(scope="module")
def copies(
    postgres: str, worker_database: str, worker_id: str
) -> Iterator[Callable[[str, int, datetime], str]]:
    """Makes databases of their own for tests that only read: each is filled once."""
    made: list[str] = []

    def make(name: str, users: int, now: datetime) -> str:
        made.append(f"zorbit_demo_{name}_{worker_id}")
        recreate(postgres, made[-1], template=f"zorbit_template_{worker_id}")
        url = renamed(postgres, made[-1])
        demo.fill(url, users=users, now=now)
        return url

    yield make
    for name in made:
        execute(postgres, f'DROP DATABASE "{name}"')


@pytest.fixture(scope="module")
def filled(copies: Callable[[str, int, datetime], str]) -> str:
    """A database with the default workspace, to read only."""
    return copies("default", 5, NOW)


@dataclass(frozen=True)
class World:
    """A larger workspace, and the day that it was made on."""

    url: str
    now: datetime


@pytest.fixture(scope="module", params=[NOW, *DAYS], ids=str)
def world(copies: Callable[[str, int, datetime], str], request: pytest.FixtureRequest) -> World:
    """Workspaces of different days, with every profile that there is; to read only."""
    now: datetime = request.param
    return World(copies(f"{now:%Y%m%d}", PROFILES, now), now)


def test_the_default_workspace_has_these_rows(database_url: str) -> None:
    steps: list[int] = []

    counts = demo.fill(database_url, now=NOW, advance=steps.append)

    assert counts == Counter(
        {
            "ChatMessage": 344,
            "Comment": 72,
            "ContentIdea": 181,
            "Invoice": 28,
            "InvoiceItem": 31,
            "PaymentMethod": 18,
            "Persona": 24,
            "Plan": 4,
            "Post": 183,
            "Subscription": 6,
            "Template": 24,
            "Thread": 47,
            "UsageLog": 265,
            "UsageQuota": 90,
            "User": 8,
        }
    )
    assert counts == {table: one(database_url, f'SELECT count(*) FROM "{table}"') for table in TABLES}
    assert sum(steps) == counts.total() == demo.total(5) == 1325


def test_the_accounts_are_there_with_their_roles(filled: str) -> None:
    found = dict(
        fetch(filled, 'SELECT email, role FROM "User" WHERE role <> %s OR email LIKE %s', "user", "demo%")
    )

    assert found == {demo.DEMO_EMAIL: "user", demo.ADMIN_EMAIL: "admin", demo.PUBLISHER_EMAIL: "service"}


def test_the_same_users_and_now_make_the_same_rows(database_url: str) -> None:
    demo.fill(database_url, now=NOW)
    first = checksum(database_url)
    sweep(database_url)

    demo.fill(database_url, now=NOW)

    assert checksum(database_url) == first


def test_later_on_the_same_day_only_due_posts_differ(database_url: str) -> None:
    posts = 'SELECT id, "scheduledOn" FROM "Post" ORDER BY id'
    demo.fill(database_url, now=NOW)
    before, rows_before = checksum(database_url), fetch(database_url, posts)
    sweep(database_url)

    demo.fill(database_url, now=NOW + timedelta(hours=2))

    after, rows_after = checksum(database_url), fetch(database_url, posts)
    assert {table for table in TABLES if before[table] != after[table]} == {"Post"}
    moved = [
        (earlier[1], later[1])
        for earlier, later in zip(rows_before, rows_after, strict=True)
        if earlier != later
    ]
    assert len(moved) == 5
    assert all(later - earlier == timedelta(hours=2) for earlier, later in moved)


def test_by_default_now_is_the_transactions_time(database_url: str) -> None:
    demo.fill(database_url)

    late = fetch(
        database_url,
        'SELECT 1 FROM "Post" WHERE now() - "scheduledOn" BETWEEN %s AND %s AND NOT "isPostedOnLinkedin"',
        timedelta(minutes=3),
        timedelta(minutes=60),
    )
    assert len(late) == 5


def test_users_already_there_are_left_alone(database_url: str) -> None:
    insert(database_url, "User", email="somebody@example.com")
    before = checksum(database_url)

    with pytest.raises(OperatorError, match="ZORBIT_DATA_DIR to a new folder"):
        demo.fill(database_url, now=NOW)

    assert checksum(database_url) == before


def test_an_interrupted_fill_leaves_nothing(database_url: str) -> None:
    def interrupt(_rows: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        demo.fill(database_url, now=NOW, advance=interrupt)

    assert one(database_url, 'SELECT count(*) FROM "Plan"') == 0


STATES = {
    "draft": "NOT published AND \"scheduledOn\" IS NULL AND type = 'post'",
    "ready": 'published AND "scheduledOn" IS NULL AND NOT "isPostedOnLinkedin"',
    "scheduled": 'NOT "isPostedOnLinkedin" AND "scheduledOn" > {now}',
    "due": 'NOT "isPostedOnLinkedin" AND "scheduledOn" BETWEEN {now} - interval \'1 hour\' AND {now}',
    "missed": 'NOT "isPostedOnLinkedin" AND "scheduledOn" < {now} - interval \'1 day\'',
    "posted on time": '"isPostedOnLinkedin" AND "scheduledOn" < "linkedinPostedAt"',
    "posted by hand": '"isPostedOnLinkedin" AND "scheduledOn" IS NULL',
    "liked": '"isLiked"',
    "disliked": '"isDisliked"',
    "saved": '"isSaved"',
    "with an own persona": '"personaId" IS NOT NULL',
    "with a persona that was deleted": '"personaId" IN (SELECT id FROM "Persona" WHERE "isDeleted")',
    "with a system persona": '"systemPersonaId" IS NOT NULL',
    "with neither": '"personaId" IS NULL AND "systemPersonaId" IS NULL',
    "with a template": '"templateId" IS NOT NULL',
    "without a template": '"templateId" IS NULL',
    "with a message": '"chatMessageId" IS NOT NULL',
    "without a message": '"chatMessageId" IS NULL',
    **{f"of type {type.value}": f"type = '{type.value}'" for type in models.PostType},
}


def test_the_demo_user_has_posts_in_every_state(world: World) -> None:

    counts = ", ".join(
        f"count(*) FILTER (WHERE {condition.format(now='%(now)s')})" for condition in STATES.values()
    )
    statement = f"""SELECT {counts} FROM "Post" p JOIN "User" u ON u.id = p."userId"
                    WHERE u.email = %(email)s AND NOT p."isDeleted" """
    with psycopg.connect(world.url) as connection:
        parameters = {"now": world.now, "email": demo.DEMO_EMAIL}
        found = connection.execute(statement.encode(), parameters).fetchone()
    missing = [state for state, count in zip(STATES, found or (), strict=True) if not count]
    assert missing == []


def test_system_personas_are_known(filled: str) -> None:
    found = fetch(filled, 'SELECT DISTINCT "systemPersonaId" FROM "Post" WHERE "systemPersonaId" IS NOT NULL')

    assert {id for (id,) in found} == set(system_personas())


def test_every_column_that_may_be_null_is_so_somewhere_and_not_everywhere(filled: str) -> None:
    columns = fetch(
        filled,
        """SELECT table_name, column_name FROM information_schema.columns WHERE is_nullable = 'YES'
           AND table_schema = 'public' AND table_name = ANY(%s) AND column_name <> 'searchVector'""",
        TABLES,
    )

    uniform = {
        f"{table}.{column}"
        for table, column in columns
        if one(filled, f'SELECT count(DISTINCT "{column}" IS NULL) FROM "{table}"') != 2
    }
    # The demo's users come with local tokens, not from an issuer.
    assert uniform == {"User.authIssuer", "User.authSubject"}


@pytest.mark.parametrize("table", [table.__name__ for table in models.DELETABLE])
def test_the_trash_has_something_of_everything(filled: str, table: str) -> None:
    deleted = fetch(
        filled,
        f'SELECT "deletedAt" > "createdAt", "updatedAt" >= "deletedAt" FROM "{table}" WHERE "isDeleted"',
    )

    assert deleted
    assert set(deleted) == {(True, True)}


def test_live_messages_lie_below_a_deleted_thread_and_a_deleted_one_in_a_live_thread(filled: str) -> None:
    found = fetch(
        filled,
        """SELECT t."isDeleted", m."isDeleted", count(*) > 0 FROM "Thread" t
           JOIN "ChatMessage" m ON m."threadId" = t.id GROUP BY 1, 2 ORDER BY 1, 2""",
    )

    assert found == [(False, False, True), (False, True, True), (True, False, True)]


def test_the_deleted_users_posts_are_not_scheduled(filled: str) -> None:
    waiting = """SELECT count(*) FROM "Post" p JOIN "User" u ON u.id = p."userId"
                 WHERE u."isDeleted" AND p."scheduledOn" IS NOT NULL AND NOT p."isPostedOnLinkedin" """

    assert one(filled, waiting) == 0


def test_texts_come_close_to_their_limits(filled: str) -> None:
    assert 99_000 < one(filled, 'SELECT max(char_length(content)) FROM "ChatMessage"') <= 100_000
    assert 280 < one(filled, 'SELECT max(char_length(title)) FROM "Thread"') <= 300
    posts = fetch(filled, "SELECT content FROM \"Post\" WHERE type = 'post'")
    assert 2900 < max(len(content.encode("utf-16-le")) // 2 for (content,) in posts) <= 3000


def test_other_scripts_are_there(filled: str) -> None:
    for letters in ("[ぁ-ん]", "[äöüß]", "🙂"):
        assert one(filled, 'SELECT count(*) FROM "Post" WHERE content ~ %s', letters) > 0


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


def test_nothing_was_created_or_changed_after_now(world: World) -> None:

    for table in models.TABLES:
        changed = '"updatedAt"' if issubclass(table, models.Editable) else '"createdAt"'
        deleted = '"deletedAt"' if issubclass(table, models.Deletable) else "NULL"
        wrong = f"""SELECT count(*) FROM "{table.__name__}"
                    WHERE "createdAt" > %s OR {changed} < "createdAt" OR {changed} > %s OR {deleted} > %s"""
        assert one(world.url, wrong, world.now, world.now, world.now) == 0, table
    future = """SELECT count(*) FROM "Post" WHERE "linkedinPostedAt" > %s OR "linkedinPostedAt" < "createdAt"
                OR "scheduledOn" < "createdAt" """
    assert one(world.url, future, world.now) == 0
    assert one(world.url, 'SELECT count(*) FROM "Comment" WHERE date > "createdAt"') == 0
    assert one(world.url, 'SELECT count(*) FROM "Invoice" WHERE "paidDate" > %s', world.now) == 0


LISTS = {
    "User": ["role"],
    "Thread": ["userId"],
    "ChatMessage": ["userId", "threadId"],
    "ContentIdea": ["userId", "chatMessageId"],
    "Post": ["userId"],
    "Persona": ["userId"],
    "Template": ["userId"],
    "Comment": ["userId"],
    "Subscription": ["planId"],
    "PaymentMethod": ["userId"],
    "Invoice": ["userId"],
    "InvoiceItem": ["invoiceId"],
    "UsageQuota": ["userId"],
    "UsageLog": ["quotaId"],
}


def test_lists_have_no_ties_and_ids_follow_the_time(filled: str) -> None:
    for table, parents in LISTS.items():
        for parent in parents:
            ties = f'SELECT count(*) - count(DISTINCT ("{parent}", "createdAt")) FROM "{table}"'
            assert one(filled, ties) == 0, (table, parent)
        wrong = f"""SELECT count(*) FROM "{table}" WHERE substr(id::text, 15, 1) <> '7'
                    OR substr(id::text, 20, 1) NOT IN ('8', '9', 'a', 'b')
                    OR left(replace(id::text, '-', ''), 12) <>
                       lpad(to_hex(floor(extract(epoch FROM "createdAt") * 1000)::bigint), 12, '0')"""
        assert one(filled, wrong) == 0, table


@pytest.mark.parametrize("users", [1, 2, 8, 9, 10, 50])
def test_any_number_of_users_is_counted_beforehand(database_url: str, users: int) -> None:
    steps: list[int] = []

    counts = demo.fill(database_url, users=users, now=NOW, advance=steps.append)

    assert sum(steps) == counts.total() == demo.total(users)
    assert counts["User"] == users + 3
    assert max(steps) < 2000


def test_every_day_has_as_many_rows(world: World) -> None:
    assert sum(one(world.url, f'SELECT count(*) FROM "{table}"') for table in TABLES) == demo.total(PROFILES)


def test_more_users_leave_the_first_ones_as_they_are(database_url: str) -> None:
    posts = """SELECT p.id, p.content FROM "Post" p JOIN "User" u ON u.id = p."userId"
               WHERE u.email = %s ORDER BY p.id"""
    demo.fill(database_url, users=1, now=NOW)
    alone = fetch(database_url, posts, demo.DEMO_EMAIL)
    sweep(database_url)

    demo.fill(database_url, users=12, now=NOW)

    assert fetch(database_url, posts, demo.DEMO_EMAIL) == alone
