"""Who may see what in lists: their pages, filters, orders and searches show no more and no less."""

from collections import defaultdict
from collections.abc import Collection, Iterator
from typing import Any, NamedTuple

import pytest
from graphql import GraphQLEnumType, GraphQLField, GraphQLInputObjectType, get_named_type

from schema.access import Access
from tests.schema.populating import READERS
from tests.schema.walks import (
    EDGES,
    FOR_ADMINS,
    LISTS,
    NODES,
    PAGE,
    REFUSED,
    Edge,
    Scene,
    arguments,
    joined,
    nodes_query,
    page_ids,
    rules_of,
    selection,
)

pytestmark = pytest.mark.untraced  # to trace them takes as long again; other tests go the same ways


@pytest.mark.parametrize(
    ("viewer", "edge"),
    [
        pytest.param(viewer, edge, id=f"{viewer}-{edge.name}")
        for edge in LISTS
        for viewer in READERS
        if viewer == "root" or rules_of("Query")[edge.name] is not Access.ADMINS
    ],
)
async def test_pages_of_a_list_at_the_root_give_all_that_is_visible(
    scene: Scene, viewer: str, edge: Edge
) -> None:
    expected = scene.world.ids(edge.target, viewer)
    pages: list[Any] = []
    after: dict[str, str] = {}
    row = selection(NODES[edge.target], -1)

    while not pages or pages[-1]["pageInfo"]["hasNextPage"]:
        which = arguments(edge.field, first="7", **after)
        query = f"""{{ {edge.name}{which} {{
            totalCount pageInfo {{ hasNextPage endCursor }} nodes {{ {row} }} edges {{ cursor node {{ id }} }}
        }} }}"""
        pages.append((await scene.ask(viewer, query))[edge.name])
        after = {"after": f'"{pages[-1]["pageInfo"]["endCursor"]}"'}

    found = [node["id"] for page in pages for node in page["nodes"]]
    assert found == [made["node"]["id"] for page in pages for made in page["edges"]]
    assert (len(found), set(found)) == (len(expected), expected)
    assert {page["totalCount"] for page in pages} == {len(expected)}


# A filter's columns are tried one by one only where it comes first: each costs a statement to compile.
FILTERED_FIRST = {
    get_named_type(edge.field.args["where"].type).name: edge.field
    for edge in reversed([*LISTS, *EDGES.values()])
    if edge.is_many
}


class Variant(NamedTuple):
    """A way to ask for a list, and which part of it comes then: all, none, or one half of a pair."""

    arguments: dict[str, str]
    part: str


def variants(made: GraphQLField) -> Iterator[Variant]:
    """Every order, every filter, a search: for each it is known what they give, whatever the rows."""
    order, where = (get_named_type(made.args[name].type) for name in ("orderBy", "where"))
    assert isinstance(order, GraphQLInputObjectType)
    assert isinstance(where, GraphQLInputObjectType)
    by = get_named_type(order.fields["field"].type)
    assert isinstance(by, GraphQLEnumType)
    yield from (Variant({"orderBy": f"{{field: {value}, direction: ASC}}"}, "all") for value in by.values)
    halves = [
        [f"{{{column}: {{isNull: {is_null}}}}}" for is_null in ("true", "false")]
        for column in where.fields
        if column not in ("and", "or", "not")
    ]
    if "or" in where.fields:
        every = ", ".join(half for pair in halves for half in pair)
        yield Variant({"where": f"{{or: [{every}]}}"}, "all")
        yield Variant({"where": f"{{and: [{every}]}}"}, "none")
    if "search" in made.args:
        yield Variant({"search": '"nowhere or quill"'}, "all")
        yield Variant({"search": '"nowhere"'}, "none")
    if FILTERED_FIRST[where.name] is made:
        yield from (Variant({"where": half}, pair[0]) for pair in halves for half in pair)
        yield from (
            Variant({"orderBy": f"{{field: {value}, direction: DESC}}"}, "all") for value in by.values
        )


def hold(answers: dict[str, Any], asked: list[Variant], expected: Collection[str]) -> None:
    """Whether each variant of one list gave what it must."""
    halves: dict[str, list[str]] = defaultdict(list)
    for place, variant in enumerate(asked):
        ids = page_ids(answers[f"v{place}"])
        assert ids is not REFUSED
        if variant.part in ("all", "none"):
            assert ids == (expected if variant.part == "all" else frozenset()), variant
        else:
            halves[variant.part] += ids
    for column, both in halves.items():
        assert sorted(both) == sorted(expected), column


def aliased(edge: Edge, asked: list[Variant]) -> str:
    fields = (
        f"v{place}: {edge.name}{arguments(edge.field, **variant.arguments)} {{ ...Page }}"
        for place, variant in enumerate(asked)
    )
    return " ".join(fields)


def with_page(query: str, edge: Edge) -> str:
    return f"{query} fragment Page on {get_named_type(edge.field.type)} {PAGE}"


@pytest.mark.parametrize("edge", [edge for edge in EDGES.values() if edge.is_many], ids=str)
async def test_filters_orders_and_searches_of_an_edge_show_no_more_and_no_less(
    scene: Scene, edge: Edge
) -> None:
    viewer = "root" if (edge.parent, edge.name) in FOR_ADMINS else "ada"
    visible = scene.world.visible(viewer)
    expected = joined(scene.world, viewer, edge, visible)
    parents = sorted(id for id in expected if expected[id])[:2]
    asked = list(variants(edge.field))

    query = with_page(nodes_query(edge.parent, aliased(edge, asked)), edge)
    rows = (await scene.ask(viewer, query, ids=parents))["nodes"]

    assert [row["id"] for row in rows] == parents != []
    for row in rows:
        hold(row, asked, expected[row["id"]] or ())


@pytest.mark.parametrize("edge", LISTS, ids=lambda edge: edge.name)
async def test_filters_orders_and_searches_of_a_list_show_no_more_and_no_less(
    scene: Scene, edge: Edge
) -> None:
    asked = list(variants(edge.field))

    answers = await scene.ask("root", with_page(f"{{ {aliased(edge, asked)} }}", edge))

    hold(answers, asked, scene.world.ids(edge.target, "root"))


@pytest.mark.parametrize("viewer", READERS)
async def test_a_search_for_anothers_words_finds_nothing(scene: Scene, viewer: str) -> None:
    edges = [edge for edge in EDGES.values() if "search" in edge.field.args and edge.parent == "User"]
    words = {"mine": viewer, "theirs": "ada" if viewer == "bob" else "bob", "gone": "carol"}
    fields = [
        f'{key}_{edge.name}: {edge.name}(search: "{word}") {{ totalCount }}'
        for edge in edges
        for key, word in words.items()
    ]

    found = (await scene.ask(viewer, f"{{ viewer {{ {' '.join(fields)} }} }}"))["viewer"]

    assert len(edges) == 4
    for edge in edges:
        visible = scene.world.visible(viewer)
        own = scene.world.neighbours("User", scene.world.people[viewer], edge.target, visible)
        counts = [found[f"{key}_{edge.name}"]["totalCount"] for key in ("mine", "theirs", "gone")]
        assert counts == [len(own), 0, 0]
