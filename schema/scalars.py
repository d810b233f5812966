"""Custom scalars: what values look like on the wire, and which are refused."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import orjson
import strawberry
from graphql import GraphQLError
from strawberry.types.scalar import ScalarDefinition

RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,6})?([Zz]|[+-]\d\d:\d\d)")
STORED = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{1,6}\+00", re.ASCII)
DATE_FORM = re.compile(r"\d{4}-\d\d-\d\d")
DECIMAL = re.compile(r"-?\d{1,20}(\.\d{1,10})?", re.ASCII)


def moment_out(value: datetime) -> str:
    """UTC with `Z`; a fraction only where there is one, in microseconds."""
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def moment_in(value: Any) -> datetime:
    """A moment with a zone, as RFC 3339 writes it; at most microseconds."""
    if isinstance(value, str) and RFC3339.fullmatch(value):
        try:
            return datetime.fromisoformat(value.upper()).astimezone(UTC)
        except (ValueError, OverflowError):
            pass
    raise GraphQLError("a DateTime is written like 2026-01-31T09:00:00Z, with a zone")


def date_in(value: Any) -> date:
    """A day, as RFC 3339 writes it."""
    if isinstance(value, str) and DATE_FORM.fullmatch(value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    raise GraphQLError("a Date is written like 2026-01-31")


def moment_as_stored(text: str) -> str:
    """`moment_out` of the moment that PostgreSQL writes like this, in UTC."""
    if text[19:] == "+00":
        return f"{text[:10]}T{text[11:19]}Z"
    if not STORED.fullmatch(text):
        raise ValueError(text)
    return f"{text[:10]}T{text[11:19]}.{text[20:-3]:0<6}Z"


def decimal_out(value: Decimal) -> str:
    """As PostgreSQL keeps it, trailing zeros included."""
    return format(value, "f")


def decimal_in(value: Any) -> Decimal:
    """A decimal string; a JSON number would have been rounded on its way."""
    if isinstance(value, str) and DECIMAL.fullmatch(value):
        try:
            return Decimal(value)
        except InvalidOperation:
            pass
    raise GraphQLError(
        'a Decimal is a string like "29.99", with at most 20 digits before the point and 10 after'
    )


DATE_TIME = strawberry.scalar(
    name="DateTime",
    description="A moment as RFC 3339 writes it, in UTC: `2026-01-31T09:00:00Z`. Inputs may use any zone.",
    specified_by_url="https://scalars.graphql.org/andimarek/date-time",
    serialize=moment_out,
    parse_value=moment_in,
)
DATE = strawberry.scalar(
    name="Date",
    description="A day as RFC 3339 writes it: `2026-01-31`. Days begin and end in UTC.",
    serialize=date.isoformat,
    parse_value=date_in,
)
DECIMAL_STRING = strawberry.scalar(
    name="Decimal",
    description='An exact decimal number as a string: `"29.99"`.',
    serialize=decimal_out,
    parse_value=decimal_in,
)

SCALARS: dict[object, ScalarDefinition] = {datetime: DATE_TIME, date: DATE, Decimal: DECIMAL_STRING}

AS_STORED: dict[str, Callable[[str], Any] | None] = {
    "DateTime": moment_as_stored,
    "Date": None,
    "Decimal": None,
    "JSON": orjson.Fragment,
}
"""What turns PostgreSQL's own text into what clients see, by scalar; None where they are the same."""
