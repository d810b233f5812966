"""Who may see what, of both applications: the same text by everybody, an admin first, on warm caches."""

from collections.abc import Collection, Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from graphql import get_named_type

from tests.reading.conftest import sweep
from tests.reading.twins import Twins
from tests.schema.populating import populated
from tests.schema.test_access import DUE, root_query
from tests.schema.test_visible_trash import TRASH
from tests.schema.walks import BY_ID, NODES, QUERY, nodes_query, selection, shown
from tests.schema.worlds import Key, World

pytestmark = pytest.mark.untraced  # to trace them takes as long again; other tests go the same ways

CALLERS = ("root", "bob", "ada", "eve", "bot", None, "carol")
"""The admin's plans are there when the others ask; carol is deleted."""


@pytest.fixture(scope="module")
def world(twins: Twins) -> Iterator[World]:
    """Everybody's rows, for all tests of this file: they only read."""
    yield populated(twins.url)
    sweep(twins.url)


async def answers(
    twins: Twins, world: World, query: str, *, also: Collection[Key] = (), **variables: Any
) -> dict[str | None, Any]:
    """What each caller is answered: by both the same, and nothing of what the caller may not see."""
    found = {}
    for caller in CALLERS:
        by = None if caller is None else UUID(world.people[caller])
        compiled, reference = await twins.ask({"query": query, "variables": variables}, by)

        assert compiled.same(reference), (caller, query, variables)
        allowed = world.visible(caller) | (set(also) if caller in {"root", "bot"} else set())
        if "trash" in query:
            allowed |= trash(world, caller)
        assert shown(compiled.text, world) - allowed == set(), (caller, query, variables)
        found[caller] = compiled
    return found


def trash(world: World, caller: str | None) -> set[Key]:
    """What was deleted of all people, and what it is part of, as far as the caller may see it."""
    entries = [world.trash(caller, owner) for owner in world.people] if caller else []
    return {key for found in entries for entry, above in found.items() for key in (entry, *above)}


@pytest.mark.parametrize("name", QUERY)
async def test_a_root_field_shows_each_caller_what_the_resolvers_show(
    twins: Twins, world: World, name: str
) -> None:
    gone = {("User", world.people[name]) for name in ("carol", "dan")} if name == "deletedUsers" else set()
    also = {("Post", id) for id in world.due()} if name == "duePosts" else gone

    await answers(twins, world, root_query(name), also=also)


async def test_due_posts_lead_each_caller_no_further_than_the_resolvers_do(
    twins: Twins, world: World
) -> None:
    found = await answers(twins, world, DUE, also={("Post", id) for id in world.due()})

    assert found["root"].text != found["bot"].text


@pytest.mark.parametrize("table", NODES)
async def test_every_edge_of_every_row_leads_each_caller_where_the_resolvers_lead(
    twins: Twins, world: World, table: str
) -> None:
    ids = sorted(world.rows[table])
    query = nodes_query(table, selection(NODES[table], 0))

    for start in range(0, len(ids), 100):
        found = await answers(twins, world, query, ids=ids[start : start + 100])
        assert len(found["root"].text) > len(found["bob"].text) or table in {"Plan", "AuditEntry"}


@pytest.mark.parametrize("edge", BY_ID, ids=lambda edge: edge.name)
async def test_by_id_each_caller_finds_what_the_resolvers_find(twins: Twins, world: World, edge: Any) -> None:
    ids = [*sorted(world.rows[edge.target])[:60], *sorted(world.people.values()), str(uuid4())]
    fields = " ".join(
        f'n{place}: {edge.name}(id: "{id}") {{ __typename id }}' for place, id in enumerate(ids)
    )

    found = await answers(twins, world, f"{{ {fields} }}")

    assert '"id"' in found["root"].text


@pytest.mark.parametrize("owner", ["ada", "bob", "root", "bot", "carol", "dan"])
async def test_a_trash_shows_each_caller_what_the_resolvers_show(
    twins: Twins, world: World, owner: str
) -> None:
    await answers(twins, world, TRASH, owner=world.people[owner])


async def test_the_own_account_is_each_callers_own(twins: Twins, world: World) -> None:
    query = f"{{ viewer {{ {selection(get_named_type(QUERY['viewer'].type), 1)} }} }}"

    found = await answers(twins, world, query)

    for caller in ("root", "bob", "ada", "eve"):
        assert f'"viewer":{{"__typename":"User","id":"{world.people[caller]}"' in found[caller].text
