"""The inputs of a list: filters (`where`) and orders (`orderBy`), made from the columns that it names."""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from enum import Enum
from functools import cache
from types import GenericAlias
from typing import Any, get_args
from uuid import UUID

import strawberry

from schema.enums import Direction, describe
from zorbit import filters, models
from zorbit.checks import text_of, uuid_of
from zorbit.errors import BadInput
from zorbit.filters import All, Compare, Condition, Either, Not
from zorbit.paging import Order

SCALAR_NAMES = {
    UUID: "ID",
    str: "String",
    bool: "Boolean",
    int: "Int",
    float: "Float",
    datetime: "DateTime",
    Decimal: "Decimal",
}
COMPARISONS = {
    "eq": "Equal to this.",
    "in": f"Equal to one of these, at most {filters.IN_LIMIT}.",
    "lt": "Less than this.",
    "lte": "Less than this or equal to it.",
    "gt": "Greater than this.",
    "gte": "Greater than this or equal to it.",
    "is_null": "True: only rows without a value; false: only rows with one.",
}
ORDERED = (int, float, datetime, Decimal)
COMBINATIONS = {
    "and": "All of these must match.",
    "or": "One of these must match; an empty list matches nothing.",
    "not": "This must not match.",
}


def kind_of(table: type[models.Row], attribute: str) -> type:
    """The Python type of a column's values, null aside."""
    annotation = table.model_fields[attribute].annotation
    kind: Any = next((kind for kind in get_args(annotation) if kind is not type(None)), annotation)
    return kind if isinstance(kind, type) else object


def optional(name: str, annotation: Any, description: str) -> Any:
    """A field of an input that may be left out."""
    return strawberry.field(
        name=name, default=strawberry.UNSET, description=description, graphql_type=annotation | None
    )


def list_of(item: Any) -> Any:
    """`list[item]` of a type that only exists at run time."""
    return GenericAlias(list, (item,))


def new_input(name: str) -> Any:
    """A class to be filled with fields and made an input."""
    return type(name, (), {"__module__": __name__})


def finished_input(made: Any, fields: Mapping[str, Any], description: str) -> Any:
    """`made` as an input with `fields`; a field's Python name may not be a keyword, so it ends in `_`."""
    for name, field in fields.items():
        setattr(made, name + "_", field)
    return strawberry.input(made, description=description)


@cache
def filter_type(kind: type) -> Any:
    """The filter over values of one type: the comparisons that make sense for it."""
    value: Any = strawberry.ID if kind is UUID else kind
    types: dict[str, Any] = {"in": list_of(value), "is_null": bool}
    name = SCALAR_NAMES.get(kind, kind.__name__)
    if kind is bool:
        allowed = ["eq", "is_null"]
    else:
        allowed = list(COMPARISONS) if kind in ORDERED else ["eq", "in", "is_null"]
    fields = {key: optional(camel(key), types.get(key, value), COMPARISONS[key]) for key in allowed}
    return finished_input(
        new_input(f"{name}Filter"), fields, f"Conditions on a {name}; all of them must hold."
    )


@cache
def where_type(name: str, table: type[models.Row], columns: tuple[str, ...], *, combined: bool) -> Any:
    """The filter over rows: one condition a column, and with `combined` also and, or, not."""
    made = new_input(name)
    fields = {
        column: optional(
            camel(column), filter_type(kind_of(table, column)), str(table.model_fields[column].description)
        )
        for column in columns
    }
    if combined:
        fields |= {
            "and": optional("and", list_of(made), COMBINATIONS["and"]),
            "or": optional("or", list_of(made), COMBINATIONS["or"]),
            "not": optional("not", made, COMBINATIONS["not"]),
        }
    return finished_input(made, fields, f"Which rows of {table.__name__} to list; all conditions must hold.")


def order_type(name: str, table: type[models.Row], columns: Iterable[str]) -> Any:
    """The orders of a list: a column of `columns`, then the id."""
    members = {column.upper(): column for column in columns}
    enum = Enum(f"{name}Field", members)  # type: ignore[misc] # the orders are data
    describe(
        enum,
        "What to order by; the id decides between equals.",
        {key: str(table.model_fields[column].description) for key, column in members.items()},
    )
    fields = {
        "field": strawberry.field(name="field", description="What to order by.", graphql_type=enum),
        "direction": strawberry.field(
            name="direction",
            description="Which end comes first; rows without a value come last either way.",
            graphql_type=Direction,
        ),
    }
    return finished_input(new_input(name), fields, "The order of a list.")


def condition(where: Any) -> Condition | None:
    """A `where` argument as data; raises BadInput for nulls, malformed ids and whatever is too large."""
    return None if where is None else filters.bounded(All(tuple(_parts(where, "where"))))


def order(order_by: Any, default: Order) -> Order:
    """An `orderBy` argument as data."""
    if order_by is None:
        return default
    return Order(order_by.field_.value, descending=order_by.direction_ is Direction.DESC)


def _parts(where: Any, path: str) -> Iterator[Condition]:
    for name, value in _given(where, path):
        if name == "not":
            yield Not(All(tuple(_parts(value, f"{path}.not"))))
        elif name in COMBINATIONS:
            parts = [All(tuple(_parts(part, f"{path}.{name}"))) for part in value]
            yield from parts if name == "and" else [Either(tuple(parts))]
        else:
            is_id = isinstance(value, filter_type(UUID))
            for operator, operand in _given(value, f"{path}.{camel(name)}"):
                field = f"{path}.{camel(name)}.{camel(operator)}"
                yield Compare(name, operator, _operand(operand, field, is_id=is_id))


def _given(made: Any, path: str) -> Iterator[tuple[str, Any]]:
    """The fields of an input that are given, by their names in Python without the last `_`."""
    for name, value in vars(made).items():
        if value is None:
            raise BadInput(
                f"`{path}.{camel(name[:-1])}` must not be null: leave it out, or use isNull", field=path
            )
        if value is not strawberry.UNSET:
            yield name[:-1], value


def _operand(value: Any, path: str, *, is_id: bool) -> Any:
    if isinstance(value, list):
        if len(value) > filters.IN_LIMIT:
            raise BadInput(f"`{path}` takes at most {filters.IN_LIMIT} values, not {len(value)}", field=path)
        return tuple(_operand(item, path, is_id=is_id) for item in value)
    if type(value) is not str:  # an enum of ours is a string too; its values need no check
        return value
    return uuid_of(value, path) if is_id else text_of(value, path)


def camel(name: str) -> str:
    return re.sub(r"_([a-z])", lambda match: match[1].upper(), name)
