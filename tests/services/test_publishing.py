"""Which scheduled posts are due, at the very instants that divide them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.rows import insert
from zorbit.db import Database
from zorbit.paging import Page
from zorbit.services import publishing
from zorbit.services.terms import Terms
from zorbit.visibility import NOBODY

NOW = datetime(2026, 3, 31, 12, 0, 0, 500_000, tzinfo=UTC)
INSTANT = timedelta(microseconds=1)
GRACE, MISSED_AFTER = timedelta(days=7), timedelta(hours=24)
TERMS = Terms(NOW, GRACE, MISSED_AFTER, trial=timedelta(days=14))
ENTITLED = {"status": "active", "renewalDate": NOW}


def schedule(url: str, subscription: dict[str, Any] | None, moment: datetime | None, **post: Any) -> UUID:
    """A post of a new user, scheduled for `moment`."""
    user = insert(url, "User")
    if subscription is not None:
        insert(url, "Subscription", userId=user, planId=insert(url, "Plan"), **subscription)
    return insert(url, "Post", userId=user, published=True, scheduledOn=moment, **post)


async def due(database: Database, terms: Terms = TERMS) -> list[UUID]:
    """The posts that are due, and counted so."""
    async with database.read() as session:
        found = await publishing.due_posts(session, NOBODY, terms, Page(size=100))
        assert await publishing.count_due_posts(session, NOBODY, terms) == len(found.rows)
    return [post.id for post in found.rows]


@pytest.mark.parametrize(
    ("subscription", "is_due"),
    [
        (None, False),
        ({"status": "trialing", "trialEndsAt": NOW + INSTANT}, True),
        ({"status": "trialing", "trialEndsAt": NOW}, False),
        ({"status": "trialing", "trialEndsAt": NOW - INSTANT, "renewalDate": NOW + GRACE}, False),
        ({"status": "active", "renewalDate": NOW + INSTANT}, True),
        ({"status": "active", "renewalDate": NOW - GRACE + INSTANT}, True),
        ({"status": "active", "renewalDate": NOW - GRACE}, False),
        ({"status": "past_due", "renewalDate": NOW - GRACE + INSTANT}, True),
        ({"status": "past_due", "renewalDate": NOW - GRACE}, False),
        ({"status": "past_due", "renewalDate": NOW - GRACE, "trialEndsAt": NOW + GRACE}, False),
        ({"status": "canceled", "endDate": NOW + INSTANT, "renewalDate": NOW - GRACE}, True),
        ({"status": "canceled", "endDate": NOW, "renewalDate": NOW + GRACE}, False),
        ({"status": "expired", "endDate": NOW + GRACE, "renewalDate": NOW + GRACE}, False),
    ],
)
async def test_posts_are_due_while_their_owner_is_entitled(
    database: Database, database_url: str, subscription: dict[str, Any] | None, is_due: bool
) -> None:
    post = schedule(database_url, subscription, NOW)

    assert await due(database) == ([post] if is_due else [])


@pytest.mark.parametrize(
    ("moment", "is_due"),
    [
        (None, False),
        (NOW + INSTANT, False),
        (NOW, True),
        (NOW - INSTANT, True),
        (NOW - MISSED_AFTER + INSTANT, True),
        # Missed is what is more than 24 hours late.
        (NOW - MISSED_AFTER, True),
        (NOW - MISSED_AFTER - INSTANT, False),
    ],
)
async def test_posts_are_due_from_their_moment_until_they_are_missed(
    database: Database, database_url: str, moment: datetime | None, is_due: bool
) -> None:
    post = schedule(database_url, ENTITLED, moment)

    assert await due(database) == ([post] if is_due else [])


async def test_what_is_posted_or_deleted_is_not_due(database: Database, database_url: str) -> None:
    posted = {"isPostedOnLinkedin": True, "linkedinUrl": "https://x.example", "linkedinPostedAt": NOW}
    schedule(database_url, ENTITLED, NOW, **posted)
    schedule(database_url, ENTITLED, NOW, isDeleted=True)
    deleted = insert(database_url, "User", isDeleted=True)
    insert(database_url, "Subscription", userId=deleted, planId=insert(database_url, "Plan"), **ENTITLED)
    insert(database_url, "Post", userId=deleted, published=True, scheduledOn=NOW)

    assert await due(database) == []


async def test_those_that_have_waited_longest_come_first(database: Database, database_url: str) -> None:
    moments = [NOW, NOW - timedelta(hours=2), NOW - INSTANT, NOW]
    now, longest, earlier, other = [schedule(database_url, ENTITLED, moment) for moment in moments]

    assert await due(database) == [longest, earlier, now, other]


async def test_the_terms_decide_how_long_grace_lasts_and_when_a_post_is_missed(
    database: Database, database_url: str
) -> None:
    late = schedule(database_url, ENTITLED, NOW - timedelta(hours=30))
    unpaid = schedule(database_url, {"status": "past_due", "renewalDate": NOW - timedelta(days=9)}, NOW)

    assert await due(database) == []
    assert await due(database, replace(TERMS, missed_after=timedelta(hours=31))) == [late]
    assert await due(database, replace(TERMS, grace=timedelta(days=10))) == [unpaid]
