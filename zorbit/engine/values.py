"""From what PostgreSQL writes to what GraphQL writes."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import orjson
import sqlalchemy as sa
from graphql import GraphQLEnumType, GraphQLOutputType, get_nullable_type, is_list_type
from sqlalchemy.dialects.postgresql import JSONB

Converter = Callable[[Any], Any]
Reader = tuple[str, Converter | None]
"""A column's name, and what turns its text into the value that a row has."""

READERS: dict[type, Converter] = {
    sa.Uuid: UUID,
    sa.DateTime: datetime.fromisoformat,
    sa.Date: date.fromisoformat,
    JSONB: orjson.loads,
}
SAME = {"ID", "String", "Int", "Boolean"}


class Odd(Exception):  # noqa: N818 - a value, not an error of the program
    """A value that GraphQL can't write where it stands: the resolvers tell what is wrong with it."""


def writer(
    column: sa.Column[Any], kind: GraphQLOutputType, texts: Mapping[str, Converter | None]
) -> Converter | None:
    """What turns a column's value, not null, into a field's; None where they are the same."""
    named: Any = get_nullable_type(kind)
    if is_list_type(named):
        item = get_nullable_type(named.of_type)
        return _texts if getattr(item, "name", None) == "String" else _through(column, named)
    if isinstance(named, GraphQLEnumType):
        members = getattr(column.type, "enum_class", None) or ()
        return {member.value: named.serialize(member) for member in members}.__getitem__
    if named.name == "Float":
        return _finite
    if named.name in texts:
        return texts[named.name]
    return None if named.name in SAME else _through(column, named)


def reader(kind: Any) -> Converter | None:
    """What turns a text of that type into the value that a row has; None where they are the same."""
    if isinstance(kind, sa.Enum):
        return kind.enum_class
    if isinstance(kind, sa.Numeric):  # floats are of this kind too
        return Decimal if kind.asdecimal else None
    return next((read for known, read in READERS.items() if isinstance(kind, known)), None)


def object_of(readers: Sequence[Reader], values: Sequence[Any]) -> Any:
    """A row's values by name, as Python has them."""
    return SimpleNamespace(
        **{
            name: value if read is None or value is None else read(value)
            for (name, read), value in zip(readers, values, strict=True)
        }
    )


def present(value: Any) -> Any:
    """`value`, which may not be null here."""
    if value is None:
        raise Odd
    return value


def _finite(value: float) -> float:
    if value - value == 0:  # neither NaN nor an infinity, without the call of a function
        return value
    raise Odd


def _texts(value: list[Any]) -> list[Any]:
    for item in value:
        if type(item) is not str:
            raise Odd
    return value


def _through(column: sa.Column[Any], named: Any) -> Converter:
    load = reader(column.type)
    return lambda value: named.serialize(value if load is None else load(value))
