"""Whatever is sent, the answer is JSON and no fault is in it, nor in the log."""

import gc
import json
import logging
import re
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from starlette.applications import Starlette
from structlog.testing import capture_logs

from tests.conftest import SWEEP, calling, operations_of
from tests.examples import examples
from tests.http.hostile import encoded, hostile
from tests.http.sockets import rest
from tests.reading.data import random_world
from tests.reading.known import Known, known
from tests.reading.twins import Twins
from tests.rows import connected
from zorbit.engine.http import PREFLIGHT

pytestmark = [
    pytest.mark.untraced,  # other tests go the same ways
    # Of what a failing field takes along graphql-core never begins a part.
    pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning"),
]
JSON = "application/json"
TYPES = {JSON, "application/graphql-response+json"}
# Of requests, whole and in parts.
PIECES = [
    b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n",
    b"POST /graphql HTTP/1.1\r\nhost: x\r\n",
    *(b"GET ", b"POST ", b"/graphql", b" HTTP/1.1\r\n", b"host: x\r\n", b"\r\n", b"\n", b" ", b"{}"),
    *(b"content-type: application/json\r\n", b"content-length: 2\r\n", b"content-length: 3\r\n"),
    *(b"transfer-encoding: chunked\r\n", b"2\r\n{}\r\n", b"0\r\n\r\n", b"expect: 100-continue\r\n"),
    b"connection: upgrade\r\nupgrade: h2c\r\n",
]


def often(number: int) -> settings:
    return settings(
        deadline=None,
        max_examples=examples(number),
        phases=[Phase.reuse, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )


@pytest.fixture(scope="module")
async def caller(served: Starlette, worker_database: str, data_dir: Path) -> AsyncIterator[Twins]:
    """A caller of the server, which is compared with nothing."""
    async with calling(served, data_dir) as client:
        yield Twins(worker_database, client.http, client.http, client.issuer, operations_of(served))


@pytest.fixture(scope="module")
async def world(caller: Twins) -> AsyncIterator[Known]:
    """Random rows, which are changed as it comes."""
    yield await known(caller, *random_world(caller.url, 0))
    with connected(caller.url) as connection:
        connection.execute(SWEEP)
        connection.execute("RESET zorbit.erase")
    gc.collect()  # while the warning is let pass


async def check(caller: Twins, method: str = "POST", query: str = "", **request: Any) -> httpx.Response:
    """Send it, and look at what comes of it."""
    with capture_logs() as logs:
        response = await caller.compiled.request(method, f"/graphql?{query}", **request)

    assert response.status_code < 500, response.text
    assert response.headers["content-type"] in TYPES
    assert {"data", "errors"} & json.loads(response.content).keys()
    assert "INTERNAL_SERVER_ERROR" not in response.text
    assert [line for line in logs if line["log_level"] in {"error", "critical"}] == []
    return response


scalars = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=[]))
)
shapes = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)
hashes = st.sampled_from(["0" * 64, "A" * 64, ""]) | shapes
persisted = st.fixed_dictionaries({"version": st.just(1) | shapes, "sha256Hash": hashes})
bodies = st.fixed_dictionaries(
    {
        "query": st.none()
        | shapes
        | st.sampled_from(["{ viewer { id } }", "query ($a: ID!) { node(id: $a) { id } }"])
    },
    optional={
        "variables": shapes | st.dictionaries(st.just("a"), shapes),
        "operationName": shapes,
        "extensions": shapes | st.fixed_dictionaries({"persistedQuery": persisted | shapes}),
        "documentId": hashes,
    },
)


def in_query(body: dict[str, Any]) -> str:
    """A body as a query string; text that is not ASCII as JSON."""
    plain = {
        name: value if isinstance(value, str) and value.isascii() else json.dumps(value)
        for name, value in body.items()
    }
    return "&".join(f"{name}={quote(value)}" for name, value in plain.items())


@often(150)
@given(body=st.binary(max_size=300) | st.text().map(str.encode) | st.binary().map(b'{"query":'.__add__))
async def test_bytes(caller: Twins, body: bytes) -> None:
    assert (await check(caller, content=body, headers={"content-type": JSON})).status_code == 400


@often(150)
@given(body=shapes | bodies)
async def test_shapes_of_json(caller: Twins, body: Any) -> None:
    await check(caller, content=encoded(body), headers={"content-type": JSON})


@often(150)
@given(
    query=st.text('query=variables&%0fF{}[]":+;1', max_size=60) | bodies.map(in_query),
    method=st.sampled_from(["GET", "GET", "GET", "POST", "PUT", "DELETE"]),
    headers=st.dictionaries(
        st.sampled_from(["accept", "content-type", "content-encoding", "content-length", "authorization"]),
        st.binary(max_size=30).map(lambda value: value.translate(None, b"\r\n\0")),
    ),
)
async def test_query_strings_and_headers(
    caller: Twins, query: str, method: str, headers: dict[str, bytes]
) -> None:
    sent = [(name.encode(), value) for name, value in headers.items()] + [(PREFLIGHT[0].encode(), b"1")]

    await check(caller, method, query, headers=sent)


@often(100)
@given(pieces=st.lists(st.sampled_from(PIECES) | st.binary(max_size=20), max_size=20))
def test_bytes_on_a_connection(port: int, caplog: pytest.LogCaptureFixture, pieces: list[bytes]) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=30) as client:
        client.sendall(b"".join(pieces))
        client.shutdown(socket.SHUT_WR)
        answer = rest(client)

    statuses = re.findall(rb"HTTP/1\.1 (\d)\d\d ", answer)
    assert b"5" not in statuses
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


@often(150)
@given(seed=st.integers(0, 2**63))
async def test_operations(caller: Twins, world: Known, seed: int) -> None:
    operation = hostile(seed, world)
    by = list(world.callers.values())[seed % len(world.callers)]
    token = {} if by is None else {"authorization": f"Bearer {caller.client.token(by)}"}

    await check(caller, content=encoded(operation.body), headers={"content-type": JSON} | token)
