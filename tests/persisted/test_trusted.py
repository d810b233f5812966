"""Trusted documents: manifests as the clients' builds write them, and servers that run nothing else."""

import json
from collections.abc import Callable
from hashlib import md5, sha1
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from tests.persisted.conftest import (
    NOT_FOUND,
    VIEWER,
    Serve,
    by_hash,
    hash_of,
    number,
    stored,
)
from zorbit import app
from zorbit.config import Settings
from zorbit.errors import OperatorError

QUERY = "query Me {\n  viewer {\n    id\n  }\n}"
MUTATION = 'mutation Open {\n  createThread(input: {title: "x"}) {\n    thread {\n      title\n    }\n  }\n}'
COST = "query Cost($document: String!) { operationCost(document: $document) { fits } }"
ONLY = {
    "message": "only documents that this server was given are run: send the id of one",
    "extensions": {"code": "PERSISTED_QUERY_ONLY"},
}

Write = Callable[[Any], Path]


@pytest.fixture
def manifest(tmp_path: Path) -> Write:
    """Writes a manifest."""

    def write(content: Any) -> Path:
        path = tmp_path / "manifest.json"
        path.write_text(content if isinstance(content, str) else json.dumps(content), "utf-8")
        return path

    return write


def apollo(*operations: dict[str, str]) -> dict[str, Any]:
    """As generate-persisted-query-manifest writes it."""
    return {"format": "apollo-persisted-query-manifest", "version": 1, "operations": list(operations)}


def operation(id: str, body: str) -> dict[str, str]:
    return {"id": id, "name": "Me", "type": "query", "body": body}


MD5, SHA1 = md5(QUERY.encode()).hexdigest(), sha1(QUERY.encode()).hexdigest()
MANIFESTS: dict[str, tuple[Any, dict[str, Any]]] = {
    "Apollo": (apollo(operation(hash_of(QUERY), QUERY)), {"extensions": by_hash(QUERY)}),
    "Apollo, ids of one's own": (
        apollo(operation("Me/1", QUERY)),
        {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": "Me/1"}}},
    ),
    "Relay": ({MD5: QUERY}, {"documentId": MD5}),
    "graphql-codegen": ({SHA1: QUERY}, {"documentId": SHA1}),
    "graphql-codegen, sha256": ({hash_of(QUERY): QUERY}, {"documentId": f"sha256:{hash_of(QUERY)}"}),
    "prefixed": ({f"sha256:{hash_of(QUERY)}": QUERY}, {"documentId": hash_of(QUERY)}),
}


@pytest.mark.parametrize("kind", MANIFESTS)
async def test_each_clients_manifest_is_read_and_its_ids_are_known(
    serve: Serve, database_url: str, user: UUID, manifest: Write, kind: str
) -> None:
    content, sent = MANIFESTS[kind]
    async with serve(trusted_documents=manifest(content)) as caller:
        assert await caller(user).ask(**sent) == {"data": {"viewer": {"id": str(user)}}}
        assert await caller(user).ask(documentId="Other") == {"errors": [NOT_FOUND]}
        assert await caller(user).ask(query=VIEWER) == {"data": {"viewer": {"id": str(user)}}}

    assert stored(database_url) == set()


async def test_beside_a_manifest_documents_are_stored_as_without(
    serve: Serve, database_url: str, user: UUID, manifest: Write
) -> None:
    async with serve(trusted_documents=manifest({hash_of(QUERY): QUERY})) as caller:
        await caller(user).store(QUERY)
        await caller(user).store(VIEWER)
        answer = await caller(user).recall(VIEWER)

    assert answer == {"data": {"viewer": {"id": str(user)}}}
    assert stored(database_url) == {VIEWER}


FAULTS: list[tuple[Any, str]] = [
    ("{", ": is not JSON: unexpected end of data: line 1 column 2 (char 1)"),
    ([], ": must be an object: ids to texts, or Apollo's manifest"),
    ({}, ": has no documents"),
    (apollo(), ": has no documents"),
    ({"one": 1}, ": one: must be the text of a document"),
    (
        {"format": "other", "version": 1},
        ": has another format than apollo-persisted-query-manifest, version 1",
    ),
    (apollo() | {"version": 2}, ": has another format than apollo-persisted-query-manifest, version 1"),
    (apollo() | {"operations": {}}, ": operations: must be a list"),
    (apollo({"id": "one"}), ": operations[0]: must have `id` and `body`, both texts"),
    (apollo(operation("one", QUERY), operation("one", VIEWER)), ": one: stands for two texts"),
    (
        {hash_of(VIEWER): QUERY},
        f": {hash_of(VIEWER)}: looks like a SHA-256 hash, but is not that of its text",
    ),
    (
        {f"sha256:{hash_of(VIEWER)}": QUERY},
        f": sha256:{hash_of(VIEWER)}: looks like a SHA-256 hash, but is not that of its text",
    ),
    ({"one": "{"}, ": one: Syntax Error: Expected Name, found <EOF>."),
    ({"two": "{ nobody }"}, ": two: Cannot query field 'nobody' on type 'Query'. Did you mean 'node'?"),
    (
        {"three": f"{{ {' '.join(f'a{n}: __typename' for n in range(101))} }}"},
        ": three: the operation is too complex: aliases 101, the limit is 100",
    ),
]


@pytest.mark.parametrize(("content", "problem"), FAULTS)
def test_a_manifest_that_cannot_be_used_stops_the_start(
    data_dir: Path, manifest: Write, content: Any, problem: str
) -> None:
    path = manifest(content)

    with pytest.raises(OperatorError) as refusal:
        app.create(Settings(data_dir=data_dir, trusted_documents=path), "postgresql://nowhere")

    assert str(refusal.value).startswith(f"ZORBIT_TRUSTED_DOCUMENTS: {path}{problem}")


def test_a_manifest_that_is_not_there_stops_the_start(data_dir: Path, tmp_path: Path) -> None:
    path = tmp_path / "nowhere.json"

    with pytest.raises(OperatorError) as refusal:
        app.create(Settings(data_dir=data_dir, trusted_documents=path), "postgresql://nowhere")

    assert (
        str(refusal.value) == f"ZORBIT_TRUSTED_DOCUMENTS: {path}: cannot be read: No such file or directory"
    )


async def test_a_locked_server_runs_the_documents_of_its_manifest_alone(
    serve: Serve, database_url: str, user: UUID, manifest: Write
) -> None:
    locked = {"trusted_documents": manifest({"me": QUERY, "open": MUTATION}), "trusted_only": True}
    answers = {QUERY: {"viewer": {"id": str(user)}}, MUTATION: {"createThread": {"thread": {"title": "x"}}}}
    async with serve() as open_to_all, serve(**locked) as caller:
        ada = caller(user)
        await open_to_all(user).store(VIEWER)
        for id, text in (("me", QUERY), ("open", MUTATION)):
            assert await ada.ask(documentId=id) == {"data": answers[text]}
            assert await ada.ask(query=text) == {"data": answers[text]}
            assert await ada.store(text) == {"data": answers[text]}
        for text in (VIEWER, number(0), f"{QUERY} ", MUTATION.replace("x", "y"), "{ __typename }", "{"):
            assert await ada.ask(query=text) == {"errors": [ONLY]}
            assert await ada.recall(text) == {"errors": [NOT_FOUND]}
            assert await ada.store(text) == {"errors": [ONLY]}
        ada.headers["accept"] = "application/graphql-response+json"
        response = await ada.send(query=VIEWER)

    assert (response.status_code, response.json()) == (400, {"errors": [ONLY]})
    assert stored(database_url) == {VIEWER}


async def test_a_locked_server_tells_of_no_other_documents_and_shows_no_graphiql(
    serve: Serve, user: UUID, manifest: Write
) -> None:
    locked = {"trusted_documents": manifest({"cost": COST, "me": QUERY}), "trusted_only": True}
    async with serve(**locked, graphiql=True) as caller:
        told = await caller(user).ask(documentId="cost", variables={"document": QUERY})
        kept = await caller(user).ask(documentId="cost", variables={"document": "{ nobody }"})
        page = await caller(user).client.http.get("/graphql", headers={"accept": "text/html"})

    assert told == {"data": {"operationCost": {"fits": True}}}
    (error,) = kept["errors"]
    assert error["message"] == ONLY["message"]
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "field": "document"}
    assert page.status_code == 406


def test_a_locked_server_needs_a_manifest() -> None:
    with pytest.raises(ValueError, match="ZORBIT_TRUSTED_ONLY needs ZORBIT_TRUSTED_DOCUMENTS"):
        Settings(trusted_only=True)
