"""Arguments for any mutation, made from its input's types: plain ones, and ones that must be refused."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple
from uuid import UUID

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    get_named_type,
    get_nullable_type,
    is_required_input_field,
)

from schema import core_schema

MUTATIONS: Mapping[str, GraphQLField] = core_schema.mutation_type.fields  # type: ignore[union-attr] # there is one

# The table of the row that an id names, by the id's field; `id` and `ids` go by the mutation's name.
TABLES = {
    "userId": "User",
    "threadId": "Thread",
    "messageId": "ChatMessage",
    "ideaId": "ContentIdea",
    "postId": "Post",
    "personaId": "Persona",
    "templateId": "Template",
    "planId": "Plan",
    "paymentMethodId": "PaymentMethod",
    "changePlan": "Subscription",
    "Subscription": "Subscription",
    "PaymentMethod": "PaymentMethod",
    "Invoice": "Invoice",
    "Plan": "Plan",
    "Post": "Post",
    "Idea": "ContentIdea",
    "Message": "ChatMessage",
    "Thread": "Thread",
    "Persona": "Persona",
    "Template": "Template",
    "Comment": "Comment",
    "User": "User",
    "Rows": "Comment",
}
TEXTS = {
    "email": "new@example.com",
    "linkedinUrl": "https://www.linkedin.com/feed/update/1",
    **dict.fromkeys(("imageUrl", "image", "profileUrl"), "https://example.com/1"),
    "currency": "USD",
    "lastFour": "4242",
}
PLAIN: dict[str, Any] = {
    "String": "x",
    "Int": 1,
    "Float": 1.5,
    "Boolean": False,
    "DateTime": "2099-01-31T09:00:00Z",
    "Decimal": "1.00",
    "JSON": {},
}

Ids = Mapping[str, UUID]
"""A row's id by table."""
Path = tuple[str, ...]
"""Where in an input something stands, an index as text."""


class Leaf(NamedTuple):
    """A scalar of an input."""

    path: Path
    kind: str

    def __str__(self) -> str:
        return ".".join(("input", *self.path))


def input_of(mutation: str) -> GraphQLInputObjectType | None:
    """The type of a mutation's input, if it has one."""
    made = MUTATIONS[mutation].args.get("input")
    kind = made and get_nullable_type(made.type)
    return kind if isinstance(kind, GraphQLInputObjectType) else None


def leaves(mutation: str) -> list[Leaf]:
    """Every scalar of a mutation's input, also of what is nested and of what may be left out."""
    return list(_leaves(input_of(mutation), ()))


def _leaves(kind: Any, path: Path) -> Iterator[Leaf]:
    if isinstance(kind, GraphQLNonNull):
        yield from _leaves(kind.of_type, path)
    elif isinstance(kind, GraphQLList):
        yield from _leaves(kind.of_type, (*path, "0"))
    elif isinstance(kind, GraphQLInputObjectType):
        for name, part in kind.fields.items():
            yield from _leaves(part.type, (*path, name))
    elif kind is not None:
        yield Leaf(path, kind.name)


def lists(mutation: str) -> list[Leaf]:
    """Every list of a mutation's input, with the type of what it holds."""
    made = input_of(mutation)
    found = {name: get_nullable_type(part.type) for name, part in made.fields.items()} if made else {}
    return [
        Leaf((name,), get_named_type(part).name)
        for name, part in found.items()
        if isinstance(part, GraphQLList)
    ]


def given(mutation: str, ids: Ids, values: Mapping[Path, Any]) -> Any:
    """A mutation's input with `values` in their places; of the rest only what is required, and plain."""
    made = input_of(mutation)
    return made and _given(mutation, made, (), ids, values)


def _given(mutation: str, kind: Any, path: Path, ids: Ids, values: Mapping[Path, Any]) -> Any:
    if path in values:
        return values[path]
    if isinstance(kind, GraphQLNonNull):
        return _given(mutation, kind.of_type, path, ids, values)
    if isinstance(kind, GraphQLList):
        return [_given(mutation, kind.of_type, (*path, "0"), ids, values)]
    if isinstance(kind, GraphQLInputObjectType):
        begun = {place[: len(path) + 1] for place in values}
        return {
            name: _given(mutation, part.type, (*path, name), ids, values)
            for name, part in kind.fields.items()
            if is_required_input_field(part) or (*path, name) in begun
        }
    return _plain(mutation, kind, path, ids)


def _plain(mutation: str, kind: Any, path: Path, ids: Ids) -> Any:
    if isinstance(kind, GraphQLEnumType):
        return next(iter(kind.values))
    if kind.name == "ID":
        return str(ids[table_of(mutation, path)])
    return TEXTS.get(path[-1], PLAIN[kind.name])


def table_of(mutation: str, path: Path) -> str:
    """The table of the row that an id in a mutation's input names."""
    name = next(part for part in reversed(path) if not part.isdigit())
    if name in TABLES:
        return TABLES[name]
    return next(table for noun, table in TABLES.items() if noun in mutation)


def written(kind: Any, value: Any) -> str:
    """A value as GraphQL writes it; JSON is given as it is to be written."""
    if isinstance(kind, GraphQLNonNull):
        return written(kind.of_type, value)
    if isinstance(kind, GraphQLList):
        return f"[{', '.join(written(kind.of_type, item) for item in value)}]"
    if isinstance(kind, GraphQLInputObjectType):
        parts = [f"{name}: {written(kind.fields[name].type, item)}" for name, item in value.items()]
        return f"{{{', '.join(parts)}}}"
    return value if isinstance(kind, GraphQLEnumType) or kind.name == "JSON" else json.dumps(value)
