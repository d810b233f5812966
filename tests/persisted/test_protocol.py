"""Automatic persisted queries, as clients of Apollo's protocol see them."""

import json
from typing import Any
from uuid import UUID

import httpx
import pytest

from tests import rows
from tests.persisted.conftest import (
    NOT_FOUND,
    NOT_SUPPORTED,
    VIEWER,
    Caller,
    Serve,
    by_hash,
    hash_of,
    number,
    stored,
)
from tests.proxy import Proxy

GRAPHQL = "application/graphql-response+json"


async def test_a_document_is_sent_once_and_by_its_hash_from_then_on(
    serve: Serve, database_url: str, user: UUID
) -> None:
    answer = {"data": {"viewer": {"id": str(user)}}}
    async with serve() as caller, serve() as another_process:
        ada = caller(user)
        assert await ada.recall(VIEWER) == {"errors": [NOT_FOUND]}
        assert await ada.store(VIEWER) == answer
        assert await ada.recall(VIEWER) == answer
        assert await another_process(user).recall(VIEWER) == answer

    columns = '"userId", hash, document, bytes'
    kept = rows.fetch(database_url, f'SELECT {columns} FROM "PersistedQuery"')
    assert kept == [(user, hash_of(VIEWER), VIEWER, len(VIEWER))]


async def test_what_one_caller_stored_everybody_sends_and_each_is_answered_as_who_they_are(
    serve: Serve, database_url: str, user: UUID
) -> None:
    other = rows.insert(database_url, "User")
    async with serve() as caller:
        await caller(user).store(VIEWER)
        found = [await caller(one).recall(VIEWER) for one in (other, None, user)]

    assert [answer["data"]["viewer"] for answer in found] == [{"id": str(other)}, None, {"id": str(user)}]


async def test_callers_without_a_token_are_answered_and_store_nothing(
    serve: Serve, database_url: str
) -> None:
    async with serve() as caller:
        assert await caller(None).store(VIEWER) == {"data": {"viewer": None}}
        assert await caller(None).recall(VIEWER) == {"errors": [NOT_FOUND]}

    assert stored(database_url) == set()


@pytest.mark.parametrize(
    "document",
    [
        "{ viewer {",
        "{ nobody }",
        f"{{ {' '.join(f'a{n}: __typename' for n in range(101))} }}",
        f"{{ viewer {{ id }} }} #{'x' * 100_000}",
        "{ viewer { id } } # \0",
    ],
    ids=["syntax", "unknown field", "too complex", "too long", "NUL"],
)
async def test_what_cannot_be_run_or_kept_is_answered_and_not_stored(
    serve: Serve, database_url: str, user: UUID, document: str
) -> None:
    async with serve() as caller:
        plain = await caller(user).ask(query=document)
        assert await caller(user).store(document) == plain
        assert await caller(user).recall(document) == {"errors": [NOT_FOUND]}

    assert stored(database_url) == set()


async def test_a_document_is_stored_whatever_comes_of_it(serve: Serve, database_url: str, user: UUID) -> None:
    document = "query ($id: ID!) { post(id: $id) { id } }"
    async with serve() as caller:
        refused = await caller(user).store(document)
        recalled = await caller(user).recall(document)
        found = await caller(user).ask(extensions=by_hash(document), variables={"id": str(user)})

    assert refused["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
    assert recalled == refused
    assert found == {"data": {"post": None}}
    assert stored(database_url) == {document}


async def test_a_mutation_is_run_by_its_hash_and_not_by_get(
    serve: Serve, database_url: str, user: UUID
) -> None:
    document = 'mutation { createThread(input: {title: "x"}) { thread { title } } }'
    async with serve() as caller:
        ada = caller(user)
        for send in (ada.store, ada.recall):
            assert await send(document) == {"data": {"createThread": {"thread": {"title": "x"}}}}
        response = await get(ada, extensions=json.dumps(by_hash(document)))

    assert (response.status_code, response.headers["allow"]) == (405, "POST")
    assert rows.fetch(database_url, 'SELECT count(*) FROM "Thread"') == [(2,)]


async def get(caller: Caller, **parameters: str) -> httpx.Response:
    headers = caller.headers | {"apollo-require-preflight": "true"}
    return await caller.client.http.get("/graphql", params=parameters, headers=headers)


async def test_a_hash_is_taken_by_get_too(serve: Serve, user: UUID) -> None:
    extensions = json.dumps(by_hash(VIEWER))
    async with serve() as caller:
        ada = caller(user)
        unknown = await get(ada, extensions=extensions)
        registered = await get(ada, query=VIEWER, extensions=extensions)
        known = await get(ada, extensions=extensions)
        by_id = await get(ada, documentId=f"sha256:{hash_of(VIEWER)}")

    assert (unknown.status_code, unknown.json()) == (200, {"errors": [NOT_FOUND]})
    assert unknown.headers["cache-control"] == "no-store"
    assert registered.json() == known.json() == by_id.json() == {"data": {"viewer": {"id": str(user)}}}


async def test_clients_that_prefer_graphql_response_are_told_by_status_too(serve: Serve, user: UUID) -> None:
    async with serve() as caller, serve(persisted_queries=0) as without:
        for ada, error in ((caller(user), NOT_FOUND), (without(user), NOT_SUPPORTED)):
            ada.headers["accept"] = GRAPHQL
            response = await ada.send(extensions=by_hash(VIEWER))

            assert (response.status_code, response.json()) == (400, {"errors": [error]})
            assert response.headers["content-type"] == GRAPHQL


async def test_where_none_are_stored_clients_are_told_to_send_documents(
    serve: Serve, database_url: str, user: UUID
) -> None:
    async with serve(persisted_queries=0) as caller:
        assert await caller(user).recall(VIEWER) == {"errors": [NOT_SUPPORTED]}
        assert await caller(user).store(VIEWER) == {"errors": [NOT_SUPPORTED]}
        assert await caller(user).ask(documentId="x") == {"errors": [NOT_SUPPORTED]}

    assert stored(database_url) == set()


PERSISTED: list[tuple[Any, str]] = [
    ("x", "`extensions.persistedQuery` must be an object"),
    ([], "`extensions.persistedQuery` must be an object"),
    ({}, "Unsupported persisted query version"),
    ({"version": 2, "sha256Hash": hash_of(VIEWER)}, "Unsupported persisted query version"),
    ({"version": 1}, "`extensions.persistedQuery.sha256Hash` must be a string"),
    ({"version": 1, "sha256Hash": 7}, "`extensions.persistedQuery.sha256Hash` must be a string"),
    ({"version": 1, "sha256Hash": hash_of("{ other }")}, "provided sha does not match query"),
    ({"version": 1, "sha256Hash": hash_of(VIEWER).upper()}, "provided sha does not match query"),
    ({"version": 1, "sha256Hash": "\0"}, "provided sha does not match query"),
]


@pytest.mark.parametrize(("persisted", "message"), PERSISTED)
async def test_a_wrong_extension_is_refused(
    serve: Serve, database_url: str, user: UUID, persisted: Any, message: str
) -> None:
    async with serve() as caller:
        response = await caller(user).send(query=VIEWER, extensions={"persistedQuery": persisted})

    assert response.status_code == 400
    assert response.json() == {"errors": [{"message": message, "extensions": {"code": "BAD_USER_INPUT"}}]}
    assert stored(database_url) == set()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"documentId": 1}, "`documentId` must be a string"),
        ({"documentId": "x", "query": VIEWER}, "send `query` or `documentId`, not both"),
        (
            {"documentId": "x", "extensions": by_hash(VIEWER)},
            "send `documentId` or `extensions.persistedQuery`, not both",
        ),
        ({"documentId": None}, "`query` must be a string"),
    ],
)
async def test_a_wrong_id_is_refused(serve: Serve, user: UUID, content: Any, message: str) -> None:
    async with serve() as caller:
        response = await caller(user).send(**content)

    assert response.status_code == 400
    assert response.json() == {"errors": [{"message": message, "extensions": {"code": "BAD_USER_INPUT"}}]}


async def test_what_is_no_hash_is_not_looked_up(serve: Serve, proxy: Proxy, user: UUID) -> None:
    async with serve(proxy.url) as caller:
        await proxy.close()
        for id in ("", "x", "\0", "0" * 63, "A" * 64, "sha256:", "é" * 64, "0" * 500_000):
            assert await caller(user).ask(documentId=id) == {"errors": [NOT_FOUND]}


async def test_without_the_database_what_is_at_hand_is_told_from_what_is_not(
    serve: Serve, proxy: Proxy, user: UUID
) -> None:
    async with serve(proxy.url, operation_timeout=1) as caller:
        await caller(user).store("{ __typename }")
        await proxy.close()
        known = await caller(None).recall("{ __typename }")
        unknown = await caller(None).send(extensions=by_hash(VIEWER))
        await proxy.open()
        again = await caller(None).recall(VIEWER)
        proxy.silence()
        silent = await caller(None).send(extensions=by_hash(VIEWER))
        await proxy.open()

    assert known == {"data": {"__typename": "Query"}}
    for away in (unknown, silent):
        assert (away.status_code, away.headers["retry-after"]) == (503, "5")
        assert away.json()["errors"][0]["extensions"] == {"code": "SERVICE_UNAVAILABLE"}
    assert again == {"errors": [NOT_FOUND]}


async def test_a_hash_costs_what_its_document_costs_and_one_that_is_looked_up_more(
    serve: Serve, user: UUID
) -> None:
    async with serve(rate=1e-3, rate_burst=500_000) as caller, serve() as another_process:
        ada = caller(user)
        await another_process(user).store(VIEWER)
        answers = [
            await ada.send(extensions=by_hash(VIEWER)),  # looked up and made ready
            await ada.send(extensions=by_hash(VIEWER)),
            await ada.send(query=VIEWER),
            await ada.send(extensions=by_hash(number(0))),  # looked up in vain
            await ada.send(extensions=by_hash(number(0))),
            await ada.send(documentId="x"),
        ]

    left = [int(answer.headers["ratelimit"].split(";")[1].removeprefix("r=")) for answer in answers]
    costs = [before - after for before, after in zip([500_000, *left], left, strict=False)]
    assert costs == [10_012, 12, 12, 10_001, 10_001, 1]
