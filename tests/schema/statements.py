"""How many statements resolvers send to PostgreSQL; those of compiled plans are counted in tests/reading."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from sqlalchemy import event
from sqlalchemy.engine import Engine

from tests.conftest import Client

VIEWER = 1
"""Who is asking: one statement for every request with a token."""
PROBE = 1
"""`nodes`: which tables hold the ids."""

FIVE_LEVELS = """
    { viewer { threads { nodes { messages { nodes {
      ideas { nodes { title } }
      posts { nodes { title persona { name } } }
    } } } } } }
"""


@contextmanager
def counted() -> Iterator[list[str]]:
    """The statements that are sent to PostgreSQL within the block."""
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_others: Any) -> None:
        statements.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(Engine, "before_cursor_execute", note)


async def count(asked: Callable[[], Awaitable[Any]]) -> int:
    """How many statements are sent for what is asked."""
    with counted() as statements:
        await asked()
    return len(statements)


async def statements_of(client: Client, by: UUID | None, query: str, **variables: Any) -> int:
    """How many statements a query takes that goes well."""
    return await count(lambda: client.data(query, variables, by=by))
