"""Due posts: what the mended SQL of the source document gives, page by page, for services and admins."""

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

import pytest

from tests.conftest import Client
from tests.rows import fetch, insert, insert_many
from tests.schema.lists import PAGE_INFO
from tests.schema.subscribers import DAY, MARGIN, SEEDS, current_time, subscribe

HOUR = timedelta(hours=1)
# Mended: due for a day, of live users, and of those alone who are entitled.
DUE_POSTS = """
    SELECT p.id, p.content, p."scheduledOn", u.email AS user_email, s.status AS subscription_status
    FROM "Post" p
    INNER JOIN "User" u ON p."userId" = u.id
    INNER JOIN "Subscription" s ON u.id = s."userId"
    WHERE p."scheduledOn" IS NOT NULL
      AND p."scheduledOn" <= now() AND p."scheduledOn" > now() - interval '24 hours'
      AND p."isPostedOnLinkedin" = false AND p."isDeleted" = false AND u."isDeleted" = false
      AND CASE s.status
        WHEN 'trialing' THEN now() < s."trialEndsAt"
        WHEN 'active' THEN now() < s."renewalDate" + interval '7 days'
        WHEN 'past_due' THEN now() < s."renewalDate" + interval '7 days'
        WHEN 'canceled' THEN now() < s."endDate"
        ELSE false
      END
    ORDER BY p."scheduledOn" ASC, p.id ASC
"""
DUE = f"""
    query($first: Int, $after: String, $last: Int, $before: String) {{
      duePosts(first: $first, after: $after, last: $last, before: $before) {{
        nodes {{ post {{ id content scheduledOn }} ownerEmail subscriptionStatus }}
        edges {{ cursor node {{ post {{ id }} }} }}
        totalCount {PAGE_INFO}
      }}
    }}
"""


def due_rows(nodes: list[Any]) -> list[tuple[Any, ...]]:
    """As PostgreSQL gives them."""
    return [
        (
            UUID(node["post"]["id"]),
            node["post"]["content"],
            datetime.fromisoformat(node["post"]["scheduledOn"]).astimezone(UTC),
            node["ownerEmail"],
            node["subscriptionStatus"].lower(),
        )
        for node in nodes
    ]


def add_scheduled_posts(url: str, random: Random) -> None:
    """Posts of users of every kind, scheduled around now and around the limit of what is missed."""
    rows = [{"isDeleted": random.random() < 0.15} for _ in range(36)]
    users = insert_many(url, "User", rows)
    subscribe(url, random, users)
    now = current_time()
    moments = [None, now - DAY - HOUR, now - DAY - MARGIN, now - DAY + MARGIN]
    moments += [now - 5 * HOUR, now - MARGIN, now - MARGIN, now + MARGIN, now + DAY]
    posted = {"isPostedOnLinkedin": True, "linkedinUrl": "https://x.example", "linkedinPostedAt": now}
    posts = [
        {"userId": user, "scheduledOn": random.choice(moments), "isDeleted": random.random() < 0.15}
        | (posted if random.random() < 0.15 else {})
        for user in users
        for _ in range(8)
    ]
    insert_many(url, "Post", [post | {"published": True} for post in posts])


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("role", ["service", "admin"])
async def test_due_posts(client: Client, database_url: str, seed: int, role: str) -> None:
    random = Random(seed)
    caller = insert(database_url, "User", role=role)
    add_scheduled_posts(database_url, random)

    found = (await client.data(DUE, {"first": 100}, by=caller))["duePosts"]

    expected = fetch(database_url, DUE_POSTS)
    assert due_rows(found["nodes"]) == expected
    assert found["totalCount"] == len(expected) > 5
    assert len({status for *_, status in expected}) >= 3


@pytest.mark.parametrize("backward", [False, True])
async def test_the_pages_of_due_posts_are_all_of_them(
    client: Client, database_url: str, backward: bool
) -> None:
    random = Random(backward)
    service = insert(database_url, "User", role="service")
    add_scheduled_posts(database_url, random)

    found: list[tuple[Any, ...]] = []
    arguments: dict[str, Any] = {}
    goes_on = True
    while goes_on:
        size = random.randint(2, 7)
        given = {"last" if backward else "first": size} | arguments
        page = (await client.data(DUE, given, by=service))["duePosts"]
        rows, info = due_rows(page["nodes"]), page["pageInfo"]
        cursors = [edge["cursor"] for edge in page["edges"]]
        assert [UUID(edge["node"]["post"]["id"]) for edge in page["edges"]] == [row[0] for row in rows]
        assert [info["startCursor"], info["endCursor"]] == [cursors[0], cursors[-1]]
        found = rows + found if backward else found + rows
        goes_on = info["hasPreviousPage" if backward else "hasNextPage"]
        arguments = {"before": cursors[0]} if backward else {"after": cursors[-1]}

    assert found == fetch(database_url, DUE_POSTS)
    assert page["totalCount"] == len(found)
