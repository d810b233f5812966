"""Objects that are no rows, as their types' fields show them."""

from collections.abc import Callable, Mapping
from typing import Any

from graphql import (
    GraphQLObjectType,
    get_named_type,
    get_nullable_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
)

from zorbit.engine.levels import Unplanned
from zorbit.engine.values import present

Builder = Callable[[Any], Any]
Below = Callable[[GraphQLObjectType, list[Any]], Mapping[str, list[Any]]]


def builder(kind: Any, details: list[Any], below: Below) -> Builder:
    """What makes a value of a GraphQL type, with what is selected of it, from what a resolver would give.

    Raises Unplanned where a field has a resolver of its own.
    """
    inner = get_nullable_type(kind)
    if is_list_type(inner):
        item = builder(inner.of_type, details, below)
        made: Builder = lambda value: [item(one) for one in value]  # noqa: E731 - one of three
    elif is_leaf_type(inner):
        made = inner.serialize
    else:
        made = shown(get_named_type(kind), details, below)
    if is_non_null_type(kind):
        return lambda value: made(present(value))
    return lambda value: None if value is None else made(value)


def shown(kind: Any, details: list[Any], below: Below) -> Builder:
    """What makes an object of that type, never null."""
    fields: list[tuple[str, str, Builder]] = []
    for key, inner in below(kind, details).items():
        name = inner[0].node.name.value
        if name == "__typename":
            fields.append((key, "__class__", lambda _value: kind.name))
            continue
        definition = kind.fields[name].extensions.get("strawberry-definition")
        if definition is None or not definition.is_basic_field:
            raise Unplanned(f"no reading of {kind.name}.{name}")
        fields.append((key, definition.python_name, builder(kind.fields[name].type, inner, below)))
    return lambda value: {key: make(getattr(value, attribute)) for key, attribute, make in fields}
