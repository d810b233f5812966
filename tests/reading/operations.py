"""Random operations that read, made from the schema itself: whatever is added to it is asked for too."""

from dataclasses import dataclass
from random import Random
from typing import Any

from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLOutputType,
    get_named_type,
    is_leaf_type,
    is_required_argument,
)

from schema import core_schema
from tests.reading.arguments import Draft, arguments, variable
from tests.reading.known import Known
from tests.schema.lists import OBJECTS

DOOR = "viewer"
FIELDS = 60
DEPTH = 7
"""Rows within rows; a connection and its edges are not counted."""

Composite = GraphQLObjectType | GraphQLInterfaceType
Scope = dict[str, Any]
"""The response names that are taken at one place of the answer: by which field, and what is below it."""

CONNECTIONS = {kind.name for kind in OBJECTS if "pageInfo" in kind.fields}
PAGES = CONNECTIONS | {kind.name for kind in OBJECTS if "cursor" in kind.fields}
INTROSPECTION = [
    "__schema { queryType { name fields { name } } directives { name } }",
    '__type(name: "Post") { name fields { name type { kind name } } interfaces { name } }',
    '__type(name: "Nothing") { name }',
    "__schema { types { kind name possibleTypes { name } } }",
]


@dataclass(frozen=True)
class Operation:
    """What a client sends."""

    text: str
    variables: dict[str, Any] | None = None
    name: str | None = None

    @property
    def body(self) -> dict[str, Any]:
        """As it stands in a request."""
        return {"query": self.text, "variables": self.variables, "operationName": self.name}


def compose(seed: int, known: Known) -> Operation:
    """An operation over what is known; most give data, some are refused in part or whole."""
    random = Random(seed)
    draft = Draft(random, known, random.choice([15, 30, FIELDS]))
    query = core_schema.query_type
    assert query is not None
    fields = [_root(draft, query) for _ in range(draft.pick([1, 1, 1, 2, 3]))]
    if draft.chance(3):
        fields.append(draft.pick(INTROSPECTION))
    if draft.chance(0.5):
        fields.append("nothing")
    if draft.chance(10):
        fields.append(_fragment(draft, query, DEPTH - 1, {}, prefixed=False))
    return _finished(draft, " ".join(fields))


def _finished(draft: Draft, selections: str) -> Operation:
    declared = f"({', '.join(draft.declared)})" if draft.declared else ""
    named = draft.chance(30)
    head = f"query {'Asked' if named else ''}{declared} " if named or declared else ""
    text = f"{head}{{ {selections} }}"
    text += "".join(f" fragment {name} on {kind} {body}" for name, (kind, _, body) in draft.fragments.items())
    variables = draft.values or None
    if draft.chance(2):
        variables = {**draft.values, "nothing": 1}
    if named and draft.chance(15):
        text += " query Other { __typename }"
        return Operation(text, variables, draft.pick(["Asked", "Asked", "Asked", "Other", "Neither", None]))
    return Operation(text, variables, "Asked" if named and draft.chance(50) else None)


def _root(draft: Draft, query: GraphQLObjectType) -> str:
    """A field of the root: the viewer's account more often than any other, then rows by their ids."""
    names = list(query.fields)
    if draft.chance(50):
        names = [
            name for name, made in query.fields.items() if any(map(is_required_argument, made.args.values()))
        ]
    name = DOOR if draft.chance(45) else draft.pick(names)
    return _field(draft, query, name, DEPTH, None, prefixed=False)


def _selections(draft: Draft, kind: Any, depth: int, scope: Scope | None, *, prefixed: bool = False) -> str:
    """What is asked of an object, in braces."""
    before = draft.left
    parts = [_selection(draft, kind, depth, scope, prefixed=prefixed)]
    for _ in range(draft.pick([0, 1, 2, 3, 4, 6])):
        if draft.left <= before // 3:
            break
        parts += [_selection(draft, kind, depth, scope, prefixed=prefixed)]
    if draft.chance(5):
        parts.append(draft.pick(parts))
    return f"{{ {' '.join(parts)} }}"


def _selection(draft: Draft, kind: Any, depth: int, scope: Scope | None, *, prefixed: bool) -> str:
    if draft.chance(6):
        return f"{_alias(draft, '__typename', 10)}{_directives(draft)}"
    if draft.chance(70 if isinstance(kind, GraphQLInterfaceType) else 12):
        return _fragment(draft, kind, depth, scope, prefixed=prefixed)
    return _field(draft, kind, _chosen(draft, kind, depth), depth, scope, prefixed=prefixed)


def _chosen(draft: Draft, kind: Composite, depth: int) -> str:
    leaves: list[str] = [
        name for name, made in kind.fields.items() if is_leaf_type(get_named_type(made.type))
    ]
    others: list[str] = [name for name in kind.fields if name not in leaves]
    deeper = bool(others) and draft.left > 0 and (depth > 0 or kind.name in PAGES)
    if not leaves or (deeper and draft.chance(65 if kind.name in PAGES else 40)):
        return draft.pick(others)
    return draft.pick(leaves)


def _field(draft: Draft, parent: Any, name: str, depth: int, scope: Scope | None, *, prefixed: bool) -> str:
    """A field with all that belongs to it; one that takes arguments shares its name with no other."""
    draft.left -= 1
    made: GraphQLField = parent.fields[name]
    given = arguments(draft, parent, name, made)
    own = f"{parent.name}_{name}" if prefixed else name
    below = None if scope is None else scope.get(own, {})
    if made.args:
        if prefixed or scope is None or name in scope or draft.chance(30):
            own, below = f"{name}{next(draft.numbers)}", {}
        else:
            scope[name] = below
    elif draft.chance(8):
        own, below = f"{name}{next(draft.numbers)}", {}
    elif scope is not None:
        scope[own] = below
    alias = "" if own == name else f"{own}: "
    return f"{alias}{name}{given}{_directives(draft)}{_below(draft, made.type, depth, below)}"


def _below(draft: Draft, made: GraphQLOutputType, depth: int, scope: Scope | None) -> str:
    kind = get_named_type(made)
    if is_leaf_type(kind):
        return ""
    deeper = depth if kind.name in PAGES else depth - 1
    if deeper < 0 or draft.left <= 0:
        return " { __typename }"
    return " " + _selections(draft, kind, deeper, scope)


def _alias(draft: Draft, name: str, percent: int) -> str:
    return f"{name.strip('_')}{next(draft.numbers)}: {name}" if draft.chance(percent) else name


def _directives(draft: Draft) -> str:
    if not draft.chance(5):
        return ""
    name = draft.pick(["skip", "include"])
    both = f" @{'include' if name == 'skip' else 'skip'}(if: {_condition(draft)})" if draft.chance(15) else ""
    return f" @{name}(if: {_condition(draft)}){both}"


def _condition(draft: Draft) -> str:
    if draft.chance(40):
        return draft.pick(["true", "false"])
    if not draft.conditions or draft.chance(40):
        argument = core_schema.directives[0].args["if"]
        draft.conditions.append(variable(draft, argument.type, draft.chance(50)))
        return draft.conditions[-1]
    return draft.pick(draft.conditions)


# Fragments


def _fragment(draft: Draft, kind: Any, depth: int, scope: Scope | None, *, prefixed: bool) -> str:
    """An inline fragment or a spread; its type is the object's, an interface of it, or one of an interface's.

    Behind an interface fields are named by their type too: those of two types may differ in kind.
    """
    inner, prefixed = _condition_type(draft, kind, prefixed=prefixed)
    if not draft.chance(30):
        on = "" if inner is kind and draft.chance(30) else f" on {inner.name}"
        body = _selections(draft, inner, depth, scope, prefixed=prefixed)
        return f"...{on}{_directives(draft)} {body}"
    fitting = [
        name
        for name, (condition, by_type, _) in draft.fragments.items()
        if condition == inner.name and by_type == prefixed
    ]
    if fitting and draft.chance(50):
        return f"...{draft.pick(fitting)}{_directives(draft)}"
    # It may be spread elsewhere, where other names are taken: a field with arguments gets a name of its own.
    body = _selections(draft, inner, depth, None, prefixed=prefixed)
    name = f"F{next(draft.numbers)}"
    draft.fragments[name] = (inner.name, prefixed, body)
    return f"...{name}{_directives(draft)}"


def _condition_type(draft: Draft, kind: Composite, *, prefixed: bool) -> tuple[Composite, bool]:
    choices: list[Composite] = [kind]
    if isinstance(kind, GraphQLInterfaceType):
        choices += core_schema.get_possible_types(kind)
        return draft.pick(choices), True
    if draft.chance(20):
        choices += kind.interfaces
    chosen = draft.pick(choices)
    return chosen, prefixed or chosen is not kind
