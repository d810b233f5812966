"""Random arguments: literals and variables for whatever a field takes, most of them sensible."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from random import Random
from typing import Any, TypeVar

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    get_named_type,
    is_required_argument,
    is_required_input_field,
)

from tests.reading.known import BAD_CURSORS, Known, Ordered

T = TypeVar("T")

PAGING = ("first", "after", "last", "before")
COMBINING = ("and", "or", "not")
WRONG_VALUES: list[Any] = [7, "seven", True, 1.5, [], {}, {"no": 1}, 2**31, None]


class Word(str):
    """An enum's value: bare in a document, a string in variables."""

    __slots__ = ()


@dataclass
class Draft:
    """An operation in the making."""

    random: Random
    known: Known
    left: int
    """Fields that may still be written."""
    declared: list[str] = field(default_factory=list)
    values: dict[str, Any] = field(default_factory=dict)
    conditions: list[str] = field(default_factory=list)
    """Boolean variables, by which fields are skipped and included."""
    fragments: dict[str, tuple[str, bool, str]] = field(default_factory=dict)
    """(type, whether its fields are named by their type too, text) by name."""
    numbers: "count[int]" = field(default_factory=lambda: count(1))

    def chance(self, percent: float) -> bool:
        """True that often."""
        return self.random.random() * 100 < percent

    def pick(self, choices: Sequence[T]) -> T:
        """One of them."""
        return self.random.choice(choices)


def arguments(draft: Draft, parent: GraphQLObjectType, name: str, made: GraphQLField) -> str:
    """A field's arguments in parentheses, or nothing."""
    given: dict[str, str] = {}
    order: Ordered = None
    about = get_named_type(made.type).name
    for argument, definition in made.args.items():
        if argument in PAGING or not (is_required_argument(definition) or draft.chance(25)):
            continue
        value = sensible(draft, definition.type, argument, about)
        if argument == "orderBy" and value is not None:
            order = (value["field"], value["direction"])
        given[argument] = written(draft, definition.type, value, argument)
    if "first" in made.args:
        given |= _page(draft, made, (f"{parent.name}.{name}", order))
    return f"({', '.join(f'{key}: {value}' for key, value in given.items())})" if given else ""


def _page(draft: Draft, made: GraphQLField, place: tuple[str, Ordered]) -> dict[str, str]:
    given: dict[str, Any] = {}
    size, cursor = ("first", "after") if draft.chance(70) else ("last", "before")
    if draft.chance(75):
        given[size] = _size(draft)
    if draft.chance(20):
        given[cursor] = _cursor(draft, place)
    if draft.chance(1):
        given |= {"first": 2, "before": _cursor(draft, place)}
    return {key: written(draft, made.args[key].type, value, key) for key, value in given.items()}


def _size(draft: Draft) -> int:
    if draft.chance(2):
        return draft.pick([-1, 101, 2**31 - 1])
    return draft.pick([20, 100]) if draft.chance(8) else draft.random.randint(0, 5)


def _cursor(draft: Draft, place: tuple[str, Ordered]) -> str:
    cursors = draft.known.cursors
    if draft.chance(4):
        return draft.pick([*BAD_CURSORS, *draft.pick(list(cursors.values()))])
    return draft.pick(cursors.get(place) or BAD_CURSORS)


def sensible(draft: Draft, kind: GraphQLInputType, name: str, about: str, depth: int = 0) -> Any:
    """A value of an input type, as it stands in JSON."""
    if isinstance(kind, GraphQLNonNull):
        return sensible(draft, kind.of_type, name, about, depth)
    if draft.chance(0.5):
        return None
    if isinstance(kind, GraphQLList):
        length = 101 if draft.chance(0.5) else draft.random.randint(0, 3)
        items = [sensible(draft, kind.of_type, name, about, depth + 1) for _ in range(length)]
        return [*items, draft.pick(items)] if items and draft.chance(20) else items
    if isinstance(kind, GraphQLEnumType):
        return Word(draft.pick(list(kind.values)))
    if isinstance(kind, GraphQLInputObjectType):
        return {
            key: sensible(draft, kind.fields[key].type, key, about, depth + 1)
            for key in _keys(draft, kind, depth)
        }
    return _scalar(draft, kind.name, name, about)


def _keys(draft: Draft, kind: GraphQLInputObjectType, depth: int) -> list[str]:
    """Every field that must be given, and one or two others; rows are combined a few levels deep."""
    required = [key for key, made in kind.fields.items() if is_required_input_field(made)]
    others = [key for key in kind.fields if key not in required and (key not in COMBINING or depth < 3)]
    if required or not others:
        return required
    combining = [key for key in others if key in COMBINING]
    if combining and draft.chance(35):
        others = combining
    return draft.random.sample(others, min(len(others), draft.pick([1, 1, 1, 2])))


def _scalar(draft: Draft, kind: str, name: str, about: str) -> Any:
    sensible_values, others = draft.known.values.get(name) or draft.known.values[kind]
    if others and draft.chance(1):
        return draft.pick(others)
    if kind != "ID":
        return draft.pick(sensible_values)
    own = draft.known.ids.get(about, sensible_values)
    id: str = draft.pick(own if draft.chance(85) else sensible_values)
    return id.upper() if draft.chance(3) else id


def written(draft: Draft, kind: GraphQLInputType, value: Any, name: str) -> str:
    """The value in a document: a literal, a variable, or a literal with variables in it."""
    if draft.chance(20):
        return variable(draft, kind, value)
    named = kind.of_type if isinstance(kind, GraphQLNonNull) else kind
    if isinstance(value, list) and isinstance(named, GraphQLList):
        parts = [written(draft, named.of_type, part, name) for part in value]
        # One value stands for a list of it; a variable does not.
        is_short = len(parts) == 1 and parts[0][0] != "$" and draft.chance(20)
        return parts[0] if is_short else f"[{', '.join(parts)}]"
    if isinstance(value, dict) and isinstance(named, GraphQLInputObjectType):
        parts = [f"{key}: {written(draft, named.fields[key].type, part, key)}" for key, part in value.items()]
        return f"{{{', '.join(parts)}}}"
    return literal(draft, value)


def literal(draft: Draft, value: Any) -> str:
    """A value without variables, as GraphQL writes it."""
    if isinstance(value, Word):
        return value
    if isinstance(value, list):
        return f"[{' '.join(literal(draft, part) for part in value)}]"
    if isinstance(value, dict):
        return f"{{{' '.join(f'{key}: {literal(draft, part)}' for key, part in value.items())}}}"
    # A half surrogate pair can't be sent but as an escape.
    is_half = isinstance(value, str) and any("\ud800" <= character <= "\udfff" for character in value)
    return json.dumps(value, ensure_ascii=is_half or draft.chance(50))


def variable(draft: Draft, kind: GraphQLInputType, value: Any) -> str:
    """A variable that was declared for it: given, left to its default, null, or of a wrong type."""
    name = f"v{next(draft.numbers)}"
    nullable = not isinstance(kind, GraphQLNonNull)
    has_default = draft.chance(25) and not (value is None and not nullable)
    declared = kind.of_type if has_default and isinstance(kind, GraphQLNonNull) and draft.chance(50) else kind
    default = f" = {literal(draft, value)}" if has_default else ""
    draft.declared.append(f"${name}: {declared}{default}")
    if not draft.chance(20 if nullable or has_default else 1):
        draft.values[name] = value
    elif draft.chance(20):
        draft.values[name] = None
    if draft.chance(0.3):
        draft.values[name] = draft.pick(WRONG_VALUES)
    return f"${name}"
