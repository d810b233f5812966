"""How many statements resolvers take for rows: one a table, however many rows; none for what is null."""

import pytest

from tests.conftest import Client
from tests.rows import insert, insert_many
from tests.schema.lists import BY_ID, NODES, TO_ONE
from tests.schema.statements import PROBE, VIEWER, count, counted, statements_of
from tests.schema.workspace import fill

pytestmark = pytest.mark.untraced  # to trace it takes half as long again; others go the same ways


async def test_every_edge_to_one_row_takes_one_statement_for_all_rows(
    by_resolvers: Client, database_url: str
) -> None:
    made = fill(database_url)

    for edge in TO_ONE:
        rows = made.ids[edge.parent]
        for some in (rows[:1], rows):
            with counted() as statements:
                found = await edge.of_many(by_resolvers, made.admin, some, "id")

            assert len(statements) == VIEWER + PROBE + 1 + 1, (str(edge), statements)
            assert len([one for one in found if one is not None]) == len(some), str(edge)


async def test_a_reference_that_is_null_takes_no_statement(by_resolvers: Client, database_url: str) -> None:
    user = insert(database_url, "User")
    insert_many(database_url, "Post", [{"userId": user} for _ in range(3)])

    query = "{ viewer { posts { nodes { persona { id } template { id } message { id } } } } }"

    assert await statements_of(by_resolvers, user, query) == VIEWER + 2


async def test_every_row_is_found_by_its_id_in_one_statement(by_resolvers: Client, database_url: str) -> None:
    made = fill(database_url)

    for kind, field in BY_ID.items():
        first, second = made.ids[kind][:2]
        one = f"query($id: ID!) {{ {field}(id: $id) {{ id }} }}"
        two = f"query($a: ID!, $b: ID!) {{ a: {field}(id: $a) {{ id }} b: {field}(id: $b) {{ id }} }}"

        assert await statements_of(by_resolvers, made.admin, one, id=str(first)) == VIEWER + 1, field
        assert (
            await statements_of(by_resolvers, made.admin, two, a=str(first), b=str(second)) == VIEWER + 1
        ), field


async def test_who_is_asking_takes_one_statement(by_resolvers: Client, database_url: str) -> None:
    user = insert(database_url, "User")

    assert await statements_of(by_resolvers, None, "{ __typename }") == 0
    assert await statements_of(by_resolvers, None, "{ viewer { id } systemPersonas { id } }") == 0
    assert await statements_of(by_resolvers, user, "{ __typename systemPersonas { id } }") == VIEWER
    assert (
        await statements_of(by_resolvers, user, "{ viewer { id email } again: viewer { name } }")
        == VIEWER + 1
    )


async def test_nodes_take_one_probe_and_one_statement_a_type(by_resolvers: Client, database_url: str) -> None:
    made = fill(database_url)
    query = "query($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }"

    for kinds in (["Post"], ["Post", "Thread"], NODES):
        ids = [str(id) for kind in kinds for id in made.ids[kind][:3]]
        with counted() as statements:
            data = await by_resolvers.data(query, {"ids": [*ids, *ids]}, by=made.admin)

        assert len(statements) == VIEWER + PROBE + len(kinds)
        assert [node["__typename"] for node in data["nodes"]] == 2 * [
            kind for kind in kinds for _ in range(3)
        ]
    unknown = {"ids": ["0191d3a2-7c1e-7b6a-9b1f-2f6c1d8e4a57"]}
    assert await count(lambda: by_resolvers.data(query, unknown, by=made.admin)) == VIEWER + PROBE


async def test_several_node_fields_share_their_statements(by_resolvers: Client, database_url: str) -> None:
    made = fill(database_url)
    a, b = (str(id) for id in made.ids["Post"][:2])
    query = (
        "query($a: ID!, $b: ID!) { a: node(id: $a) { id } b: node(id: $b) { id } c: nodes(ids: [$a]) { id } }"
    )

    assert await statements_of(by_resolvers, made.admin, query, a=a, b=b) == VIEWER + PROBE + 1
