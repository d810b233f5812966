"""Operations that were never meant to go well: valid ones with something wrong in them, and odd values."""

import json
import re
from random import Random
from typing import Any

from graphql import GraphQLField, GraphQLObjectType, get_named_type, is_leaf_type

from tests.reading.arguments import Draft, sensible, written
from tests.reading.known import Known
from tests.reading.operations import Operation, compose
from tests.writing.arguments import MUTATIONS

TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[A-Za-z_]\w*|-?\d[\d.eE+-]*|\.\.\.|\S')
# What stands in a document where something else should.
WORDS = [
    *TOKEN.findall("{ } ( ) [ ] ! : $ @ | & = ... ; % ` # 0 -1 1e400 99999999999999999999 0x1 1.5 007 -"),
    *TOKEN.findall("query mutation subscription fragment on null true __typename __schema viewer nodes id"),
    *("$v1", "...F1", "@skip", "@skip(if:true)", "@include(if:$v1)", "@stream", "@defer"),
    *('""', '"\\u0000"', '"\\ud800"', '"\\u{110000}"', '"""block"""', '"""', '"', "'"),
    *("\ufeff", "\0", "\u2028", "😀", "[" * 300, "{a" * 300, "9" * 5000, "a" * 5000),
]
ENDING = {"deleteViewer", "deleteUser"}
"""After these there would soon be nobody left to ask."""
VALUES: list[Any] = [
    *(None, True, 0, -1, 1.5, 1e308, 2**31, 2**53 + 1, 2**63, 2**64 - 1, 10**30),
    *(
        "",
        " ",
        "\0",
        "a\0b",
        "\ud800",
        "\ufeff",
        "é",
        "😀" * 2000,
        "x" * 100_001,
        "%",
        "' OR 1=1 --",
        "{}",
        "\\",
    ),
    *("0", "-0", "1e9", "NaN", "Infinity", "٣", "2026-01-01T00:00:00Z", "9999-12-31T23:59:59.9999999-23:59"),
    *("0001-01-01T00:00:00+23:59", "00000000-0000-0000-0000-000000000000", "P1D", "http://[", "a@b"),
    *([], [None], [[]], ["x"] * 101, {}, {"a": None}, {"": {}}, {"\0": 1}, {"eq": "x"}, {"in": [None]}),
]


def hostile(seed: int, known: Known) -> Operation:
    """An operation that reads or writes, as it is or with a few things changed."""
    random = Random(seed)
    operation = compose(seed, known) if random.random() < 0.5 else mutation(random, known)
    text, variables = operation.text, operation.variables
    if random.random() < 0.4:
        text = _garbled(text, random)
    if random.random() < 0.4:
        variables = _changed({"v1": 1} | (variables or {}), random)
    return Operation(text, variables, random.choice([operation.name] * 12 + ["Asked", "", "\0"]))


def mutation(random: Random, known: Known) -> Operation:
    """A mutation with an input of its own type."""
    draft = Draft(random, known, 0)
    name = random.choice(sorted(MUTATIONS.keys() - ENDING))
    made = MUTATIONS[name]
    given = [
        f"{key}: {written(draft, argument.type, sensible(draft, argument.type, key, _about(name)), key)}"
        for key, argument in made.args.items()
        if key == "input" or draft.chance(30)
    ]
    declared = f"({', '.join(draft.declared)})" if draft.declared else ""
    selection = "userErrors { __typename code message field } " + " ".join(_objects(made))
    arguments = f"({', '.join(given)})" if given else ""
    return Operation(f"mutation{declared} {{ {name}{arguments} {{ {selection} }} }}", draft.values or None)


def _about(name: str) -> str:
    return re.sub("^[a-z]+", "", name)


def _objects(made: GraphQLField) -> list[str]:
    payload = get_named_type(made.type)
    assert isinstance(payload, GraphQLObjectType)
    return [
        name if is_leaf_type(get_named_type(field.type)) else f"{name} {{ __typename }}"
        for name, field in payload.fields.items()
        if name != "userErrors" and not field.args
    ]


def _garbled(text: str, random: Random) -> str:
    tokens = TOKEN.findall(text)
    for _ in range(random.choice([1, 1, 1, 2, 5])):
        place = random.randrange(len(tokens))
        other = random.choice([random.choice(WORDS), random.choice(tokens)])
        match random.choice(["drop", "replace", "insert", "repeat", "cut", "swap"]):
            case "drop" if len(tokens) > 1:
                del tokens[place]
            case "replace":
                tokens[place] = other
            case "insert":
                tokens.insert(place, other)
            case "repeat":
                tokens[place : place + 5] *= random.choice([2, 2, 20])
            case "cut":
                tokens = tokens[: place + 1]
            case _:
                tokens.append(tokens.pop(place))
    return " ".join(tokens)


def _changed(value: Any, random: Random, depth: int = 0) -> Any:
    """The value with one or more of its parts replaced."""
    if isinstance(value, dict) and value and (depth == 0 or random.random() < 0.8):
        key = random.choice(list(value))
        return value | {key: _changed(value[key], random, depth + 1)}
    if isinstance(value, list) and value and random.random() < 0.5:
        return [*value[:-1], _changed(value[-1], random, depth + 1)]
    chosen = random.choice(VALUES)
    for _ in range(random.choice([0] * 10 + [1, 31, 200])):
        chosen = [chosen]
    return chosen


def encoded(body: Any) -> bytes:
    """As JSON; half surrogate pairs as they are written by whoever knows no better."""
    return json.dumps(body).encode()
