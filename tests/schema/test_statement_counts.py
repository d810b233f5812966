"""How many statements resolvers take: one a level, however many rows; none for what is not selected."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from tests.conftest import Client
from tests.rows import NOW, fetch, insert, insert_many
from tests.schema.lists import BY_ID, LISTS, NODES, ROOT, TO_ONE, Edge
from tests.schema.workspace import Workspace, fill

pytestmark = pytest.mark.untraced  # to trace it takes half as long again; others go the same ways

VIEWER = 1
"""Who is asking: one statement for every request with a token."""
PROBE = 1
"""`nodes`: which tables hold the ids."""

BELOW = [edge for edge in LISTS if edge.parent != ROOT]
AT_ROOT = [edge for edge in LISTS if edge.parent == ROOT]


@pytest.fixture
def client(by_resolvers: Client) -> Client:
    """The statements of compiled plans are counted in tests/reading."""
    return by_resolvers


@contextmanager
def counted() -> Iterator[list[str]]:
    """The statements that are sent to PostgreSQL within the block."""
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_others: Any) -> None:
        statements.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(Engine, "before_cursor_execute", note)


async def count(asked: Callable[[], Awaitable[Any]]) -> int:
    with counted() as statements:
        await asked()
    return len(statements)


async def statements_of(client: Client, by: UUID | None, query: str, **variables: Any) -> int:
    """How many statements a query takes that goes well."""
    return await count(lambda: client.data(query, variables, by=by))


@pytest.mark.untraced  # to trace it takes as long again; other tests go the same ways
async def test_every_list_below_rows_takes_one_statement_for_all_of_them(
    client: Client, database_url: str
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
                found = await edge.of_many(client, made.admin, some, selection, first=3)

            assert len(statements) == VIEWER + PROBE + 1 + expected, (str(edge), selection, statements)
            assert len(found) == len(some)


@pytest.mark.parametrize("edge", AT_ROOT, ids=str)
async def test_every_list_at_the_root_takes_one_statement(
    client: Client, database_url: str, edge: Edge
) -> None:
    admin = insert(database_url, "User", role="admin")

    for selection, expected in [
        ("__typename", 0),
        ("edges { cursor } nodes { __typename } pageInfo { endCursor }", 1),
        ("totalCount", 1),
        ("nodes { __typename } totalCount", 2),
    ]:
        taken = await statements_of(client, admin, edge.query(selection, {}))

        assert taken == VIEWER + expected, selection


@pytest.mark.untraced  # to trace it takes as long again; other tests go the same ways
async def test_every_edge_to_one_row_takes_one_statement_for_all_rows(
    client: Client, database_url: str
) -> None:
    made = fill(database_url)

    for edge in TO_ONE:
        rows = made.ids[edge.parent]
        for some in (rows[:1], rows):
            with counted() as statements:
                found = await edge.of_many(client, made.admin, some, "id")

            assert len(statements) == VIEWER + PROBE + 1 + 1, (str(edge), statements)
            assert len([one for one in found if one is not None]) == len(some), str(edge)


async def test_a_reference_that_is_null_takes_no_statement(client: Client, database_url: str) -> None:
    user = insert(database_url, "User")
    insert_many(database_url, "Post", [{"userId": user} for _ in range(3)])

    query = "{ viewer { posts { nodes { persona { id } template { id } message { id } } } } }"

    assert await statements_of(client, user, query) == VIEWER + 2


async def test_every_row_is_found_by_its_id_in_one_statement(client: Client, database_url: str) -> None:
    made = fill(database_url)

    for kind, field in BY_ID.items():
        first, second = made.ids[kind][:2]
        one = f"query($id: ID!) {{ {field}(id: $id) {{ id }} }}"
        two = f"query($a: ID!, $b: ID!) {{ a: {field}(id: $a) {{ id }} b: {field}(id: $b) {{ id }} }}"

        assert await statements_of(client, made.admin, one, id=str(first)) == VIEWER + 1, field
        assert await statements_of(client, made.admin, two, a=str(first), b=str(second)) == VIEWER + 1, field


async def test_who_is_asking_takes_one_statement(client: Client, database_url: str) -> None:
    user = insert(database_url, "User")

    assert await statements_of(client, None, "{ __typename }") == 0
    assert await statements_of(client, None, "{ viewer { id } systemPersonas { id } }") == 0
    assert await statements_of(client, user, "{ __typename systemPersonas { id } }") == VIEWER
    assert await statements_of(client, user, "{ viewer { id email } again: viewer { name } }") == VIEWER + 1


FIVE_LEVELS = """
    { viewer { threads { nodes { messages { nodes {
      ideas { nodes { title } }
      posts { nodes { title persona { name } } }
    } } } } } }
"""


@pytest.mark.parametrize("width", [1, 4])
async def test_five_levels_take_a_statement_each(client: Client, database_url: str, width: int) -> None:
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
        data = await client.data(FIVE_LEVELS, by=user)

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


async def test_each_set_of_arguments_takes_one_statement(client: Client, database_url: str) -> None:
    made = fill(database_url)

    taken = await statements_of(client, made.admin, ALIASES, moment="2026-01-01T00:00:00.000Z")

    # c and g ask for what a does, e for what d does, j and k for what i does.
    different = ["a", "b", "d", "f", "h", "i"]
    assert taken == VIEWER + 1 + len(different)


async def test_each_count_of_a_filter_takes_one_statement(client: Client, database_url: str) -> None:
    made = fill(database_url)
    query = """{ users { nodes {
      a: posts(first: 1, where: {isSaved: {eq: true}}) { totalCount nodes { id } }
      b: posts(first: 1, where: {isSaved: {eq: false}}) { totalCount }
      c: posts(first: 1, where: {isSaved: {eq: true}}) { totalCount }
    } } }"""

    assert await statements_of(client, made.admin, query) == VIEWER + 1 + 3


async def test_quotas_of_thirty_users_take_one_statement(client: Client, database_url: str) -> None:
    admin = insert(database_url, "User", role="admin")
    users = insert_many(database_url, "User", [{} for _ in range(30)])
    plan = insert(database_url, "Plan")
    insert_many(database_url, "Subscription", [{"userId": user, "planId": plan} for user in users[:20]])
    insert_many(database_url, "UsageQuota", [{"userId": user, "used": 7} for user in users[:10]])
    query = """{ users(first: 30) { nodes {
      quotas { type used limit remaining hasQuota resetsAt } quota(type: PERSONA) { limit }
    } } }"""

    with counted() as statements:
        data = await client.data(query, by=admin)

    assert len(statements) == VIEWER + 2
    states = [user["quotas"] for user in data["users"]["nodes"]]
    assert [len(quotas) for quotas in states] == [6] * 30
    assert [quotas[0]["used"] for quotas in states] == [0] * 20 + [7] * 10
    assert [quotas[0]["limit"] for quotas in states] == [0] * 10 + [100] * 20


async def test_nodes_take_one_probe_and_one_statement_a_type(client: Client, database_url: str) -> None:
    made = fill(database_url)
    query = "query($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }"

    for kinds in (["Post"], ["Post", "Thread"], NODES):
        ids = [str(id) for kind in kinds for id in made.ids[kind][:3]]
        with counted() as statements:
            data = await client.data(query, {"ids": [*ids, *ids]}, by=made.admin)

        assert len(statements) == VIEWER + PROBE + len(kinds)
        assert [node["__typename"] for node in data["nodes"]] == 2 * [
            kind for kind in kinds for _ in range(3)
        ]
    unknown = {"ids": ["0191d3a2-7c1e-7b6a-9b1f-2f6c1d8e4a57"]}
    assert await count(lambda: client.data(query, unknown, by=made.admin)) == VIEWER + PROBE


async def test_several_node_fields_share_their_statements(client: Client, database_url: str) -> None:
    made = fill(database_url)
    a, b = (str(id) for id in made.ids["Post"][:2])
    query = (
        "query($a: ID!, $b: ID!) { a: node(id: $a) { id } b: node(id: $b) { id } c: nodes(ids: [$a]) { id } }"
    )

    assert await statements_of(client, made.admin, query, a=a, b=b) == VIEWER + PROBE + 1


async def test_due_posts_take_one_statement(client: Client, database_url: str) -> None:
    service = insert(database_url, "User", role="service")
    plan = insert(database_url, "Plan")
    for user in insert_many(database_url, "User", [{} for _ in range(3)]):
        insert(database_url, "Subscription", userId=user, planId=plan)
        due = {"userId": user, "published": True, "scheduledOn": NOW - timedelta(hours=1)}
        insert_many(database_url, "Post", [due, due])
    query = "{ duePosts { nodes { post { id content } ownerEmail subscriptionStatus } totalCount } }"

    with counted() as statements:
        data = await client.data(query, by=service)

    assert len(statements) == VIEWER + 2
    assert data["duePosts"]["totalCount"] == len(data["duePosts"]["nodes"]) == 6


async def test_a_trash_takes_one_statement_with_what_blocks_its_rows(
    client: Client, database_url: str
) -> None:
    made: Workspace = fill(database_url)

    taken = await statements_of(
        client, made.owner, "{ trash(first: 100) { nodes { id title blockedBy { type id } } } }"
    )

    assert taken == VIEWER + 1


async def test_sibling_lists_are_read_at_the_same_time(client: Client, database_url: str) -> None:
    user = insert(database_url, "User")
    query = """{ viewer {
      threads { nodes { id } } posts { nodes { id } } personas { totalCount } templates { nodes { id } }
    } }"""
    tables = ["Thread", "Post", "Persona", "Template"]
    # One held table a list: while the lock stands, each of them waits on a connection of its own.
    with psycopg.connect(database_url) as holder:
        for table in tables:
            holder.execute(f'LOCK TABLE "{table}" IN ACCESS EXCLUSIVE MODE'.encode())
        asked = asyncio.ensure_future(client.data(query, by=user))
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
