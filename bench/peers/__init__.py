"""The servers that are measured. One process each, 10 connections each, TCP to PostgreSQL."""

from dataclasses import dataclass
from enum import Enum
from functools import cache
from uuid import UUID

from bench.places import PEERS as FOLDER
from bench.workload import ADMIN, READS, Request, asked_id, key, user_id


class Runtime(Enum):
    """What runs a peer."""

    NODE = "node"
    PYTHON = "python"
    ZORBIT = "zorbit"


class Kind(Enum):
    """What a peer is measured for."""

    OURS = "Zorbit"
    SERVER = "another GraphQL server"
    FLOOR = "the least that a server could spend"


@dataclass(frozen=True, slots=True)
class Peer:
    """A server."""

    name: str
    kind: Kind
    runtime: Runtime
    program: str
    description: str
    dialect: str = "common"
    """The folder of its operations; a floor takes the names of statements instead."""
    reads: tuple[str, ...] = READS
    writes: bool = False

    def request(self, query: str, user: int) -> Request:
        """What asks for one answer of the workload."""
        asked = asked_id(query, user)
        if self.kind is Kind.FLOOR:
            return Request(_CONCATENATED if self.name == "floor-concat" else query, {"id": str(asked)})
        is_viewer = self.dialect == "zorbit" and asked == user_id(user)
        return Request(
            operation(self.dialect, query), {} if is_viewer else {"id": str(asked)}, self.bearer(user)
        )

    def spending(self, user: int) -> Request:
        """What saves a post that spends the user's quota."""
        text = "spend" if self.kind is Kind.FLOOR else operation(self.dialect, "spend")
        owner = {} if self.kind is Kind.OURS else {"id": str(user_id(user))}
        return Request(text, owner | DRAFT, self.bearer(user))

    def bearer(self, user: int) -> UUID | None:
        """Whose token it asks for; only Zorbit asks for one."""
        if self.kind is not Kind.OURS:
            return None
        return key(ADMIN) if self.name == "zorbit-admin" else user_id(user)


DRAFT = {"title": "Written while measured", "content": "This is the post content. " * 20}
_CONCATENATED = "nested_concat"

PEERS = {
    peer.name: peer
    for peer in (
        Peer(
            "zorbit",
            Kind.OURS,
            Runtime.ZORBIT,
            "",
            "Zorbit, each request with the token of the user concerned, by `viewer`",
            dialect="zorbit",
            writes=True,
        ),
        Peer(
            "zorbit-admin",
            Kind.OURS,
            Runtime.ZORBIT,
            "",
            "Zorbit, with an admin's token, by `user(id:)`",
            dialect="zorbit-admin",
        ),
        Peer(
            "mercurius-dl",
            Kind.SERVER,
            Runtime.NODE,
            "mercurius-dl",
            "Fastify, Mercurius and its JIT, `dataloader`, hand-written SQL",
            writes=True,
        ),
        Peer(
            "mercurius",
            Kind.SERVER,
            Runtime.NODE,
            "mercurius",
            "the same with Mercurius' own loaders",
        ),
        Peer(
            "yoga",
            Kind.SERVER,
            Runtime.NODE,
            "yoga",
            "GraphQL Yoga on `node:http`, graphql-jit, `dataloader`, the same SQL",
            writes=True,
        ),
        Peer(
            "apollo",
            Kind.SERVER,
            Runtime.NODE,
            "apollo",
            "Apollo Server, standalone, `dataloader`, the same SQL",
            writes=True,
        ),
        Peer(
            "postgraphile",
            Kind.SERVER,
            Runtime.NODE,
            "postgraphile",
            "PostGraphile, Amber preset, grafserv on `node:http`, results as strings",
            dialect="postgraphile",
            writes=True,
        ),
        Peer(
            "strawberry-naive",
            Kind.SERVER,
            Runtime.PYTHON,
            "naive.app",
            "Strawberry, Starlette, uvicorn, SQLAlchemy's ORM over psycopg, Strawberry's DataLoader",
            writes=True,
        ),
        Peer(
            "floor",
            Kind.FLOOR,
            Runtime.PYTHON,
            "floor.by_psycopg",
            "no GraphQL: a bare ASGI app, one prepared statement by psycopg (C), JSON made by PostgreSQL",
            writes=True,
        ),
        Peer(
            "floor-concat",
            Kind.FLOOR,
            Runtime.PYTHON,
            "floor.by_psycopg",
            "the same, JSON made by joining text",
            reads=("nested",),
        ),
        Peer(
            "floor-asyncpg",
            Kind.FLOOR,
            Runtime.PYTHON,
            "floor.by_asyncpg",
            "the same as `floor` by asyncpg",
        ),
        Peer(
            "floor-node",
            Kind.FLOOR,
            Runtime.NODE,
            "floor",
            "the same as `floor` on bare `node:http` with `pg`",
        ),
    )
}


@cache
def operation(dialect: str, name: str) -> str:
    """The text of an operation."""
    return (FOLDER / "queries" / dialect / f"{name}.graphql").read_text()
