"""Mutations, sent as clients send them."""

from typing import Any
from uuid import UUID

from tests.conftest import Client

ERRORS = "userErrors { __typename code message field ... on Conflict { current { id } } }"


async def change(client: Client, name: str, shown: str, /, *, by: UUID, **values: Any) -> Any:
    """The payload of the mutation `name`: what it shows, and its errors."""
    title = name[0].upper() + name[1:]
    ask = f"mutation($input: {title}Input!) {{ {name}(input: $input) {{ {shown} {ERRORS} }} }}"
    return (await client.data(ask, {"input": sent(values)}, by=by))[name]


def sent(value: Any) -> Any:
    """The value as JSON: ids as text."""
    match value:
        case dict():
            return {key: sent(item) for key, item in value.items()}
        case list():
            return [sent(item) for item in value]
        case UUID():
            return str(value)
    return value


def faults(payload: Any) -> list[tuple[str, str | None]]:
    """(code, field) of each error, sorted."""
    found = [(error["code"], error["field"] and ".".join(error["field"])) for error in payload["userErrors"]]
    return sorted(found, key=str)


def bad(*fields: str) -> list[tuple[str, str]]:
    """What `faults` are where each of these is not valid."""
    return sorted(("BAD_USER_INPUT", f"input.{field}") for field in fields)


def absent(*fields: str) -> list[tuple[str, str]]:
    """What `faults` are where each of these names what is unknown, deleted or another's."""
    return sorted(("NOT_FOUND", f"input.{field}") for field in fields)
