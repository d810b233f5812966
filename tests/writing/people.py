"""People with a row of everything, and what they send."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
from graphql import GraphQLInterfaceType, GraphQLObjectType, get_named_type, is_leaf_type
from psycopg import sql
from uuid_utils.compat import uuid7

from tests import rows
from tests.conftest import Client
from tests.models.cases import workspace
from tests.writing.arguments import MUTATIONS, Ids, Path, given, input_of

ERRORS = "userErrors { code message field }"
CHECKSUMS = " UNION ALL ".join(
    f"SELECT '{table}', count(*), md5(string_agg(t::text, ',' ORDER BY id)) FROM \"{table}\" t"
    for table in rows.PLAIN
)


@dataclass(frozen=True)
class Person:
    """A user, and a row of each table that is theirs."""

    url: str
    client: Client
    live: Ids
    deleted: Ids
    """A row of each table whose rows can be deleted, but of User."""
    token: str

    @property
    def id(self) -> UUID:
        """The user's id."""
        return self.live["User"]

    def rows(self, mutation: str) -> Ids:
        """The rows that a mutation could be sent for."""
        return {**self.live, **self.deleted} if mutation.startswith("restore") else self.live

    async def send(
        self, document: str, variables: Any = None, *, content: str | None = None
    ) -> httpx.Response:
        """The response to a document, or to a whole body."""
        body = content or json.dumps({"query": document, "variables": variables}, ensure_ascii=False)
        headers = {"authorization": f"Bearer {self.token}"} if self.token else {}
        headers["content-type"] = "application/json"
        return await self.client.http.post("/graphql", content=body.encode(), headers=headers)

    async def call(self, mutation: str, ids: Ids, values: Mapping[Path, Any]) -> Any:
        """The answer to a mutation with `values`, and with `ids` and plain values for what it requires."""
        return (await self.send(*call(mutation, given(mutation, ids, values)))).json()

    def stored(self) -> list[tuple[Any, ...]]:
        """Everything that is stored, as one line a table."""
        return rows.fetch(self.url, CHECKSUMS)


def person(url: str, client: Client, role: str = "user", *, deleted: bool = True) -> Person:
    """A user of this role, inserted with all of their rows, `deleted` ones too unless told otherwise."""
    live = {table: uuid7() for table in rows.PLAIN}
    trash = {table: uuid7() for table in DELETABLE if deleted}
    whole = workspace(live)
    whole["User"] |= {"role": role}
    # A connection of its own would cost as much as the rows; so would a round trip for each of them.
    with rows.connected(url) as connection, connection.pipeline(), connection.transaction():
        for table, values in whole.items():
            _insert(connection, table, values)
        for table, id in trash.items():
            _insert(connection, table, whole[table] | {"id": id, "isDeleted": True})
    return Person(url, client, live, trash, client.token(live["User"]))


def bystander(url: str, client: Client, role: str) -> Person:
    """A user of this role, without any rows."""
    id = rows.insert(url, "User", role=role)
    return Person(url, client, {"User": id}, {}, client.token(id))


DELETABLE = ("Thread", "ChatMessage", "ContentIdea", "Post", "Persona", "Template", "Comment")


def _insert(connection: Any, table: str, values: Mapping[str, Any]) -> None:
    row = rows._whole(table, dict(values))
    names, marks = map(sql.Identifier, row), sql.SQL(", ").join(sql.Placeholder() * len(row))
    statement = sql.SQL("INSERT INTO {} ({}) VALUES ({})")
    connection.execute(
        statement.format(sql.Identifier(table), sql.SQL(", ").join(names), marks), list(row.values())
    )


def call(mutation: str, given: Any) -> tuple[str, dict[str, Any]]:
    """A document that shows all that the mutation's payload says by itself, and its variables."""
    title = mutation[0].upper() + mutation[1:]
    shown = _shown(get_named_type(MUTATIONS[mutation].type))
    if input_of(mutation) is None:
        return f"mutation {{ {mutation} {{ {shown} }} }}", {}
    document = f"mutation($input: {title}Input!) {{ {mutation}(input: $input) {{ {shown} }} }}"
    return document, {"input": given}


def _shown(kind: Any) -> str:
    """The fields of an object: of rows their ids alone."""
    if isinstance(kind, GraphQLInterfaceType):
        return "code message field" if "code" in kind.fields else "id"
    assert isinstance(kind, GraphQLObjectType)
    if "Node" in {interface.name for interface in kind.interfaces}:
        return "id"
    parts = []
    for name, made in kind.fields.items():
        target = get_named_type(made.type)
        parts.append(name if is_leaf_type(target) else f"{name} {{ {_shown(target)} }}")
    return " ".join(parts)


def errors_of(answer: Any) -> list[tuple[str, str]]:
    """(code, field) of each error in the payload that is the answer, also of single rows' errors."""
    assert "errors" not in answer, answer
    (payload,) = answer["data"].values()
    found = list(payload["userErrors"])
    for row in payload.get("results") or ():
        found += row["userErrors"]
    return [(error["code"], ".".join(error["field"] or [])) for error in found]


def codes_of(answer: Any) -> list[str]:
    """The code of each error beside the data."""
    return [error["extensions"]["code"] for error in answer.get("errors", [])]
