"""Filling a database with the demo: how many rows, the same ones again, and all or nothing."""

from collections import Counter
from datetime import timedelta

import pytest

from tests.demo.workspaces import NOW, PROFILES, TABLES, World, checksum, one, sweep
from tests.rows import fetch, insert
from zorbit import demo
from zorbit.errors import OperatorError


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
