"""Whether a schema keeps what the last release of it promised to its clients."""

import re
from collections.abc import Iterator
from datetime import date
from typing import Any

from graphql import (
    REMOVE,
    DirectiveNode,
    GraphQLSchema,
    Node,
    StringValueNode,
    Visitor,
    build_ast_schema,
    build_schema,
    get_named_type,
    is_abstract_type,
    parse,
    visit,
)
from graphql.utilities import find_schema_changes
from graphql.utilities.find_schema_changes import BreakingChange, DangerousChange

DAY = re.compile(r"\b\d{4}-\d{2}-\d{2}\b")
UNRELEASED = re.compile(r"^## .*\(unreleased\)$(?P<lines>.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)


def objections(old: str, new: str, changelog: str, today: date) -> list[str]:
    """What stands against releasing the schema `new` after `old`; nothing, if it may be."""
    found = [change.description for change in changes(old, new, today) if isinstance(change, BreakingChange)]
    if old != new and not told(changelog):
        found.append("the schema has changed, and the changelog has no line under an unreleased heading")
    return found


def warnings(old: str, new: str, today: date) -> list[str]:
    """What may surprise a client that is not written for it: for the changelog."""
    return [change.description for change in changes(old, new, today) if isinstance(change, DangerousChange)]


def changes(old: str, new: str, today: date) -> list[Any]:
    """Whatever differs, but for what has left as it should: deprecated in `old` until a day that has come."""
    return find_schema_changes(_reached(without_retired(old, today), new), build_schema(new))


def told(changelog: str) -> bool:
    """Whether the changelog tells of something that is not released yet."""
    unreleased = UNRELEASED.search(changelog)
    return unreleased is not None and "\n- " in unreleased["lines"]


def undated(schema: str) -> list[str]:
    """Reasons of deprecations that name no day."""
    found: list[str] = []

    class Reasons(Visitor):
        def enter_directive(self, node: DirectiveNode, *_: Any) -> None:
            if node.name.value == "deprecated" and _day(node) is None:
                found.append(_reason(node))

    visit(parse(schema), Reasons())
    return found


def without_retired(schema: str, today: date) -> GraphQLSchema:
    """A schema without what is deprecated until a day that has come."""

    class Retired(Visitor):
        def enter(self, node: Node, *_: Any) -> Any:
            days = [_day(one) for one in getattr(node, "directives", None) or ()]
            return REMOVE if any(day is not None and day <= today for day in days) else None

    return build_ast_schema(visit(parse(schema), Retired()), assume_valid=True)


def _day(directive: DirectiveNode) -> date | None:
    if directive.name.value != "deprecated":
        return None
    day = DAY.search(_reason(directive))
    return None if day is None else date.fromisoformat(day[0])


def _reason(directive: DirectiveNode) -> str:
    values = [one.value for one in directive.arguments or ()]
    return next((value.value for value in values if isinstance(value, StringValueNode)), "")


def _reached(schema: GraphQLSchema, new: str) -> GraphQLSchema:
    """Without the types that nothing leads to any more, unless `new` has them still."""
    kept = set(_types(schema)) | set(build_schema(new).type_map)
    types = [made for name, made in schema.type_map.items() if name in kept]
    return GraphQLSchema(**schema.to_kwargs() | {"types": tuple(types), "assume_valid": True})


def _types(schema: GraphQLSchema) -> Iterator[str]:
    """The names of all types that operations can name."""
    roots = [schema.query_type, schema.mutation_type, schema.subscription_type]
    found: list[Any] = [root for root in roots if root is not None]
    seen: set[str] = set()
    for kind in found:  # which grows meanwhile
        if kind.name in seen:
            continue
        seen.add(kind.name)
        yield kind.name
        if is_abstract_type(kind):
            found += schema.get_possible_types(kind)
        found += getattr(kind, "interfaces", ())
        for made in getattr(kind, "fields", {}).values():
            found.append(get_named_type(made.type))
            found += [get_named_type(one.type) for one in getattr(made, "args", {}).values()]
