"""What the demo shows: every state, limit and script, in the order of time."""

import psycopg
import pytest

from tests.demo.workspaces import TABLES, World, one
from tests.rows import fetch
from zorbit import demo, models
from zorbit.services.personas import system_personas


def test_the_accounts_are_there_with_their_roles(filled: str) -> None:
    found = dict(
        fetch(filled, 'SELECT email, role FROM "User" WHERE role <> %s OR email LIKE %s', "user", "demo%")
    )

    assert found == {demo.DEMO_EMAIL: "user", demo.ADMIN_EMAIL: "admin", demo.PUBLISHER_EMAIL: "service"}


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
        and one(filled, f'SELECT count(*) FROM "{table}"')
    }
    # The demo's users come with local tokens, not from an issuer; nobody has asked for a smaller plan.
    assert uniform == {"User.authIssuer", "User.authSubject", "Subscription.nextPlanId"}


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
