"""Users whose subscriptions end around now."""

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from tests.rows import insert_many

SEEDS = range(3)
STATUSES = ["trialing", "active", "past_due", "canceled", "expired"]
DAY = timedelta(days=1)
# Far enough from now that the test's own duration decides nothing.
MARGIN = timedelta(seconds=45)


def current_time() -> datetime:
    """Now: not when the tests were collected, which may be minutes ago."""
    return datetime.now(UTC)


def subscribe(url: str, random: Random, users: list[UUID]) -> None:
    """Subscriptions of most users, of every status, their ends on either side of now."""
    names = ["postGenerationLimit", "ideaGenerationLimit", "commentGenerationLimit", "postSchedulingLimit"]
    limits = [{name: random.randint(0, 9) for name in names} for _ in range(3)]
    plans = insert_many(url, "Plan", [row | {"isActive": random.random() < 0.5} for row in limits])

    now = current_time()

    def near(moment: datetime) -> datetime:
        return moment + random.choice([-DAY, -MARGIN, MARGIN, DAY])

    rows: list[dict[str, Any]] = [
        {
            "userId": user,
            "planId": random.choice(plans),
            "status": (status := random.choice(STATUSES)),
            "renewalDate": near(now - 7 * DAY),
            "trialEndsAt": near(now),
            # Whoever canceled knows when it ends.
            "endDate": random.choice([near(now) if status == "canceled" else None, near(now)]),
        }
        for user in users
        if random.random() < 0.8
    ]
    insert_many(url, "Subscription", [row | {"startDate": row["renewalDate"] - 30 * DAY} for row in rows])
