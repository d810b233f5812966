"""Paging: whatever the list, its order, the size and the direction, the pages together are the whole list."""

from random import Random
from typing import Any
from uuid import UUID

import pytest

from tests.conftest import Client
from tests.rows import execute, fetch, insert, insert_many
from tests.schema.lists import LISTS, NODES, PAGE_INFO, POSTS, ROOT, Edge, Order
from tests.schema.workspace import DELETABLE, FOREIGN_KEYS, MOMENTS, Workspace, fill

pytestmark = pytest.mark.untraced  # to trace it takes half as long again; others go the same ways

THREADS = Edge("User", "threads", "Thread")
PAGE = f"edges {{ cursor node {{ id }} }} nodes {{ id }} {PAGE_INFO}"
NAMED = f"{PAGE} totalCount"
GROUPS = [{ROOT}, {"User"}, {edge.parent for edge in LISTS} - {ROOT, "User"}]


def ids(rows: list[Any]) -> list[UUID]:
    return [UUID(row["id"]) for row in rows]


async def walk(
    client: Client,
    by: UUID,
    edge: Edge,
    parent: UUID | None,
    sizes: Random,
    *,
    backward: bool,
    **arguments: Any,
) -> list[UUID]:
    """The ids of the whole list, read page by page; every page is held to what it says of itself."""
    size, cursor, onward = ("last", "before", "Previous") if backward else ("first", "after", "Next")
    found: list[UUID] = []
    total: int | None = None
    place: str | None = None
    while True:
        arguments[size] = sizes.randint(3, 7)
        if place is not None:
            arguments[cursor] = place
        page = await edge.of(client, by, parent, NAMED if total is None else PAGE, **arguments)
        total = page.get("totalCount", total)
        rows, info = ids(page["nodes"]), page["pageInfo"]
        cursors = [one["cursor"] for one in page["edges"]]
        assert ids([one["node"] for one in page["edges"]]) == rows
        assert [info["startCursor"], info["endCursor"]] == (
            [cursors[0], cursors[-1]] if rows else [None, None]
        )
        assert info["hasNextPage" if backward else "hasPreviousPage"] is (place is not None)
        found = rows + found if backward else found + rows
        if not info[f"has{onward}Page"]:
            assert total == len(found)
            return found
        assert len(rows) == arguments[size]
        place = info["startCursor" if backward else "endCursor"]


def listed(made: Workspace, edge: Edge, order: Order) -> list[UUID]:
    """What the list holds, asked of PostgreSQL."""
    field, way = ("CREATED_AT", "DESC") if order is None else (order["field"], order["direction"])
    if order is None and edge.node == "InvoiceItem":
        way = "ASC"
    first, *others = field.lower().split("_")
    column = first + "".join(word.title() for word in others)
    conditions = ['NOT "isDeleted"'] if edge.node in DELETABLE else []
    if edge.parent != ROOT:
        conditions.append(f"\"{FOREIGN_KEYS[edge.parent]}\" = '{made.parent(edge.parent)}'")
    if edge.node == "PaymentMethod":
        conditions.append('"removedAt" IS NULL')
    statement = f"""
        SELECT id FROM "{edge.node}" WHERE {" AND ".join(conditions) or "true"}
        ORDER BY "{column}" {way} NULLS LAST, id {way}
    """
    return [id for (id,) in fetch(made.url, statement)]


@pytest.mark.untraced  # to trace it takes as long again; other tests go the same ways
@pytest.mark.parametrize("parents", GROUPS, ids=["root", "user", "others"])
async def test_the_pages_of_every_list_in_every_order_are_the_whole_list(
    client: Client, database_url: str, parents: set[str]
) -> None:
    made, sizes = fill(database_url, seed=len(parents)), Random(len(parents))

    for edge in [edge for edge in LISTS if edge.parent in parents and edge.node in NODES]:
        for order in edge.orders:
            expected = listed(made, edge, order)
            for backward in (False, True):
                given = {} if order is None else {"orderBy": order}
                found = await walk(
                    client, made.admin, edge, made.parent(edge.parent), sizes, backward=backward, **given
                )
                assert found == expected, (str(edge), order, backward)
                assert len(found) >= 9, str(edge)


@pytest.mark.parametrize("backward", [False, True])
async def test_the_pages_of_the_trash_are_the_whole_trash(
    client: Client, database_url: str, backward: bool
) -> None:
    made = fill(database_url)
    tables = sorted(DELETABLE - {"User"})
    selects = [
        f'SELECT "deletedAt" AS moment, id FROM "{table}" WHERE "isDeleted" AND "userId" = \'{made.owner}\''
        for table in tables
    ]
    statement = f"{' UNION ALL '.join(selects)} ORDER BY moment DESC, id DESC"
    expected = [id for _, id in fetch(database_url, statement)]

    found = await walk(
        client, made.owner, Edge(ROOT, "trash", "TrashEntry"), None, Random(1), backward=backward
    )
    others = await walk(
        client,
        made.admin,
        Edge(ROOT, "trash", "TrashEntry"),
        None,
        Random(2),
        backward=backward,
        userId=str(made.owner),
    )

    assert found == others == expected
    assert len(found) == 2 * len(tables)


@pytest.mark.parametrize("backward", [False, True])
async def test_the_pages_of_the_deleted_users_are_all_of_them(
    client: Client, database_url: str, backward: bool
) -> None:
    made = fill(database_url)
    statement = 'SELECT id FROM "User" WHERE "isDeleted" ORDER BY "deletedAt" DESC, id DESC'
    expected = [id for (id,) in fetch(database_url, statement)]

    edge = Edge(ROOT, "deletedUsers", "TrashEntry")
    found = await walk(client, made.admin, edge, None, Random(3), backward=backward)

    assert found == expected
    assert len(found) == 4


@pytest.mark.parametrize("way", ["ASC", "DESC"])
async def test_nulls_come_last_both_ways_and_tie_by_id(client: Client, database_url: str, way: str) -> None:
    user = insert(database_url, "User")
    moments = [None, MOMENTS[1], None, MOMENTS[0], MOMENTS[1], None]
    rows: list[dict[str, Any]] = [
        {"userId": user, "published": True, "scheduledOn": moment} for moment in moments
    ]
    first_null, one, second_null, zero, other_one, third_null = insert_many(database_url, "Post", rows)
    expected = [zero, one, other_one, first_null, second_null, third_null]
    if way == "DESC":
        expected = [other_one, one, zero, third_null, second_null, first_null]

    order = {"field": "SCHEDULED_ON", "direction": way}
    for size in (1, 2, 4, 7):
        for backward in (False, True):
            found: list[UUID] = []
            place: dict[str, str] = {}
            for _ in range(0, len(moments), size):
                given = {"last" if backward else "first": size} | place
                page = await POSTS.of(client, user, user, NAMED, orderBy=order, **given)
                found = ids(page["nodes"]) + found if backward else found + ids(page["nodes"])
                ends = page["pageInfo"]
                place = {"before": ends["startCursor"]} if backward else {"after": ends["endCursor"]}

            assert found == expected, (size, backward)


@pytest.mark.parametrize("size", [0, 1, 2, 20, 99, 100])
async def test_a_page_has_the_size_that_was_asked_for(client: Client, database_url: str, size: int) -> None:
    user = insert(database_url, "User")
    made = insert_many(database_url, "Thread", [{"userId": user} for _ in range(101)])
    newest_first = made[::-1]

    forward = await THREADS.of(client, user, user, NAMED, first=size)
    backward = await THREADS.of(client, user, user, NAMED, last=size)

    assert ids(forward["nodes"]) == newest_first[:size]
    assert ids(backward["nodes"]) == newest_first[101 - size :]
    for page, onward, back in [(forward, "Next", "Previous"), (backward, "Previous", "Next")]:
        assert page["totalCount"] == 101
        assert page["pageInfo"][f"has{onward}Page"] is True
        assert page["pageInfo"][f"has{back}Page"] is False
        assert (page["pageInfo"]["startCursor"] is None) is (size == 0)


async def test_twenty_rows_are_a_page_unless_told_otherwise(client: Client, database_url: str) -> None:
    user = insert(database_url, "User")
    made = insert_many(database_url, "Thread", [{"userId": user} for _ in range(41)])[::-1]

    plain = await THREADS.of(client, user, user, NAMED)
    nulls = await THREADS.of(
        client, user, user, NAMED, first=None, after=None, last=None, before=None, orderBy=None, where=None
    )
    after = await THREADS.of(client, user, user, NAMED, after=plain["pageInfo"]["endCursor"])
    before = await THREADS.of(client, user, user, NAMED, before=after["pageInfo"]["endCursor"])

    assert ids(plain["nodes"]) == ids(nulls["nodes"]) == made[:20]
    assert ids(after["nodes"]) == made[20:40]
    assert ids(before["nodes"]) == made[19:39]


async def test_an_empty_list_has_a_page_without_ends(client: Client, database_url: str) -> None:
    user = insert(database_url, "User")

    for size in ({}, {"first": 0}, {"first": 5}, {"last": 5}):
        page = await THREADS.of(client, user, user, NAMED, **size)

        ends = {"hasNextPage": False, "hasPreviousPage": False, "startCursor": None, "endCursor": None}
        assert page == {"edges": [], "nodes": [], "totalCount": 0, "pageInfo": ends}


async def test_a_full_last_page_says_that_the_list_ends(client: Client, database_url: str) -> None:
    user = insert(database_url, "User")
    insert_many(database_url, "Thread", [{"userId": user} for _ in range(4)])

    first = await THREADS.of(client, user, user, NAMED, first=2)
    second = await THREADS.of(client, user, user, NAMED, first=2, after=first["pageInfo"]["endCursor"])
    beyond = await THREADS.of(client, user, user, NAMED, first=2, after=second["pageInfo"]["endCursor"])

    assert [page["pageInfo"]["hasNextPage"] for page in (first, second, beyond)] == [True, False, False]
    assert beyond["nodes"] == []
    assert beyond["pageInfo"]["hasPreviousPage"] is True


@pytest.mark.parametrize("way", ["ASC", "DESC"])
@pytest.mark.parametrize("backward", [False, True])
async def test_rows_that_come_and_go_between_pages_neither_skip_nor_repeat_another(
    client: Client, database_url: str, way: str, backward: bool
) -> None:
    user, random = insert(database_url, "User"), Random(f"{way}{backward}")
    rows = [{"userId": user, "createdAt": random.choice(MOMENTS)} for _ in range(24)]
    staying = set(insert_many(database_url, "Post", rows))
    going = insert_many(database_url, "Post", [dict(row) for row in rows])

    order = {"field": "CREATED_AT", "direction": way}
    found: list[UUID] = []
    place: dict[str, Any] = {}
    goes_on = True
    while goes_on:
        given = {"last" if backward else "first": 4} | place
        page = await POSTS.of(client, user, user, NAMED, orderBy=order, **given)
        found += ids(page["nodes"])
        info = page["pageInfo"]
        goes_on = info["hasPreviousPage" if backward else "hasNextPage"]
        place = {"before": info["startCursor"]} if backward else {"after": info["endCursor"]}
        # The row that the next cursor stands for goes too, some for good and some to the trash.
        end = UUID(page["nodes"][0 if backward else -1]["id"])
        leaving = [random.choice(going), *([end] if end in going else [])]
        execute(database_url, 'UPDATE "Post" SET "isDeleted" = true WHERE id = ANY(%s)', leaving[:1])
        execute(database_url, 'DELETE FROM "Post" WHERE id = ANY(%s)', leaving[1:])
        insert(database_url, "Post", userId=user, createdAt=random.choice(MOMENTS))

    assert len(found) == len(set(found))
    assert staying <= set(found)


async def test_every_parent_has_a_page_of_its_own(client: Client, database_url: str) -> None:
    user = insert(database_url, "User")
    threads = insert_many(database_url, "Thread", [{"userId": user} for _ in range(5)])
    rows = [
        {"userId": user, "threadId": thread} for number, thread in enumerate(threads) for _ in range(number)
    ]
    messages = insert_many(database_url, "ChatMessage", rows)
    of_thread: dict[UUID, list[UUID]] = {thread: [] for thread in threads}
    for row, message in zip(rows, messages, strict=True):
        of_thread[row["threadId"]].insert(0, message)

    edge = Edge("Thread", "messages", "ChatMessage")
    forward = await edge.of_many(client, user, threads, NAMED, first=2)
    backward = await edge.of_many(client, user, threads, NAMED, last=2)

    for position, thread in enumerate(threads):
        assert ids(forward[position]["nodes"]) == of_thread[thread][:2]
        assert ids(backward[position]["nodes"]) == of_thread[thread][-2:]
        assert forward[position]["totalCount"] == backward[position]["totalCount"] == position
        assert forward[position]["pageInfo"]["hasNextPage"] is (position > 2)
