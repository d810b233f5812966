"""The source document's queries: each has its field, and it gives what the mended SQL gives.

Mended as docs/database.md says: names quoted, half-open cycles in place of CURRENT_DATE, rows below deleted
ones left out, ties broken by id. The fifth of them, of due posts, has `test_due_posts.py`.
"""

from datetime import timedelta
from itertools import pairwise
from random import Random
from typing import Any
from uuid import UUID

import pytest

from tests.conftest import Client
from tests.rows import NOW, execute, fetch, insert, insert_many
from tests.schema.subscribers import DAY, MARGIN, SEEDS, current_time, subscribe

TYPES = [
    "post_generation",
    "idea_generation",
    "comment_generation",
    "post_scheduling",
    "persona",
    "image_creation",
]
SECOND = timedelta(seconds=1)

STATUS_AND_LIMITS = """
    SELECT s.status AS subscription_status,
      p."postGenerationLimit", p."ideaGenerationLimit", p."commentGenerationLimit", p."postSchedulingLimit"
    FROM "User" u
    LEFT JOIN "Subscription" s ON u.id = s."userId"
    LEFT JOIN "Plan" p ON s."planId" = p.id
    WHERE u.id = %s AND u."isDeleted" = false
"""
CURRENT_QUOTAS = """
    SELECT type, used, "limit" FROM "UsageQuota"
    WHERE "userId" = %s AND "billingCycleStart" <= now() AND now() < "billingCycleEnd"
"""
POSTS_BY_PERSONA = """
    SELECT p.id, p.content, p.published, per.name AS persona_name, p.source, p.metadata
    FROM "Post" p INNER JOIN "Persona" per ON p."personaId" = per.id
    WHERE p."personaId" = %s AND p."isDeleted" = false AND p.published = true AND per."isDeleted" = false
    ORDER BY p."createdAt" DESC, p.id DESC
"""
EXHAUSTION = """
    SELECT (used < "limit") AS has_quota, greatest("limit" - used, 0) AS remaining_quota FROM "UsageQuota"
    WHERE "userId" = %s AND type = %s AND "billingCycleStart" <= now() AND now() < "billingCycleEnd"
    LIMIT 1
"""
SAVED_IDEAS = """
    SELECT ci.id, ci.title, ci.content, ci."keyTakeaways", cm.id, cm.content
    FROM "ContentIdea" ci
    INNER JOIN "ChatMessage" cm ON ci."chatMessageId" = cm.id
    INNER JOIN "Thread" t ON cm."threadId" = t.id
    WHERE ci."isSaved" = true AND ci."isDeleted" = false AND cm."userId" = %s
      AND cm."isDeleted" = false AND t."isDeleted" = false
    ORDER BY ci."createdAt" DESC, ci.id DESC
"""


@pytest.mark.parametrize("seed", SEEDS)
async def test_subscription_status_limits_and_quotas(client: Client, database_url: str, seed: int) -> None:
    random = Random(seed)
    users = insert_many(database_url, "User", [{} for _ in range(8)])
    subscribe(database_url, random, users)
    add_quotas(database_url, random, users)
    query = """{ viewer {
      subscription { status
        plan { postGenerationLimit ideaGenerationLimit commentGenerationLimit postSchedulingLimit } }
      quotas { type used limit }
    } }"""

    for user in users:
        viewer = (await client.data(query, by=user))["viewer"]

        ((status, *limits),) = fetch(database_url, STATUS_AND_LIMITS, user)
        subscription = viewer["subscription"]
        if status is None:
            assert subscription is None
        else:
            assert subscription["status"] == status.upper()
            assert list(subscription["plan"].values()) == limits
        stored = {type: (used, limit) for type, used, limit in fetch(database_url, CURRENT_QUOTAS, user)}
        states = {state["type"].lower(): (state["used"], state["limit"]) for state in viewer["quotas"]}
        assert list(states) == TYPES
        assert {type: state for type, state in states.items() if type in stored} == stored


def add_quotas(url: str, random: Random, users: list[UUID]) -> None:
    """For each user and type a current cycle's row or none, and finished and coming ones beside it."""
    now, rows = current_time(), []
    for user in users:
        for type in TYPES:
            bounds = [now - 40 * DAY, now - random.choice([10 * DAY, MARGIN])]
            bounds += [bounds[-1] + 30 * DAY, bounds[-1] + 60 * DAY]
            for start, end in pairwise(bounds):
                if random.random() < 0.7:
                    cycle = {"billingCycleStart": start, "billingCycleEnd": end, "resetDate": end}
                    numbers = {"used": random.randint(0, 6), "limit": random.randint(0, 6)}
                    rows.append({"userId": user, "type": type} | cycle | numbers)
    insert_many(url, "UsageQuota", rows)


@pytest.mark.parametrize("seed", SEEDS)
async def test_quota_exhaustion(client: Client, database_url: str, seed: int) -> None:
    random = Random(seed)
    admin = insert(database_url, "User", role="admin")
    users = insert_many(database_url, "User", [{} for _ in range(6)])
    add_quotas(database_url, random, users)
    query = """query($id: ID!, $type: QuotaType!) {
      user(id: $id) { quota(type: $type) { type hasQuota remaining } }
    }"""

    found = set()
    for user in users:
        for type in TYPES:
            variables = {"id": str(user), "type": type.upper()}
            (by,) = random.choices([user, admin])
            quota = (await client.data(query, variables, by=by))["user"]["quota"]

            # Nothing stored, and nobody subscribes: nothing to use.
            expected = fetch(database_url, EXHAUSTION, user, type) or [(False, 0)]
            assert [(quota["hasQuota"], quota["remaining"])] == expected
            assert quota["type"] == type.upper()
            found.add(quota["hasQuota"])
    assert found == {True, False}


@pytest.mark.parametrize("seed", SEEDS)
async def test_published_posts_of_a_persona(client: Client, database_url: str, seed: int) -> None:
    random = Random(seed)
    user = insert(database_url, "User")
    names = [{"userId": user, "name": name} for name in ("Ada", "Bob", "Cy")]
    personas = insert_many(database_url, "Persona", names)
    moments = [NOW - number * SECOND for number in range(5)]
    rows = [
        {
            "userId": user,
            "personaId": random.choice([*personas, None]),
            "published": random.random() < 0.7,
            "isDeleted": random.random() < 0.2,
            "createdAt": random.choice(moments),
            "source": random.choice(["generate", "feed", None]),
            "metadata": random.choice([{"tone": "calm", "n": [1, None]}, None]),
        }
        for _ in range(80)
    ]
    insert_many(database_url, "Post", rows)
    execute(database_url, 'UPDATE "Persona" SET "isDeleted" = true WHERE id = %s', personas[2])
    query = """query($id: ID!) { persona(id: $id) {
      posts(first: 100, where: {published: {eq: true}}, orderBy: {field: CREATED_AT, direction: DESC}) {
        nodes { id content published persona { name } source metadata } totalCount
      }
    } }"""

    for persona in personas:
        found = (await client.data(query, {"id": str(persona)}, by=user))["persona"]

        expected = fetch(database_url, POSTS_BY_PERSONA, persona)
        if persona == personas[2]:
            assert found is None
            assert expected == []
            continue
        assert [
            (
                UUID(post["id"]),
                post["content"],
                post["published"],
                post["persona"]["name"],
                post["source"],
                post["metadata"],
            )
            for post in found["posts"]["nodes"]
        ] == expected
        assert found["posts"]["totalCount"] == len(expected) > 5


@pytest.mark.parametrize("seed", SEEDS)
async def test_saved_ideas_with_their_message(client: Client, database_url: str, seed: int) -> None:
    random = Random(seed)
    users = insert_many(database_url, "User", [{} for _ in range(2)])
    moments = [NOW - number * SECOND for number in range(5)]

    def deleted() -> bool:
        return random.random() < 0.2

    for user in users:
        own: dict[str, Any] = {"userId": user}
        threads = insert_many(database_url, "Thread", [own | {"isDeleted": deleted()} for _ in range(5)])
        rows = [own | {"threadId": thread, "isDeleted": deleted()} for thread in threads for _ in range(3)]
        ideas = [
            {
                "chatMessageId": message,
                "isSaved": random.random() < 0.6,
                "isDeleted": deleted(),
                "createdAt": random.choice(moments),
                "keyTakeaways": random.choice([None, [], ["one"], ["two", 'with "quotes", commas']]),
            }
            for message in insert_many(database_url, "ChatMessage", rows)
            for _ in range(4)
        ]
        insert_many(database_url, "ContentIdea", ideas)
    query = """{ viewer {
      ideas(first: 100, where: {isSaved: {eq: true}}, orderBy: {field: CREATED_AT, direction: DESC}) {
        nodes { id title content keyTakeaways message { id content } } totalCount
      }
    } }"""

    for user in users:
        found = (await client.data(query, by=user))["viewer"]["ideas"]

        expected = fetch(database_url, SAVED_IDEAS, user)
        assert [
            (
                UUID(row["id"]),
                row["title"],
                row["content"],
                row["keyTakeaways"],
                UUID(row["message"]["id"]),
                row["message"]["content"],
            )
            for row in found["nodes"]
        ] == expected
        assert found["totalCount"] == len(expected) > 5
