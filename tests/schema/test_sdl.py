"""`schema.graphql` is the contract's text: complete, sorted, every part of it described."""

from pathlib import Path

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    is_introspection_type,
    is_specified_scalar_type,
)

from schema import core_schema, sdl

FILE = Path(__file__).parent.parent.parent / "schema.graphql"
OWN_TYPES = [
    type
    for type in core_schema.type_map.values()
    if not is_introspection_type(type) and not is_specified_scalar_type(type)
]


def test_the_committed_schema_is_the_served_one() -> None:
    assert FILE.read_text() == sdl(), "run `make sdl`"


@pytest.mark.parametrize("type", OWN_TYPES, ids=lambda type: type.name)
def test_every_part_is_described(type: GraphQLNamedType) -> None:
    undescribed = [name for name, description in _parts(type) if not (description or "").strip()]

    assert undescribed == []


def test_no_foreign_key_is_public() -> None:
    names = {
        f"{type.name}.{name}"
        for type in OWN_TYPES
        if isinstance(type, GraphQLObjectType)
        for name in type.fields
        if name.endswith("Id") and name != "deletedId"
    }

    # What payment providers call a row is theirs, not a key of ours; and what was recorded may be gone.
    assert names == {
        "AuditEntry.subjectId",
        "Invoice.stripeInvoiceId",
        "Plan.dodoProductId",
        "Subscription.dodoSubscriptionId",
        "User.dodoCustomerId",
    }


def _parts(type: GraphQLNamedType) -> list[tuple[str, str | None]]:
    parts = [(type.name, type.description)]
    if isinstance(type, GraphQLObjectType | GraphQLInterfaceType):
        for name, field in type.fields.items():
            parts.append((name, field.description))
            parts += [(f"{name}({argument})", made.description) for argument, made in field.args.items()]
    elif isinstance(type, GraphQLInputObjectType):
        parts += [(name, field.description) for name, field in type.fields.items()]
    elif isinstance(type, GraphQLEnumType):
        parts += [(name, value.description) for name, value in type.values.items()]
    return parts
