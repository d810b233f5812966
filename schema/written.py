"""The inputs of mutations, made from the columns and references that a mutation takes.

A value that can't be written is noted with its place in the input, so that a client is told of all at once.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

import strawberry
from strawberry.scalars import JSON

from schema.inputs import camel, finished_input, kind_of, list_of, new_input
from zorbit import models
from zorbit.checks import fault, text_of, uuid_of
from zorbit.errors import Refused
from zorbit.services.values import PUBLIC_NAMES, Values, check, path_of

Check = Callable[[Any, str], Any]
"""What becomes of a value that stands at a place; raises Refused."""


@dataclass(frozen=True)
class Part:
    """A field of an input."""

    annotation: Any
    description: str
    check: Check
    required: bool = False


Parts = Mapping[str, Part]
"""The fields of an input, by attribute."""


def columns(table: type[models.Row], *names: str, required: tuple[str, ...] = ()) -> dict[str, Part]:
    """The columns of `table` that may be given; type and description come from the column."""
    return {name: _column(table, name, required=name in required) for name in (*required, *names)}


def _column(table: type[models.Row], name: str, *, required: bool) -> Part:
    column = table.model_fields[name]

    def checked(value: Any, field: str) -> Any:
        check(table, name, value, field)
        return value

    # What is required is never null, though its column may be.
    annotation: Any = kind_of(table, name) if required else column.annotation
    return Part(JSON if annotation == Any | None else annotation, str(column.description), checked, required)


def edits(table: type[models.Row], *names: str) -> dict[str, Part]:
    """What an update takes: the row's id, the columns to be changed, and the state that they were read in."""
    return id_of("id", "The row's id.") | columns(table, *names) | UNCHANGED


def id_of(name: str, description: str, *, required: bool = True) -> dict[str, Part]:
    """A row's id."""
    return {name: Part(strawberry.ID, description, _uuid, required)}


def ids_of(name: str, description: str, *, limit: int) -> dict[str, Part]:
    """Several rows' ids, none twice."""
    return {name: Part(list_of(strawberry.ID), description, partial(_uuids, limit), required=True)}


def value(name: str, annotation: Any, description: str, *, required: bool = False) -> dict[str, Part]:
    """A value that belongs to no column, or is checked by the rule that takes it."""
    return {name: Part(annotation, description, _kept, required)}


def several(name: str, type_name: str, parts: Parts, description: str, *, limit: int) -> dict[str, Part]:
    """A list of 1 to `limit` inputs."""
    made = input_type(type_name, parts, description)
    return {name: Part(list_of(made), description, partial(_each, parts, limit), required=True)}


def input_type(name: str, parts: Parts, description: str) -> Any:
    """The GraphQL input with these fields."""
    fields = {attribute: _field(attribute, part) for attribute, part in parts.items()}
    return finished_input(new_input(name), fields, description)


def _field(attribute: str, part: Part) -> Any:
    name = PUBLIC_NAMES.get(attribute) or camel(attribute)
    if part.required:
        return strawberry.field(name=name, description=part.description, graphql_type=part.annotation)
    return strawberry.field(
        name=name,
        default=strawberry.UNSET,
        description=part.description,
        graphql_type=part.annotation | None,
    )


def values_of(made: Any, parts: Parts, *place: str) -> Values:
    """What an input holds, by attribute, without what was left out."""
    found = Values()
    for attribute, part in parts.items():
        value = getattr(made, attribute + "_")
        if value is strawberry.UNSET:
            continue
        try:
            found[attribute] = part.check(value, path_of(attribute, *place))
        except Refused as refused:
            found.faults.append(refused)
        else:
            for nested in found[attribute] if isinstance(found[attribute], list) else ():
                found.faults += nested.faults if isinstance(nested, Values) else []
    return found


def _uuid(text: str | None, field: str) -> Any:
    return None if text is None else uuid_of(text, field)


def _uuids(limit: int, texts: list[str], field: str) -> Any:
    if not 1 <= len(texts) <= limit:
        raise fault(field, f"takes 1 to {limit} ids, not {len(texts)}")
    found = [uuid_of(text, f"{field}.{index}") for index, text in enumerate(texts)]
    if len(set(found)) < len(found):
        raise fault(field, "must not hold an id twice")
    return found


def _kept(value: Any, field: str) -> Any:
    return text_of(value, field) if type(value) is str else value


def _each(parts: Parts, limit: int, items: list[Any], field: str) -> Any:
    if not 1 <= len(items) <= limit:
        raise fault(field, f"takes 1 to {limit} entries, not {len(items)}")
    place = field.split(".")[1:]
    return [values_of(item, parts, *place, str(index)) for index, item in enumerate(items)]


UNCHANGED = value(
    "if_updated_at",
    datetime,
    "The row's `updatedAt` when it was read: refuses, with a Conflict, where it was changed.",
)
"""What refuses a lost update."""
