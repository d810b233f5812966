"""Walks along every path of the schema, as everybody, against a world that knows the answers.

The paths are found by looking at the schema, so that a field which is added is walked from then on. And no
answer to any question asked here may hold a mark or an id of a row that its reader may not see.
"""

import base64
import re
from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from uuid import uuid4

import httpx
from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLObjectType,
    get_named_type,
    is_leaf_type,
    is_required_argument,
)
from strawberry.types.base import StrawberryObjectDefinition

from schema import core_schema
from schema import schema as strawberry_schema
from schema.access import Access, Require
from tests.conftest import Client
from tests.schema.worlds import MARK, Key, World

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
        return "__typename id" if "id" in kind.fields else "__typename"
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


def joined(world: World, viewer: str, edge: Edge, visible: set[Key]) -> dict[str, frozenset[str] | None]:
    """Where an edge leads from each row that the viewer may see."""
    if (edge.parent, edge.name) in FOR_ADMINS and world.role(viewer) != "admin":
        return {id: REFUSED for table, id in visible if table == edge.parent}
    return {
        id: world.neighbours(table, id, edge.target, visible, edge.name)
        for table, id in visible
        if table == edge.parent
    }
