"""How answers go out on a socket: whole, in their order, and nothing but what was meant."""

from collections.abc import Iterator
from typing import Any

import pytest
from starlette.types import Receive, Scope, Send

from tests.http.conftest import Listening, serving
from tests.http.sockets import METRICS, PATIENCE, POST, connect, rest
from zorbit.protocol import protocol

GET = b"GET %b HTTP/1.1\r\nhost: x\r\n\r\n"
LAST = b"GET /whole HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
LENGTH = [(b"content-length", b"5")]
ANSWERS: dict[str, tuple[list[tuple[bytes, bytes]], list[bytes]]] = {
    "/whole": (LENGTH, [b"whole"]),
    "/pieces": (LENGTH, [b"pi", b"ece"]),
    "/chunks": ([], [b"of no ", b"known length"]),
    "/closing": ([*LENGTH, (b"connection", b"close")], [b"close"]),
    "/short": ([(b"content-length", b"9")], [b"short"]),
    "/long": (LENGTH, [b"too long"]),
    "/split": ([*LENGTH, (b"x-name", b"a\r\nx-evil: b")], [b"split"]),
    "/lone": ([*LENGTH, (b"x-name", b"a\nb")], [b"alone"]),
}
"""By path: headers, and the pieces of the body."""


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """Where an application listens that gives these answers."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        headers, pieces = ANSWERS[scope["path"]]
        message: dict[str, Any] = {"type": "http.response.start", "status": 200, "headers": headers}
        await send(message)
        for number, piece in enumerate(pieces, 1):
            await send({"type": "http.response.body", "body": piece, "more_body": number < len(pieces)})

    with serving(answer, protocol(PATIENCE, 20, lambda _reason: None)) as server:
        yield server.port


def bodies(port: int, *paths: str) -> list[bytes]:
    """What is answered to requests that come all at once, without the heads."""
    with connect(port) as client:
        client.sendall(b"".join(GET % path.encode() for path in paths) + LAST)
        return [one.partition(b"\r\n\r\n")[2] for one in rest(client).split(b"HTTP/1.1 200 OK\r\n")[1:]]


def test_answers_in_one_piece_and_in_several_come_in_their_order(port: int) -> None:
    chunked = b"6\r\nof no \r\nc\r\nknown length\r\n0\r\n\r\n"

    found = bodies(port, "/whole", "/pieces", "/chunks", "/whole")

    assert found == [b"whole", b"piece", chunked, b"whole", b"whole"]


def test_an_answer_that_closes_is_the_last(port: int) -> None:
    assert bodies(port, "/whole", "/closing", "/whole") == [b"whole", b"close"]


@pytest.mark.parametrize("path", ["/short", "/long", "/split", "/lone"])
def test_what_could_be_taken_for_something_else_is_not_sent(port: int, path: str) -> None:
    found = bodies(port, path, "/whole")

    assert b"".join(found) in {b"", b"short"}


def test_who_waits_to_be_asked_for_the_body_is_asked(patient: Listening) -> None:
    body = b'{"query": "{ __typename }"}'
    with connect(patient.port) as client:
        client.sendall(
            POST + b"connection: close\r\nexpect: 100-continue\r\ncontent-length: %d\r\n\r\n" % len(body)
        )
        assert client.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.sendall(body)
        answered = rest(client)

    assert answered.startswith(b"HTTP/1.1 200 ")
    assert answered.endswith(b'\r\n\r\n{"data":{"__typename":"Query"}}')


@pytest.mark.parametrize("method", [b"HEAD", b"OPTIONS"])
def test_an_answer_without_a_body_is_whole_and_the_next_one_follows(
    patient: Listening, method: bytes
) -> None:
    bare = method + b" /graphql HTTP/1.1\r\nhost: x\r\n\r\n"
    with connect(patient.port) as client:
        client.sendall(bare)
        assert client.recv(65536).endswith(b"\r\n\r\n")
        client.sendall(bare + METRICS)
        answered = rest(client)

    assert answered.count(b"HTTP/1.1 ") == 2
    assert b"\r\n\r\nHTTP/1.1 200 OK\r\n" in answered
