"""How many statements resolvers take for lists: one a level, however many rows; none unless selected."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from tests.conftest import Client
from tests.rows import NOW, fetch, insert, insert_many
from tests.schema.lists import LISTS, ROOT, Edge
from tests.schema.statements import FIVE_LEVELS, PROBE, VIEWER, counted, statements_of
from tests.schema.workspace import fill

pytestmark = pytest.mark.untraced  # to trace it takes half as long again; others go the same ways

BELOW = [edge for edge in LISTS if edge.parent != ROOT]
AT_ROOT = [edge for edge in LISTS if edge.parent == ROOT]


async def test_every_list_below_rows_takes_one_statement_for_all_of_them(
    by_resolvers: Client, database_url: str
) -> None:
    made = fill(database_url)

    for edge in BELOW:
        parents = made.ids[edge.parent]
        assert len(parents) >= 9
        for some, selection, expected in [
            (parents[:1], "nodes { id } totalCount", 2),
            (parents, "nodes { id } totalCount", 2),
            (parents, "edges { cursor node { id } } nodes { id } pageInfo { hasNextPage endCursor }", 1),
            (parents, "__typename", 0),
        ]:
            with counted() as statements:
                found = await edge.of_many(by_resolvers, made.admin, some, selection, first=3)

            assert len(statements) == VIEWER + PROBE + 1 + expected, (str(edge), selection, statements)
            assert len(found) == len(some)


@pytest.mark.parametrize("edge", AT_ROOT, ids=str)
async def test_every_list_at_the_root_takes_one_statement(
    by_resolvers: Client, database_url: str, edge: Edge
) -> None:
    admin = insert(database_url, "User", role="admin")

    for selection, expected in [
        ("__typename", 0),
        ("edges { cursor } nodes { __typename } pageInfo { endCursor }", 1),
        ("totalCount", 1),
        ("nodes { __typename } totalCount", 2),
    ]:
        taken = await statements_of(by_resolvers, admin, edge.query(selection, {}))

        assert taken == VIEWER + expected, selection


@pytest.mark.parametrize("width", [1, 4])
async def test_five_levels_take_a_statement_each(by_resolvers: Client, database_url: str, width: int) -> None:
    user = insert(database_url, "User")
    own: dict[str, Any] = {"userId": user}
    personas = insert_many(database_url, "Persona", [own for _ in range(width)])
    threads = insert_many(database_url, "Thread", [own for _ in range(width)])
    messages = insert_many(
        database_url, "ChatMessage", [own | {"threadId": thread} for thread in threads for _ in range(width)]
    )
    insert_many(database_url, "ContentIdea", [{"chatMessageId": id} for id in messages for _ in range(width)])
    posts = [own | {"chatMessageId": id, "personaId": persona} for id in messages for persona in personas]
    insert_many(database_url, "Post", posts)

    with counted() as statements:
        data = await by_resolvers.data(FIVE_LEVELS, by=user)

    levels = ["user", "threads", "messages", "ideas", "posts", "persona"]
    assert len(statements) == VIEWER + len(levels)
    found = [
        message for thread in data["viewer"]["threads"]["nodes"] for message in thread["messages"]["nodes"]
    ]
    assert len(found) == width**2
    assert all(len(message["ideas"]["nodes"]) == width for message in found)
    assert all(
        len({post["persona"]["name"] for post in message["posts"]["nodes"]}) == width for message in found
    )


@pytest.mark.parametrize(
    "query", ["{", "{ nothing }", "subscription { a }", "{ __schema { queryType { name } } }"]
)
async def test_what_is_told_to_everybody_takes_none_once_it_is_known(
    client: Client, database_url: str, query: str
) -> None:
    user = insert(database_url, "User")
    first = await client.run(query, by=user)

    with counted() as statements:
        again = await client.run(query, by=user)

    assert again == first
    assert statements == []


ALIASES = """
    query($moment: DateTime) { users(first: 5) { nodes {
      a: posts(first: 1) { nodes { id } }
      b: posts(first: 2) { nodes { id } }
      c: posts(first: 1) { edges { node { title } } }
      d: posts(first: 1, where: {isSaved: {eq: true}}) { nodes { id } }
      e: posts(first: 1, where: {isSaved: {eq: true}}) { pageInfo { endCursor } }
      f: posts(first: 1, orderBy: {field: CREATED_AT, direction: ASC}) { nodes { id } }
      g: posts(first: 1, orderBy: {field: CREATED_AT, direction: DESC}) { nodes { id } }
      h: posts(first: 1, search: "word") { nodes { id } }
      i: posts(first: 1, where: {createdAt: {gt: "2026-01-01T00:00:00Z"}}) { nodes { id } }
      j: posts(first: 1, where: {createdAt: {gt: "2026-01-01T01:00:00+01:00"}}) { nodes { id } }
      k: posts(first: 1, where: {createdAt: {gt: $moment}}) { nodes { id } }
    } } }
"""


async def test_each_set_of_arguments_takes_one_statement(by_resolvers: Client, database_url: str) -> None:
    made = fill(database_url)

    taken = await statements_of(by_resolvers, made.admin, ALIASES, moment="2026-01-01T00:00:00.000Z")

    # c and g ask for what a does, e for what d does, j and k for what i does.
    different = ["a", "b", "d", "f", "h", "i"]
    assert taken == VIEWER + 1 + len(different)


async def test_each_count_of_a_filter_takes_one_statement(by_resolvers: Client, database_url: str) -> None:
    made = fill(database_url)
    query = """{ users { nodes {
      a: posts(first: 1, where: {isSaved: {eq: true}}) { totalCount nodes { id } }
      b: posts(first: 1, where: {isSaved: {eq: false}}) { totalCount }
      c: posts(first: 1, where: {isSaved: {eq: true}}) { totalCount }
    } } }"""

    assert await statements_of(by_resolvers, made.admin, query) == VIEWER + 1 + 3


async def test_quotas_of_thirty_users_take_one_statement(by_resolvers: Client, database_url: str) -> None:
    admin = insert(database_url, "User", role="admin")
    users = insert_many(database_url, "User", [{} for _ in range(30)])
    plan = insert(database_url, "Plan")
    insert_many(database_url, "Subscription", [{"userId": user, "planId": plan} for user in users[:20]])
    insert_many(database_url, "UsageQuota", [{"userId": user, "used": 7} for user in users[:10]])
    query = """{ users(first: 30) { nodes {
      quotas { type used limit remaining hasQuota resetsAt } quota(type: PERSONA) { limit }
    } } }"""

    with counted() as statements:
        data = await by_resolvers.data(query, by=admin)

    assert len(statements) == VIEWER + 2
    states = [user["quotas"] for user in data["users"]["nodes"]]
    assert [len(quotas) for quotas in states] == [6] * 30
    assert [quotas[0]["used"] for quotas in states] == [0] * 20 + [7] * 10
    assert [quotas[0]["limit"] for quotas in states] == [0] * 10 + [100] * 20


async def test_due_posts_take_one_statement(by_resolvers: Client, database_url: str) -> None:
    service = insert(database_url, "User", role="service")
    plan = insert(database_url, "Plan")
    for user in insert_many(database_url, "User", [{} for _ in range(3)]):
        insert(database_url, "Subscription", userId=user, planId=plan)
        due = {"userId": user, "published": True, "scheduledOn": NOW - timedelta(hours=1)}
        insert_many(database_url, "Post", [due, due])
    query = "{ duePosts { nodes { post { id content } ownerEmail subscriptionStatus } totalCount } }"

    with counted() as statements:
        data = await by_resolvers.data(query, by=service)

    assert len(statements) == VIEWER + 2
    assert data["duePosts"]["totalCount"] == len(data["duePosts"]["nodes"]) == 6


async def test_a_trash_takes_one_statement_with_what_blocks_its_rows(
    by_resolvers: Client, database_url: str
) -> None:
    made = fill(database_url)

    taken = await statements_of(
        by_resolvers, made.owner, "{ trash(first: 100) { nodes { id title blockedBy { type id } } } }"
    )

    assert taken == VIEWER + 1


async def test_sibling_lists_are_read_at_the_same_time(by_resolvers: Client, database_url: str) -> None:
    user = insert(database_url, "User")
    query = """{ viewer {
      threads { nodes { id } } posts { nodes { id } } personas { totalCount } templates { nodes { id } }
    } }"""
    tables = ["Thread", "Post", "Persona", "Template"]
    # One held table a list: while the lock stands, each of them waits on a connection of its own.
    with psycopg.connect(database_url) as holder:
        for table in tables:
            holder.execute(f'LOCK TABLE "{table}" IN ACCESS EXCLUSIVE MODE'.encode())
        asked = asyncio.ensure_future(by_resolvers.data(query, by=user))
        waiting = await eventually(lambda: waiting_sessions(database_url), len(tables))
        holder.rollback()

    assert waiting == len(tables)
    data = await asked
    assert data["viewer"]["personas"] == {"totalCount": 0}


async def eventually(read: Callable[[], int], expected: int) -> int:
    """What `read` gives, once it is as expected or two seconds have passed."""
    for _ in range(100):
        if (found := read()) == expected:
            break
        await asyncio.sleep(0.02)
    return found


def waiting_sessions(url: str) -> int:
    """How many of the server's connections wait for a lock."""
    statement = """
        SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND application_name = 'zorbit' AND wait_event_type = 'Lock'
    """
    return int(fetch(url, statement)[0][0])
