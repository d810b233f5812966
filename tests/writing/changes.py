"""Mutations, sent as clients send them."""

from typing import Any
from uuid import UUID

from tests.conftest import Client
from tests.rows import fetch

LATER = "2099-01-31T09:00:00Z"
"""A moment that no test lives to see."""
ERRORS = "userErrors { __typename code message field ... on Conflict { current { id } } }"


async def change(client: Client, name: str, shown: str, /, *, by: UUID, **values: Any) -> Any:
    """The payload of the mutation `name`: what it shows, and its errors."""
    return await send(client, name, f"{shown} {ERRORS}", values, by=by)


async def send(
    client: Client, name: str, shown: str, values: dict[str, Any], *, by: UUID, key: str | None = None
) -> Any:
    """What the payload of the mutation `name` shows, sent under a key where one is given."""
    title = name[0].upper() + name[1:]
    ask = f"""mutation ($input: {title}Input!, $key: String) {{
      {name}(input: $input, idempotencyKey: $key) {{ {shown} }} }}"""
    return (await client.data(ask, {"input": sent(values), "key": key}, by=by))[name]


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


def trail(url: str) -> list[tuple[Any, ...]]:
    """(action, actor, type and id of the subject, owner, details) of what was recorded, in its order."""
    columns = 'action, "actorId", "subjectType", "subjectId", "userId", details'
    return fetch(url, f'SELECT {columns} FROM "AuditEntry" ORDER BY id')


def used(url: str, user: UUID, type: str) -> list[tuple[int, int]]:
    """(used, the sum of the entries) of the user's quota, cycle by cycle."""
    logged = """(SELECT sum(amount) FROM "UsageLog" WHERE "quotaId" = q.id)::int"""
    statement = f'SELECT used, {logged} FROM "UsageQuota" q WHERE "userId" = %s AND type = %s ORDER BY id'
    return fetch(url, statement, user, type)
