"""Code for the object of a connection: its edges, nodes, page info and total."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLObjectType, get_named_type

from zorbit.engine.levels import Build, compiled
from zorbit.engine.lists import ListField

Details = list[Any]
Below = Callable[[GraphQLObjectType, Details], Mapping[str, Details]]
"""What is selected of an object."""
BuildObjects = Callable[[GraphQLObjectType, Details], Build]
"""Makes what makes the rows' objects."""

# A page's rows are `rs[i:j]`, their objects `os[n][i:j]`.
PAGE_INFO = {
    "hasNextPage": "has_next",
    "hasPreviousPage": "has_previous",
    "startCursor": "(cursor(rs[i][1], rs[i][{id}]) if i < j else None)",
    "endCursor": "(cursor(rs[j - 1][1], rs[j - 1][{id}]) if i < j else None)",
}
CURSORS = {"startCursor", "endCursor"}
LOOKS_FURTHER = {"hasNextPage", "hasPreviousPage"}


@dataclass(frozen=True, slots=True)
class Planning:
    """What the code of a connection is made with."""

    connection: ListField
    below: Below
    build: BuildObjects

    @property
    def id(self) -> int:
        """Where in a row its id is."""
        return self.connection.pages.id

    def objects(self, kind: GraphQLObjectType, details: Details) -> int:
        """Which of the rows' objects these are: each selection makes its own."""
        self.connection.builds.append(self.build(kind, details))
        return len(self.connection.builds) - 1


def plan_connection(planning: Planning, kind: GraphQLObjectType, grouped: Mapping[str, Details]) -> None:
    """Give a connection the code for what is selected of it."""
    parts = [f"{name!r}: {_field(planning, kind, details)}" for name, details in grouped.items()]
    code = "{" + ", ".join(parts) + "}"
    arguments = "rs, os, i, j, has_next, has_previous, cursor, total"
    planning.connection.make = compiled(f"lambda {arguments}: {code}", {})


def _field(planning: Planning, kind: GraphQLObjectType, details: Details) -> str:
    connection, name = planning.connection, details[0].node.name.value
    if name == "__typename":
        return repr(kind.name)
    if name == "totalCount":
        connection.has_total = True
        return "total"
    connection.has_rows = True
    made: Any = get_named_type(kind.fields[name].type)
    if name == "nodes":
        return f"os[{planning.objects(made, details)}][i:j]"
    fields = planning.below(made, details)
    return _page_info(planning, made, fields) if name == "pageInfo" else _edges(planning, made, fields)


def _page_info(planning: Planning, kind: GraphQLObjectType, fields: Mapping[str, Details]) -> str:
    parts = []
    for key, details in fields.items():
        name = details[0].node.name.value
        planning.connection.pages.looks_further |= name in LOOKS_FURTHER
        planning.connection.pages.has_cursors |= name in CURSORS
        code = repr(kind.name) if name == "__typename" else PAGE_INFO[name].format(id=planning.id)
        parts.append(f"{key!r}: {code}")
    return "{" + ", ".join(parts) + "}"


def _edges(planning: Planning, kind: GraphQLObjectType, fields: Mapping[str, Details]) -> str:
    parts, zipped = [], {"r": "rs[i:j]"}
    for key, details in fields.items():
        name = details[0].node.name.value
        if name == "__typename":
            code = repr(kind.name)
        elif name == "cursor":
            planning.connection.pages.has_cursors = True
            code = f"cursor(r[1], r[{planning.id}])"
        else:
            node: Any = get_named_type(kind.fields[name].type)
            code = f"o{len(zipped)}"
            zipped[code] = f"os[{planning.objects(node, details)}][i:j]"
        parts.append(f"{key!r}: {code}")
    return f"[{{{', '.join(parts)}}} for {', '.join(zipped)}, in zip({', '.join(zipped.values())})]"
