"""Rows for tests: every column that must be given has a plain value, every other is left to its default."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import count
from typing import Any
from uuid import UUID

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb
from uuid_utils.compat import uuid7

NUMBERS = count(1)
NOW = datetime.now(UTC).replace(microsecond=0)


def document(number: int) -> str:
    """A GraphQL document of its own."""
    return f"{{ a{number}: __typename }}"


PLAIN: dict[str, dict[str, Any]] = {
    "User": {"email": lambda number: f"user{number}@example.com"},
    "Thread": {"title": lambda number: f"Thread {number}"},
    "ChatMessage": {"content": lambda number: f"Message {number}"},
    "ContentIdea": {"title": lambda number: f"Idea {number}", "content": "An idea in full."},
    "Post": {"content": lambda number: f"Post {number}"},
    "Persona": {"name": lambda number: f"Persona {number}", "defaultPrompt": "Write plainly."},
    "Template": {"name": lambda number: f"Template {number}", "content": "A pattern."},
    "Comment": {"firstName": "Jo", "lastName": lambda number: f"Number {number}", "quote": "Well said."},
    "Plan": {
        "name": lambda number: f"Plan {number}",
        "price": "29.00",
        "postGenerationLimit": 100,
        "ideaGenerationLimit": 50,
        "commentGenerationLimit": 20,
        "postSchedulingLimit": 30,
        "personaLimit": 10,
        "imageCreationLimit": 25,
    },
    "Subscription": {
        "status": "active",
        "startDate": NOW - timedelta(days=3),
        "renewalDate": NOW + timedelta(days=27),
    },
    "PaymentMethod": {"type": "credit_card"},
    "Invoice": {
        "invoiceNumber": lambda number: f"INV-{number}",
        "amount": "29.00",
        "status": "open",
        "billingDate": NOW,
        "dueDate": NOW + timedelta(days=14),
    },
    "InvoiceItem": {"description": "A month", "quantity": 1, "unitPrice": "29.00", "amount": "29.00"},
    "UsageQuota": {
        "type": "post_generation",
        "limit": 100,
        "billingCycleStart": NOW - timedelta(days=3),
        "billingCycleEnd": NOW + timedelta(days=27),
        "resetDate": NOW + timedelta(days=27),
    },
    "UsageLog": {"type": "post_generation"},
    "AuditEntry": {"action": "deletePost", "subjectType": "Post", "subjectId": lambda _number: uuid7()},
    "IdempotencyKey": {
        "mutation": "createPost",
        "key": lambda number: f"key-{number}",
        "argumentsHash": "0" * 64,
    },
    "PersistedQuery": {
        "document": document,
        "hash": lambda number: sha256(document(number).encode()).hexdigest(),
        "bytes": lambda number: len(document(number)),
    },
}


_KEPT: dict[str, psycopg.Connection] = {}


@contextmanager
def kept(url: str) -> Iterator[None]:
    """One connection to `url` for all that is done here meanwhile: a new one each time costs some 10 ms."""
    with psycopg.connect(url, autocommit=True) as connection:
        _KEPT[url] = connection
        yield
        _KEPT.pop(url, None)


@contextmanager
def connected(url: str) -> Iterator[psycopg.Connection]:
    """The connection that is kept, or one of its own where there is none or another thread has it."""
    connection = _KEPT.pop(url, None)
    if connection is None:
        with psycopg.connect(url, autocommit=True) as own:
            yield own
        return
    try:
        yield connection
    finally:
        if not connection.closed:
            _KEPT[url] = connection


def insert(url: str, table: str, **values: Any) -> UUID:
    """A row of `table`, its columns named as PostgreSQL names them; its id."""
    return insert_many(url, table, [values])[0]


def insert_many(url: str, table: str, rows: list[dict[str, Any]]) -> list[UUID]:
    """Rows of `table`, in one transaction; their ids."""
    whole = [_whole(table, values) for values in rows]
    with connected(url) as connection, connection.transaction():
        for values in whole:
            columns = sql.SQL(", ").join(map(sql.Identifier, values))
            marks = sql.SQL(", ").join(sql.Placeholder() * len(values))
            statement = sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
                sql.Identifier(table), columns, marks
            )
            connection.execute(statement, [_adapted(value) for value in values.values()])
    return [values["id"] for values in whole]


def _whole(table: str, values: dict[str, Any]) -> dict[str, Any]:
    number = next(NUMBERS)
    plain = {key: value(number) if callable(value) else value for key, value in PLAIN[table].items()}
    return {"id": uuid7()} | plain | values


def _adapted(value: Any) -> Any:
    return Jsonb(value) if isinstance(value, dict) else value


def fetch(url: str, statement: str, *values: Any) -> list[tuple[Any, ...]]:
    """What a statement gives."""
    with connected(url) as connection:
        return connection.execute(statement.encode(), values).fetchall()


def stored(url: str, table: str) -> list[tuple[Any, ...]]:
    """The rows of a table, whole, in the order of their keys."""
    return fetch(url, f'SELECT to_jsonb(stored) FROM "{table}" stored ORDER BY id')


def execute(url: str, statement: str, *values: Any) -> None:
    """Run a statement that gives nothing."""
    with connected(url) as connection:
        connection.execute(statement.encode(), values)


def together(url: str, *statements: tuple[Any, ...]) -> None:
    """Run statements, each with its values, in one transaction."""
    with connected(url) as connection, connection.transaction():
        for statement, *values in statements:
            connection.execute(statement.encode(), values)
