"""Every list and every edge of the schema, found by introspection, and how to ask for them."""

from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLNonNull,
    GraphQLObjectType,
    get_named_type,
)

from schema import core_schema
from tests.conftest import Client

ROOT = "Query"
NODE = core_schema.type_map["Node"]
OBJECTS = [kind for kind in core_schema.type_map.values() if isinstance(kind, GraphQLObjectType)]
NODES = [kind.name for kind in OBJECTS if NODE in kind.interfaces]
PAGE_INFO = "pageInfo { hasNextPage hasPreviousPage startCursor endCursor }"

# The root field that reads one row of a type.
BY_ID = {
    get_named_type(field.type).name: name
    for name, field in cast("GraphQLObjectType", core_schema.type_map[ROOT]).fields.items()
    if list(field.args) == ["id"] and name not in {"node", "restorePreview"}
}

Order = dict[str, str] | None


@dataclass(frozen=True)
class Edge:
    """A field of `parent` that leads to `node`."""

    parent: str
    field: str
    node: str

    def __str__(self) -> str:
        return f"{self.parent}.{self.field}"

    @property
    def definition(self) -> GraphQLField:
        """The field as graphql-core knows it."""
        field: GraphQLField = cast("GraphQLObjectType", core_schema.type_map[self.parent]).fields[self.field]
        return field

    def query(self, selection: str, arguments: dict[str, Any], *, of_many: bool = False) -> str:
        """A query for the field alone: at the root, of the parent `$id`, or of all parents in `$ids`."""
        declared = [f"${name}: {self._optional(name)}" for name in arguments]
        given = ", ".join(f"{name}: ${name}" for name in arguments)
        asked = f"found: {self.field}{f'({given})' if given else ''} {{ {selection} }}"
        if self.parent == ROOT:
            return f"query{_variables(declared)} {{ {asked} }}"
        if of_many:
            asked = f"nodes(ids: $ids) {{ ... on {self.parent} {{ {asked} }} }}"
            return f"query{_variables([*declared, '$ids: [ID!]!'])} {{ {asked} }}"
        asked = f"parent: {BY_ID[self.parent]}(id: $id) {{ {asked} }}"
        return f"query{_variables([*declared, '$id: ID!'])} {{ {asked} }}"

    def _optional(self, argument: str) -> Any:
        kind = self.definition.args[argument].type
        return kind.of_type if isinstance(kind, GraphQLNonNull) else kind

    async def of_many(
        self, client: Client, by: UUID, parents: list[UUID], selection: str, **arguments: Any
    ) -> list[Any]:
        """What the field holds of each parent."""
        variables = arguments | {"ids": [str(id) for id in parents]}
        data = await client.data(self.query(selection, arguments, of_many=True), variables, by=by)
        return [parent["found"] for parent in data["nodes"]]

    async def of(
        self, client: Client, by: UUID, parent: UUID | None, selection: str, **arguments: Any
    ) -> Any:
        """What the field holds of the parent; of none at the root."""
        variables = arguments if parent is None else arguments | {"id": str(parent)}
        data = await client.data(self.query(selection, arguments), variables, by=by)
        return data["found"] if parent is None else data["parent"]["found"]

    @property
    def orders(self) -> list[Order]:
        """Every `orderBy`, left out first."""
        argument = self.definition.args.get("orderBy")
        if argument is None:
            return [None]
        fields = cast("GraphQLInputObjectType", get_named_type(argument.type)).fields
        names = cast("GraphQLEnumType", get_named_type(fields["field"].type)).values
        return [None, *({"field": name, "direction": way} for name in names for way in ("ASC", "DESC"))]

    @property
    def comparisons(self) -> list[tuple[str, str, str]]:
        """(column, comparison, the type of its value), all that `where` offers besides and, or, not."""
        argument = self.definition.args.get("where")
        if argument is None:
            return []
        where = cast("GraphQLInputObjectType", get_named_type(argument.type))
        return [
            (column, name, get_named_type(operand.type).name)
            for column, field in where.fields.items()
            if column not in {"and", "or", "not"}
            for name, operand in cast("GraphQLInputObjectType", get_named_type(field.type)).fields.items()
        ]


def _variables(declared: list[str]) -> str:
    return f"({', '.join(declared)})" if declared else ""


def _edges(suffix: str) -> list[Edge]:
    return [
        Edge(kind.name, name, get_named_type(field.type).name.removesuffix("Connection"))
        for kind in OBJECTS
        for name, field in kind.fields.items()
        if get_named_type(field.type).name in {node + suffix for node in [*NODES, "TrashEntry", "DuePost"]}
    ]


LISTS = [edge for edge in _edges("Connection") if not edge.parent.endswith(("Connection", "Edge"))]
TO_ONE = [edge for edge in _edges("") if edge.parent in NODES]
POSTS = Edge("User", "posts", "Post")
