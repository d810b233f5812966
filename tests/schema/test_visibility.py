"""Who may see what: every type by every path, as everybody, against an oracle that knows the answers.

The paths are found by looking at the schema, so that a field which is added is walked from then on. And no
answer to any question asked here may hold a mark or an id of a row that its reader may not see.
"""

import base64
import re
from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from uuid import UUID, uuid4

import httpx
import psycopg
import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLObjectType,
    get_named_type,
    is_leaf_type,
    is_required_argument,
)
from starlette.applications import Starlette
from strawberry.types.base import StrawberryObjectDefinition

from schema import core_schema
from schema import schema as strawberry_schema
from schema.access import Access, Require
from tests.conftest import SWEEP, Client
from tests.schema.worlds import MARK, READERS, Key, World, populated
from zorbit.auth.local import LocalIssuer

IDS = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")
CURSORS = re.compile(r'"(?:cursor|startCursor|endCursor)":"([^"]+)"')
PAGE = "{ totalCount pageInfo { hasNextPage } nodes { __typename id } edges { node { id } } }"
REFUSED = None

# What the schema has


class Edge(NamedTuple):
    """A field that leads to rows: to a page of them, or to one."""

    parent: str
    name: str
    target: str
    is_many: bool
    field: GraphQLField

    def __str__(self) -> str:
        return f"{self.parent}.{self.name}"


def objects() -> Iterator[GraphQLObjectType]:
    return (kind for kind in core_schema.type_map.values() if isinstance(kind, GraphQLObjectType))


NODES = {kind.name: kind for kind in objects() if "Node" in {interface.name for interface in kind.interfaces}}


def edges_of(parent: GraphQLObjectType) -> Iterator[Edge]:
    for name, made in parent.fields.items():
        kind = get_named_type(made.type)
        is_many = isinstance(kind, GraphQLObjectType) and "pageInfo" in kind.fields
        target = get_named_type(kind.fields["nodes"].type) if is_many else kind
        if target.name in NODES:
            yield Edge(parent.name, name, target.name, is_many, made)


def rules_of(kind: str) -> dict[str, Access | None]:
    """The rule of each field of an object type."""
    definition = strawberry_schema.get_type_by_name(kind)
    assert isinstance(definition, StrawberryObjectDefinition)
    return {
        strawberry_schema.config.name_converter.get_graphql_name(made): next(
            (extension.access for extension in made.extensions if isinstance(extension, Require)), None
        )
        for made in definition.fields
    }


QUERY = core_schema.query_type.fields  # type: ignore[union-attr] # there is one
EDGES = {(edge.parent, edge.name): edge for kind in NODES.values() for edge in edges_of(kind)}
ROOTS = list(edges_of(core_schema.query_type))  # type: ignore[arg-type] # there is one
LISTS = [edge for edge in ROOTS if edge.is_many]
BY_ID = [edge for edge in ROOTS if "id" in edge.field.args]
FOR_ADMINS = {
    (kind, name) for kind in NODES for name, rule in rules_of(kind).items() if rule is Access.ADMINS
}


def selection(kind: Any, depth: int) -> str:
    """Every field of an object, and of the rows that it leads to, `depth` edges far; then only their ids."""
    if depth < 0 or not isinstance(kind, GraphQLObjectType):
        return "__typename id"
    parts = ["__typename"]
    for name, made in kind.fields.items():
        target = get_named_type(made.type)
        below = "" if is_leaf_type(target) else f" {{ {selection(target, depth - (target.name in NODES))} }}"
        parts.append(f"{name}{arguments(made)}{below}")
    return " ".join(parts)


def arguments(made: GraphQLField, **given: str) -> str:
    """A field's arguments: whole pages, and what is required, unless it is given."""
    if "first" in made.args:
        given = {"first": "100"} | given
    for name, argument in made.args.items():
        if is_required_argument(argument) and name not in given:
            kind = get_named_type(argument.type)
            given[name] = next(iter(kind.values)) if isinstance(kind, GraphQLEnumType) else f'"{uuid4()}"'
    return f"({', '.join(f'{name}: {value}' for name, value in given.items())})" if given else ""


def nodes_query(table: str, fields: str) -> str:
    return f"query ($ids: [ID!]!) {{ nodes(ids: $ids) {{ __typename id ... on {table} {{ {fields} }} }} }}"


# What answers show


@dataclass
class Seen:
    """What was seen in answers: rows, and where the edges of each lead."""

    rows: set[Key] = field(default_factory=set)
    edges: dict[tuple[str, str], dict[str, frozenset[str] | None]] = field(
        default_factory=lambda: defaultdict(dict)
    )

    def look(self, answer: Any) -> None:
        """Take in an answer; what is seen twice must be the same."""
        for value in answer if isinstance(answer, list) else []:
            self.look(value)
        for name, value in answer.items() if isinstance(answer, dict) else []:
            if edge := EDGES.get((answer.get("__typename", ""), name)):
                found = page_ids(value) if edge.is_many else frozenset([value["id"]] if value else [])
                assert self.edges[edge.parent, name].setdefault(answer["id"], found) == found
            self.look(value)
        if isinstance(answer, dict) and answer.get("__typename") in NODES:
            self.rows.add((answer["__typename"], answer["id"]))

    def reachable(self, start: Key) -> set[Key]:
        """The rows that edges lead to from one row."""
        found, fresh = {start}, [start]
        while fresh:
            table, id = fresh.pop()
            for (parent, name), edges in self.edges.items():
                targets = (edges[id] or ()) if parent == table else ()
                new = {(EDGES[parent, name].target, target) for target in targets} - found
                found |= new
                fresh += new
        return found


def page_ids(page: Any) -> frozenset[str] | None:
    """The ids of a page that is the whole list; REFUSED where there is no page."""
    if page is REFUSED:
        return None
    ids: list[str] = [row["id"] for row in page["nodes"]]
    assert [edge["node"]["id"] for edge in page["edges"]] == ids
    assert (len(set(ids)), page["totalCount"], page["pageInfo"]["hasNextPage"]) == (len(ids), len(ids), False)
    return frozenset(ids)


@dataclass
class Scene:
    """A world and somebody who asks about it; everybody keeps one token."""

    world: World
    client: Client
    tokens: dict[str, str]

    async def send(self, viewer: str | None, query: str, **variables: Any) -> httpx.Response:
        """What a person is answered."""
        headers = {} if viewer is None else {"authorization": f"Bearer {self.tokens[viewer]}"}
        return await self.client.post(query, variables, **headers)

    async def ask(
        self, viewer: str | None, query: str, *, also: Collection[Key] = (), **variables: Any
    ) -> Any:
        """The data of an answer that shows only rows that the viewer may see and those of `also`."""
        response = await self.send(viewer, query, **variables)
        answer = response.json()
        allowed = self.world.visible(viewer) | set(also)
        assert shown(response.text, self.world) - allowed == set()
        for error in answer.get("errors", []):
            assert (error["extensions"]["code"], error["path"][-1]) in {
                ("FORBIDDEN", name) for _, name in FOR_ADMINS
            }, error
        return answer["data"]

    async def rows(self, viewer: str, keys: Collection[Key], fields: str = "id") -> list[Any]:
        """What `nodes` gives for rows, whether or not they may be seen."""
        found: list[Any] = []
        by_table = defaultdict(list)
        for table, id in sorted(keys):
            by_table[table].append(id)
        for table, ids in by_table.items():
            for start in range(0, len(ids), 100):
                part = ids[start : start + 100]
                found += (await self.ask(viewer, nodes_query(table, fields), ids=part))["nodes"]
        return found

    async def nodes(self, viewer: str, keys: Collection[Key]) -> list[Any]:
        """What `nodes` gives for rows of any types, in the order of their tables."""
        query = "query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }"
        ids = [id for _, id in sorted(keys)]
        parts = [ids[start : start + 100] for start in range(0, len(ids), 100)]
        return [row for part in parts for row in (await self.ask(viewer, query, ids=part))["nodes"]]

    async def crawl(self, viewer: str, seen: Seen) -> Seen:
        """Follow every edge of what is seen until nothing new appears."""
        known: set[Key] = set()
        while fresh := seen.rows - known:
            known |= fresh
            for table in {table for table, _ in fresh}:
                keys = {key for key in fresh if key[0] == table}
                seen.look(await self.rows(viewer, keys, selection(NODES[table], 0)))
        return seen


def shown(text: str, world: World) -> set[Key]:
    """The rows whose mark or id stands in a text, in its cursors too."""
    decoded = " ".join(
        base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        for cursor in CURSORS.findall(text)
    )
    tables = {id: table for table, rows in world.rows.items() for id in rows}
    by_id = {(tables[id], id) for id in IDS.findall(text + decoded)}
    return by_id | {world.marks[mark] for mark in MARK.findall(text)}


@pytest.fixture(scope="module")
async def scene(served: Starlette, worker_database: str, data_dir: Any) -> AsyncIterator[Scene]:
    """The world, for all tests of this file: they read, and put back what they change."""
    world = populated(worker_database)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=served), base_url="http://127.0.0.1"
    ) as http:
        client = Client(http, LocalIssuer.open(data_dir))
        yield Scene(world, client, {name: client.token(UUID(id)) for name, id in world.people.items()})
    with psycopg.connect(worker_database, autocommit=True) as connection:
        connection.execute(SWEEP)


# Edges


@pytest.fixture(scope="module")
async def crawled(scene: Scene) -> dict[str, Seen]:
    """What each reader finds from the rows that are visible, all edges of each."""
    return {name: await scene.crawl(name, Seen(scene.world.visible(name))) for name in READERS}


def joined(world: World, viewer: str, edge: Edge, visible: set[Key]) -> dict[str, frozenset[str] | None]:
    """Where an edge leads from each row that the viewer may see."""
    if (edge.parent, edge.name) in FOR_ADMINS and world.role(viewer) != "admin":
        return {id: REFUSED for table, id in visible if table == edge.parent}
    return {
        id: world.neighbours(table, id, edge.target, visible) for table, id in visible if table == edge.parent
    }


@pytest.mark.parametrize("edge", EDGES.values(), ids=str)
@pytest.mark.parametrize("viewer", READERS)
def test_an_edge_leads_to_exactly_what_is_visible(
    scene: Scene, crawled: dict[str, Seen], viewer: str, edge: Edge
) -> None:
    expected = joined(scene.world, viewer, edge, scene.world.visible(viewer))

    assert crawled[viewer].edges[edge.parent, edge.name] == expected
    assert any(expected.values()) or set(expected.values()) == {REFUSED}


@pytest.mark.parametrize("viewer", READERS)
def test_following_edges_never_leaves_what_is_visible(
    scene: Scene, crawled: dict[str, Seen], viewer: str
) -> None:
    assert crawled[viewer].rows == scene.world.visible(viewer)


@pytest.mark.parametrize("edge", EDGES.values(), ids=str)
async def test_an_edge_of_an_edge_leads_there_too(scene: Scene, edge: Edge) -> None:
    # One viewer each, by turns: what users and admins may see differs in the first edge, not in the second.
    viewer = "root" if edge.is_many else "ada"
    seen, visible = Seen(), scene.world.visible(viewer)
    parents = sorted(key for key in visible if key[0] == edge.parent)
    some = parents[:: len(parents) // 3 + 1]
    below = selection(get_named_type(edge.field.type), 0)

    seen.look(await scene.rows(viewer, some, f"{edge.name}{arguments(edge.field)} {{ {below} }}"))

    assert seen.edges
    for (parent, name), found in seen.edges.items():
        expected = joined(scene.world, viewer, EDGES[parent, name], visible)
        assert found == {id: expected[id] for id in found}, f"{edge} then {name}"


@pytest.mark.parametrize("viewer", READERS)
async def test_from_the_own_account_all_that_is_own_can_be_reached(
    scene: Scene, crawled: dict[str, Seen], viewer: str
) -> None:
    world, me = scene.world, scene.world.people[viewer]
    billed = {invoice.get("paymentMethodId") for invoice in world.rows["Invoice"].values()}
    own = {
        (table, id)
        for table, id in world.visible(viewer)
        # A way to pay that was removed and never paid with is found by its id alone.
        if world.owner(table, id) == me and (id in billed or not world.rows[table][id].get("removedAt"))
    }
    plan = {("Plan", row["planId"]) for row in world.rows["Subscription"].values() if row["userId"] == me}

    data = await scene.ask(viewer, "{ viewer { __typename id } }")

    start = (data["viewer"]["__typename"], data["viewer"]["id"])
    assert start == ("User", me)
    assert crawled[viewer].reachable(start) == own | plan


# Lists


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


# By id: what is not yours is not there


@pytest.mark.parametrize("edge", BY_ID, ids=lambda edge: edge.name)
@pytest.mark.parametrize("viewer", ["ada", "bob", "root"])
async def test_by_id_what_is_visible_is_found_and_all_else_is_as_if_it_never_was(
    scene: Scene, viewer: str, edge: Edge
) -> None:
    visible = scene.world.visible(viewer)
    ids = sorted(scene.world.rows[edge.target])
    other_types = next(id for table, id in sorted(visible) if table != edge.target)
    hidden = [id for id in ids if (edge.target, id) not in visible]

    found: list[Any] = []
    for start in range(0, len(ids), 100):
        fields = [f'n{n}: {edge.name}(id: "{id}") {{ id }}' for n, id in enumerate(ids[start : start + 100])]
        found += (await scene.ask(viewer, f"{{ {' '.join(fields)} }}")).values()
    query = f"query ($id: ID!) {{ {edge.name}(id: $id) {{ __typename id }} }}"
    unknown = await scene.send(viewer, query, id=str(uuid4()))
    some = [await scene.send(viewer, query, id=id) for id in (other_types, *hidden[:: len(hidden) // 5 + 1])]

    assert found == [None if id in hidden else {"id": id} for id in ids]
    assert unknown.json() == {"data": {edge.name: None}}
    assert {(answer.status_code, answer.content) for answer in some} == {(200, unknown.content)}


@pytest.mark.parametrize("viewer", ["ada", "bob", "root"])
async def test_node_and_nodes_find_exactly_what_is_visible(scene: Scene, viewer: str) -> None:
    visible = scene.world.visible(viewer)
    every = sorted(scene.world.all())
    hidden = [id for table, id in every if (table, id) not in visible]

    query = "query ($id: ID!) { node(id: $id) { __typename id } }"
    unknown = await scene.send(viewer, query, id=str(uuid4()))
    some = [await scene.send(viewer, query, id=id) for id in hidden[:: len(hidden) // 3]]
    found = await scene.nodes(viewer, every)

    assert unknown.json() == {"data": {"node": None}}
    assert {(answer.status_code, answer.content) for answer in some} == {(200, unknown.content)}
    assert found == [
        {"__typename": table, "id": id} if (table, id) in visible else None for table, id in every
    ]


@pytest.mark.parametrize("viewer", READERS)
async def test_an_address_finds_live_users_for_admins_alone(scene: Scene, viewer: str) -> None:
    world = scene.world
    query = "query ($email: String!) { userByEmail(email: $email) { __typename id } }"

    found = {
        name: (await scene.send(viewer, query, email=world.rows["User"][id]["email"].upper())).json()
        for name, id in world.people.items()
    }

    if viewer == "root":
        ids = {name: (answer["data"]["userByEmail"] or {}).get("id") for name, answer in found.items()}
        live = {name: id for name, id in world.people.items() if world.is_live("User", id)}
        # dan is deleted, and his address is ada's now.
        assert ids == live | {"carol": None, "dan": world.people["ada"]}
    else:
        assert len({str(answer) for answer in found.values()}) == 1
        assert found["ada"]["data"] == {"userByEmail": None}


@pytest.mark.parametrize("viewer", READERS)
async def test_quotas_count_what_is_visible(scene: Scene, viewer: str) -> None:
    world, visible = scene.world, scene.world.visible(viewer)
    keys = {(table, id) for table, id in visible if table == "User"}
    fields = "quotas { type used } quota(type: PERSONA) { used }"

    found = {row["id"]: row for row in await scene.rows(viewer, keys, f"id {fields}")}

    assert found.keys() == {id for _, id in keys}
    for id, row in found.items():
        personas = len(world.neighbours("User", id, "Persona", visible))
        used = {quota["type"]: quota["used"] for quota in row["quotas"]}
        others = dict.fromkeys(
            ("IDEA_GENERATION", "COMMENT_GENERATION", "POST_SCHEDULING", "IMAGE_CREATION"), 0
        )
        assert personas == 1
        assert used == {"POST_GENERATION": 3, "PERSONA": 1} | others
        assert row["quota"] == {"used": 1}


# The trash

TRASH = """query ($owner: ID) { trash(userId: $owner, first: 100) {
  totalCount nodes { id type title blockedBy { type id } } edges { node { id } }
} }"""
KINDS = {"ChatMessage": "MESSAGE", "ContentIdea": "IDEA"}


def kind(table: str) -> str:
    return KINDS.get(table, table.upper())


@pytest.mark.parametrize("owner", ["ada", "bob", "eve", "root", "bot", "carol", "dan"])
@pytest.mark.parametrize("viewer", READERS)
async def test_the_trash_holds_what_its_owner_deleted_for_the_owner_and_admins(
    scene: Scene, viewer: str, owner: str
) -> None:
    world = scene.world
    expected = world.trash(viewer, owner)
    also = {*expected, *(above for entry in expected.values() for above in entry)}

    data = await scene.ask(viewer, TRASH, also=also, owner=world.people[owner])

    found = data["trash"]
    assert {(entry["type"], entry["id"]): entry["blockedBy"] for entry in found["nodes"]} == {
        (kind(table), id): [{"type": kind(name), "id": above} for name, above in entry]
        for (table, id), entry in expected.items()
    }
    assert [edge["node"]["id"] for edge in found["edges"]] == [entry["id"] for entry in found["nodes"]]
    assert (found["totalCount"], len(found["nodes"])) == (len(expected), len(expected))
    if viewer == owner:
        assert len(expected) > 20
        assert found == (await scene.ask(viewer, TRASH, also=also))["trash"]


async def test_anothers_trash_is_as_empty_as_that_of_somebody_who_never_was(scene: Scene) -> None:
    unknown = await scene.send("ada", TRASH, owner=str(uuid4()))

    others = [
        await scene.send("ada", TRASH, owner=id) for name, id in scene.world.people.items() if name != "ada"
    ]

    assert unknown.json() == {"data": {"trash": {"totalCount": 0, "nodes": [], "edges": []}}}
    assert {(answer.status_code, answer.content) for answer in others} == {(200, unknown.content)}


async def test_admins_find_the_users_who_were_deleted(scene: Scene) -> None:
    people = scene.world.people
    gone = {("User", people["carol"]), ("User", people["dan"])}

    query = "{ deletedUsers { totalCount nodes { id type title blockedBy { id } } edges { node { id } } } }"
    found = (await scene.ask("root", query, also=gone))["deletedUsers"]

    assert sorted(found["nodes"], key=lambda entry: str(entry["id"])) == [
        {"id": people["carol"], "type": "USER", "title": "carol@example.com", "blockedBy": []},
        {"id": people["dan"], "type": "USER", "title": "Ada@Example.com", "blockedBy": []},
    ]
    assert {edge["node"]["id"] for edge in found["edges"]} == {id for _, id in gone}
    assert found["totalCount"] == 2


# Publishers


DUE = f"{{ duePosts(first: 100) {{ {selection(get_named_type(QUERY['duePosts'].type), 1)} }} }}"


@pytest.mark.parametrize("viewer", ["bot", "root"])
async def test_due_posts_lead_publishers_no_further(scene: Scene, viewer: str) -> None:
    world, seen = scene.world, Seen()
    (subscription,) = world.neighbours("User", world.people["bot"], "Subscription", world.visible("root"))

    with world.changed("Subscription", subscription, status="expired"):
        due = world.due()
        found = (await scene.ask(viewer, DUE, also={("Post", id) for id in due}))["duePosts"]

    assert len(due) == 6  # ada, bob and root have two each; eve has not paid, carol is deleted
    assert {node["post"]["id"] for node in found["nodes"]} == due
    emails = {world.rows["User"][world.people[name]]["email"] for name in ("ada", "bob", "root")}
    assert {node["ownerEmail"] for node in found["nodes"]} == emails
    assert found["totalCount"] == len(found["nodes"]) == len(due)
    assert [edge["node"] for edge in found["edges"]] == found["nodes"]
    seen.look(found)
    assert seen.edges.keys() == {("Post", edge.name) for edge in edges_of(NODES["Post"])}
    assert [edge for edge in EDGES.values() if edge.parent == "Post" and edge.is_many] == []
    for (_, name), edges in seen.edges.items():
        target, visible = EDGES["Post", name].target, world.visible(viewer)
        assert edges == {id: world.neighbours("Post", id, target, visible) for id in due}, name


async def test_due_posts_of_its_own_lead_a_service_no_further_either(scene: Scene) -> None:
    seen, due = Seen(), scene.world.due()
    own = {id for id in due if scene.world.owner("Post", id) == scene.world.people["bot"]}

    response = await scene.send("bot", DUE)

    seen.look(response.json()["data"])
    assert len(own) == 2
    assert {
        name: found for (_, name), edges in seen.edges.items() for id, found in edges.items() if found
    } == {}
    assert shown(response.text, scene.world) == {("Post", id) for id in due}


# Who is let in at all


def outcome(response: httpx.Response, name: str) -> str:
    """`data`, or the code of the refusal."""
    answer = response.json()
    assert response.status_code == 200, answer
    if "errors" not in answer:
        return "data"
    (error,) = answer["errors"]
    assert answer["data"] == {name: None}
    assert error["path"] == [name]
    return str(error["extensions"]["code"])


def test_every_root_field_has_a_rule() -> None:
    rules = rules_of("Query")

    assert rules.keys() == QUERY.keys()
    assert [name for name, rule in rules.items() if rule is None] == []
    assert {name for name, rule in rules.items() if rule is Access.ANYBODY} == {"viewer", "systemPersonas"}
    assert {name for name, rule in rules.items() if rule is Access.PUBLISHERS} == {"duePosts"}
    assert {name for name, rule in rules.items() if rule is Access.ADMINS} == {
        name for name, made in QUERY.items() if (made.description or "").startswith("For admins:")
    }


@pytest.mark.parametrize("name", QUERY)
async def test_a_root_field_answers_those_whom_its_rule_lets_in_and_no_others(
    scene: Scene, name: str
) -> None:
    rule = rules_of("Query")[name]
    assert rule is not None
    refusal = {None: "UNAUTHENTICATED", "user": "FORBIDDEN", "admin": "FORBIDDEN", "service": "FORBIDDEN"}
    expected = {role: "data" if role in rule.value else refusal[role] for role in refusal}
    if name == "viewer":
        expected["service"] = "FORBIDDEN"  # a service has no account to show

    query = root_query(name)
    found = {
        role: outcome(await scene.send(caller, query), name)
        for role, caller in ((None, None), ("user", "ada"), ("admin", "root"), ("service", "bot"))
    }

    assert found == expected


def root_query(name: str) -> str:
    """A question that the field answers to whomever it answers at all."""
    made = QUERY[name]
    given = {"ids": f'["{uuid4()}"]'} if "ids" in made.args else {}
    return f"{{ {name}{arguments(made, **given)} {{ {selection(get_named_type(made.type), 0)} }} }}"


async def test_nobody_is_shown_system_personas_and_that_nobody_is_signed_in(scene: Scene) -> None:
    data = await scene.ask(None, "{ viewer { id } systemPersonas { id name } }")

    assert data["viewer"] is None
    assert len(data["systemPersonas"]) > 0


@pytest.mark.parametrize("name", QUERY)
async def test_a_deleted_users_token_is_worth_no_more_than_that_of_somebody_who_never_was(
    scene: Scene, name: str
) -> None:
    query = root_query(name)
    unknown = await scene.client.post(query, authorization=f"Bearer {scene.client.token(uuid4())}")

    answers = [await scene.send(viewer, query) for viewer in ("carol", "dan")]

    assert unknown.status_code == 401
    assert {(answer.status_code, answer.content) for answer in answers} == {(401, unknown.content)}


# Changes are seen at the next request


async def found_by_id(scene: Scene, viewer: str) -> set[Key]:
    """Every row of the world that `nodes` gives."""
    return {(row["__typename"], row["id"]) for row in await scene.nodes(viewer, scene.world.all()) if row}


async def test_a_deleted_user_is_out_at_the_next_request_and_back_when_restored(scene: Scene) -> None:
    world, bob = scene.world, scene.world.people["bob"]
    before = world.visible("root")

    with world.changed("User", bob, isDeleted=True):
        refused = await scene.send("bob", "{ viewer { id } }")
        meanwhile = await found_by_id(scene, "root")

    code = refused.json()["errors"][0]["extensions"]["code"]
    assert (refused.status_code, code) == (401, "UNAUTHENTICATED")
    assert before - meanwhile == {key for key in before if world.owner(*key) == bob}
    assert await found_by_id(scene, "bob") == world.visible("bob")


@pytest.mark.parametrize("role", ["user", "service"])
async def test_a_demoted_admin_loses_access_at_the_next_request(scene: Scene, role: str) -> None:
    world, root = scene.world, scene.world.people["root"]

    with world.changed("User", root, role=role):
        users = outcome(await scene.send("root", "{ users { totalCount } }"), "users")
        subscribers = await scene.send("root", "{ plans { nodes { subscriptions { totalCount } } } }")
        found = await found_by_id(scene, "root") if role == "user" else set()
        expected = world.visible("root")

    assert users == "FORBIDDEN"
    assert {error["extensions"]["code"] for error in subscribers.json()["errors"]} == {"FORBIDDEN"}
    assert found == expected
    assert outcome(await scene.send("root", "{ users { totalCount } }"), "users") == "data"


async def test_deleting_a_parent_hides_what_is_below_it_and_restoring_brings_it_back(scene: Scene) -> None:
    world = scene.world
    thread = min(world.ids("Thread", "ada"))
    before = world.visible("ada")

    with world.changed("Thread", thread, isDeleted=True):
        meanwhile = await found_by_id(scene, "ada")
        expected = world.visible("ada")

    assert {table for table, _ in before - meanwhile} == {"Thread", "ChatMessage", "ContentIdea"}
    assert meanwhile == expected
    assert await found_by_id(scene, "ada") == before
