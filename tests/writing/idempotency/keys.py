"""Mutations sent with an idempotency key."""

from typing import Any
from uuid import UUID

from tests.conftest import Client
from tests.rows import fetch
from tests.writing.changes import ERRORS

KEY = "a key"
CREATE = f"""mutation($input: CreatePostInput!, $key: String) {{
  createPost(input: $input, idempotencyKey: $key) {{ post {{ id title content metadata }} {ERRORS} }}
}}"""
REUSED = [("IDEMPOTENCY_KEY_REUSED", "idempotencyKey")]


async def create(client: Client, by: UUID, key: str | None = KEY, **given: Any) -> Any:
    """The payload of `createPost`."""
    variables = {"input": {"content": "Once"} | given, "key": key}
    return (await client.data(CREATE, variables, by=by))["createPost"]


async def send(client: Client, by: UUID, field: str) -> Any:
    """The payload of a mutation that is written out."""
    (payload,) = (await client.data(f"mutation {{ {field} }}", by=by)).values()
    return payload


def count(url: str, table: str) -> int:
    """How many rows a table has."""
    (found,) = fetch(url, f'SELECT count(*) FROM "{table}"')
    return int(found[0])


def keys(url: str) -> list[tuple[Any, ...]]:
    """Whose keys are kept for what."""
    return fetch(url, 'SELECT "callerId", mutation, key FROM "IdempotencyKey" ORDER BY id')
