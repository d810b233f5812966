"""What callers want written: checked column by column, with everything that is wrong told at once."""

import re
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from functools import cache
from typing import Any, cast

import orjson
import sqlalchemy as sa

from zorbit import models
from zorbit.checks import (
    INTEGER_LIMIT,
    JSON_BYTES,
    JSON_DEPTH,
    LIST_LIMIT,
    MONEY_LIMIT,
    SECONDS_LIMIT,
    TEXT_LIMIT,
    address_of,
    fault,
    text_of,
)
from zorbit.errors import Refused, Several
from zorbit.models.base import length_limits


class Values(dict[str, Any]):
    """What is given, by attribute; what is left out stays as it is, or gets its default.

    A value that its column can't hold is not among them but in `faults`: whoever writes begins with
    `demand(*values.faults, ...)`, so that everything wrong with an input is told at once.
    """

    def __init__(self, *args: Any, faults: Iterable[Refused] = ()) -> None:
        """As a dict; `faults` are what was wrong with other values."""
        super().__init__(*args)
        self.faults = list(faults)

    def take(self, name: str) -> Any:
        """A required value, and leave the rest; raises what is wrong with the input where it is missing."""
        if name not in self:
            demand(*self.faults)
        return self.pop(name)

    def told(self) -> Any:
        """Everything that was given, faults too: what tells two requests apart."""
        return [dict(self), sorted(map(str, self.faults))]


FLOAT_LIMIT = 2.0**63

# What clients call an attribute, where that is not its own name in camel case.
PUBLIC_NAMES = {"chat_message_id": "messageId", "metadata_": "metadata"}


def path_of(attribute: str, *place: str) -> str:
    """How a client names the attribute of an input: `input.messageId`."""
    name = PUBLIC_NAMES.get(attribute) or re.sub(r"_([a-z])", lambda match: match[1].upper(), attribute)
    return ".".join(["input", *place, name])


def demand(*faults: Refused) -> None:
    """Raises what is wrong, all of it at once, if anything is."""
    if len(faults) == 1:
        raise faults[0]
    if faults:
        raise Several(faults)


def faults_in(check: Callable[..., object], *given: Any) -> list[Refused]:
    """What a check, called with what is given, refuses."""
    try:
        check(*given)
    except Refused as refused:
        return [refused]
    return []


def check(table: type[models.Row], attribute: str, value: Any, field: str) -> None:
    """Raises BadInput, with `field` and the limit, for a value that the column can't hold."""
    if value is None:
        if not _column(table, attribute).nullable:
            raise fault(field, "must not be null: leave it out to keep what it is")
    elif isinstance(_column(table, attribute).type, sa.JSON):
        _check_json(value, field)
    elif isinstance(value, str):
        text_of(value, field, _limits(table).get(attribute, TEXT_LIMIT))
        if "is_address" in _column(table, attribute).info:
            address_of(value, field)
    elif isinstance(value, list):
        _check_texts(value, field)
    elif isinstance(value, int) and abs(value) > INTEGER_LIMIT:
        raise fault(field, f"must be at most {INTEGER_LIMIT}")
    elif isinstance(value, float) and not 0 <= value <= SECONDS_LIMIT:
        # Every floating-point column is a time that something took.
        raise fault(field, f"must be 0 to {SECONDS_LIMIT}")
    elif isinstance(value, Decimal):
        _check_money(value, field)


def _check_texts(texts: Sequence[str], field: str) -> None:
    if len(texts) > LIST_LIMIT:
        raise fault(field, f"has at most {LIST_LIMIT} entries, not {len(texts)}")
    for index, text in enumerate(texts):
        text_of(text, f"{field}.{index}", TEXT_LIMIT)


def _check_money(value: Any, field: str) -> None:
    if value < 0 or value >= MONEY_LIMIT or value.as_tuple().exponent < -2:
        raise fault(field, f"must be 0 or more, below {MONEY_LIMIT}, in hundredths")


def _check_json(value: Any, field: str) -> None:
    if _depth(value) > JSON_DEPTH:
        raise fault(field, f"is nested at most {JSON_DEPTH} deep")
    try:
        size = len(orjson.dumps(value))
    except (TypeError, ValueError):
        raise fault(field, "must be JSON without half a surrogate pair or a number beyond 64 bits") from None
    if size > JSON_BYTES:
        raise fault(field, f"has at most {JSON_BYTES} bytes of JSON, not {size}")
    if not _is_storable(value):
        raise fault(field, "must not hold NUL or a number beyond 64 bits")


def _depth(value: Any) -> int:
    """How deeply lists and objects are nested; the request's own limit keeps this from running away."""
    if not isinstance(value, dict | list):
        return 0
    return 1 + max(map(_depth, value.values() if isinstance(value, dict) else value), default=0)


def _is_storable(value: Any) -> bool:
    """Without NUL, which PostgreSQL's texts can't hold, and numbers that nobody reads as they were written.

    Infinity, which GraphQL's `1e999` is read as, and what an integer beyond 64 bits is rounded to in JSON.
    """
    if isinstance(value, dict):
        return all("\0" not in key and _is_storable(item) for key, item in value.items())
    if isinstance(value, list):
        return all(map(_is_storable, value))
    if isinstance(value, float):
        return abs(value) < FLOAT_LIMIT
    return not (isinstance(value, str) and "\0" in value)


@cache
def _limits(table: type[models.Row]) -> dict[str, int]:
    return length_limits(table)


def _column(table: type[models.Row], attribute: str) -> sa.Column[Any]:
    column = sa.inspect(table).column_attrs[attribute].columns[0]
    return cast("sa.Column[Any]", column)
