"""A process that is full turns requests away at once, and serves again as soon as there is room."""

import asyncio
import socket
from http import HTTPStatus

import httpx
import pytest

from tests import rows
from tests.conftest import Client
from tests.http.conftest import listening
from tests.observing.numbers import numbers
from tests.outage import Serve, ask, assert_served, locked, waiting
from zorbit.config import Settings

MOST = 3
READ = "{ viewer { posts { totalCount } } }"
WRITE = 'mutation { createPost(input: {content: "x"}) { post { id } } }'
BUSY = {"errors": [{"message": "the server is busy", "extensions": {"code": "SERVICE_UNAVAILABLE"}}]}


def assert_turned_away(answer: httpx.Response) -> None:
    assert answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE
    assert answer.json() == BUSY
    assert answer.headers["retry-after"] == "1"


async def running(client: Client, number: int) -> None:
    """Return as soon as so many operations run."""
    async with asyncio.timeout(8):
        while (await numbers(client)).of("zorbit_worker_running") != number:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("query", [READ, WRITE], ids=["reads", "writes"])
@pytest.mark.parametrize("compiled_reads", [True, False], ids=["plans", "resolvers"])
async def test_one_operation_too_many_is_turned_away_and_those_inside_are_served(
    serve: Serve, database_url: str, compiled_reads: bool, query: str
) -> None:
    users = [rows.insert(database_url, "User") for _ in range(MOST)]
    user = users[0]
    async with serve(database_url, compiled_reads=compiled_reads, operations=MOST) as client:
        await assert_served(client, user)
        async with locked(database_url, "Post") as holder:
            inside = [asyncio.create_task(ask(client, one, query)) for one in users]
            await waiting(holder)

            for answer in [await ask(client, user, asked) for asked in (READ, WRITE, "{", "")]:
                assert_turned_away(answer)
            assert (await client.http.get("/healthz")).status_code == HTTPStatus.OK
            assert (await client.http.get("/readyz")).status_code == HTTPStatus.OK
        assert {(await one).status_code for one in inside} == {HTTPStatus.OK}
        assert (await ask(client, user, query)).status_code == HTTPStatus.OK


async def test_who_wants_all_places_leaves_some_for_those_who_come_next(
    serve: Serve, database_url: str
) -> None:
    greedy, other, third = (rows.insert(database_url, "User") for _ in range(3))
    async with serve(database_url, operations=12) as client, asyncio.TaskGroup() as tasks:
        async with locked(database_url, "Post"):
            inside = [tasks.create_task(ask(client, greedy, READ)) for _ in range(6)]
            await running(client, 6)

            refused = await ask(client, greedy, "{ __typename }")
            inside += [tasks.create_task(ask(client, other, READ)) for _ in range(3)]
            await running(client, 9)
            again = await ask(client, other, "{ __typename }")
            served = await ask(client, third, "{ __typename }")
        answers = [(await one).status_code for one in inside]
        after = await ask(client, greedy, "{ __typename }")

    assert refused.status_code == HTTPStatus.TOO_MANY_REQUESTS
    assert refused.headers["retry-after"] == "1"
    [error] = refused.json()["errors"]
    assert error["extensions"] == {"code": "RATE_LIMITED"}
    assert error["message"] == "6 of your operations are at work already, and no more than that can begin now"
    assert again.status_code == HTTPStatus.TOO_MANY_REQUESTS
    assert served.status_code == after.status_code == HTTPStatus.OK
    assert answers == [HTTPStatus.OK] * 9


def test_clients_who_are_slow_to_send_keep_nobody_out(worker_database: str, settings: Settings) -> None:
    few = settings.model_copy(update={"operations": MOST})
    head = b"POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n"
    with listening(worker_database, few) as server:
        slow = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(2 * MOST)]
        for client in slow:
            client.sendall(head + b"{")
        answers = [
            httpx.post(
                f"http://127.0.0.1:{server.port}/graphql", json={"query": "{ __typename }"}, verify=False
            )
            for _ in range(MOST)
        ]
        for client in slow:
            client.close()

    assert {answer.status_code for answer in answers} == {HTTPStatus.OK}
