"""What a real server bears of clients that are slow, endless, many or malformed, as seen on their sockets."""

import json
import logging
import select
import socket
from collections.abc import Iterator
from contextlib import suppress

import pytest

from tests.http.conftest import MOST, Listening, listening
from tests.http.sockets import METRICS, PATIENCE, POST, connect, rest
from tests.serving import wait_until
from zorbit.config import Settings
from zorbit.protocol import HEADERS_LIMIT, PIPELINED

HASTE = 0.3
HEALTHY = b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n"
Server = Listening


@pytest.fixture(scope="module")
def hasty(worker_database: str, settings: Settings) -> Iterator[Server]:
    """A server that waits for hardly anything."""
    with listening(worker_database, settings, seconds=HASTE) as server:
        yield server


def said(server: Server, *pieces: bytes) -> bytes:
    with connect(server.port) as client:
        with suppress(ConnectionError):
            for piece in pieces:
                client.sendall(piece)
        return rest(client)


def pour(client: socket.socket, piece: bytes, pause: float = 0) -> bytes:
    """Send `piece` again and again until the server hangs up; what it said."""
    received = b""
    with suppress(ConnectionError):
        while True:
            readable, writable, _ = select.select(
                [client], [client] if not pause else [], [], pause or PATIENCE
            )
            if readable:
                answered = client.recv(65536)
                received += answered
                if not answered:
                    return received
            if writable or not readable:
                client.send(piece)
    return received


def check_refused(answer: bytes, status: int) -> str:
    """Whether it is one refusal in JSON; its message."""
    head, _, body = answer.partition(b"\r\n\r\n")
    lines = head.lower().split(b"\r\n")
    assert lines[0].startswith(b"http/1.1 %d " % status), answer
    assert {b"content-type: application/json", b"connection: close"} <= set(lines)
    (error,) = json.loads(body)["errors"]
    assert error["extensions"] == {"code": "BAD_USER_INPUT"}
    return str(error["message"])


# Slow


@pytest.mark.parametrize(
    "begun",
    [
        b"P",
        b"GET /healthz HTTP/1.1\r\nhost: x\r\n",
        POST + b"content-length: 30\r\n\r\n{",
        POST + b"transfer-encoding: chunked\r\n\r\n5\r\n{",
        POST + b"transfer-encoding: chunked\r\n\r\n0\r\na: b\r\n",
    ],
)
def test_a_request_that_does_not_come_whole_is_408(hasty: Server, begun: bytes) -> None:
    assert check_refused(said(hasty, begun), 408) == "the request did not come whole in time"


@pytest.mark.parametrize(
    ("begun", "drop"),
    [(b"GET /healthz HTTP/1.1\r\n", b"a: b\r\n"), (POST + b"content-length: 9999\r\n\r\n", b" ")],
)
def test_dripping_does_not_help(hasty: Server, begun: bytes, drop: bytes) -> None:
    with connect(hasty.port) as client:
        client.sendall(begun)
        check_refused(pour(client, drop, HASTE / 10), 408)


def test_who_says_nothing_is_hung_up_on(hasty: Server) -> None:
    assert said(hasty) == b""


def test_who_says_nothing_more_is_hung_up_on(hasty: Server) -> None:
    with connect(hasty.port) as client:
        client.sendall(HEALTHY)
        assert client.recv(65536).startswith(b"HTTP/1.1 200 ")
        client.sendall(b"\r\n")  # stops the clock of connections that are kept

        check_refused(rest(client), 408)


def test_a_body_that_nobody_waits_for_is_not_waited_for(hasty: Server) -> None:
    with connect(hasty.port) as client:
        client.sendall(b"POST /healthz HTTP/1.1\r\nhost: x\r\ncontent-length: 9999\r\n\r\n")

        answer = pour(client, b" ", HASTE / 10)

    assert answer.count(b"HTTP/1.1 ") == 1
    assert answer.startswith(b"HTTP/1.1 405 ")


def test_who_does_not_take_answers_is_hung_up_on(hasty: Server) -> None:
    body = json.dumps({"query": "{ __schema { types { fields { name description } } } }"}).encode()
    ask = POST + b"content-length: %d\r\n\r\n" % len(body) + body
    before = hasty.connections
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect(("127.0.0.1", hasty.port))
        client.sendall(ask * 50)
        wait_until(lambda: hasty.connections > before)

        wait_until(lambda: hasty.connections == before)


# Endless


@pytest.mark.parametrize(
    ("begun", "piece"),
    [
        (b"GET /", b"a" * 5000),
        (b"GET /healthz HTTP/1.1\r\n", b"a: b\r\n" * 900),
        (b"GET /healthz HTTP/1.1\r\na: ", b"b" * 5000),
        (POST + b"transfer-encoding: chunked\r\n\r\n0\r\n", b"a: b\r\n" * 900),
        (POST + b"transfer-encoding: chunked\r\n\r\n1;", b"a" * 5000),
    ],
)
def test_what_does_not_end_is_cut_off(patient: Server, begun: bytes, piece: bytes) -> None:
    with connect(patient.port) as client:
        client.sendall(begun)

        answer = pour(client, piece)

    assert not answer or check_refused(answer, 431) == "the request is too large"


def test_a_body_beyond_the_limit_is_not_read_to_its_end(patient: Server) -> None:
    for begun in (
        POST + b"transfer-encoding: chunked\r\n\r\n",
        b"POST /healthz HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n",
    ):
        with connect(patient.port) as client:
            client.sendall(begun)

            answer = pour(client, b"1000\r\n" + b" " * 4096 + b"\r\n")

        assert answer.count(b"HTTP/1.1 ") <= 1
        assert not answer or answer.split()[1] in {b"413", b"405"}


def test_there_are_so_many_headers_and_no_more(patient: Server) -> None:
    def ask(number: int) -> bytes:
        return said(patient, HEALTHY[:-2] + b"a: b\r\n" * (number - 2) + b"connection: close\r\n\r\n")

    assert ask(HEADERS_LIMIT).startswith(b"HTTP/1.1 200 ")
    refused = check_refused(ask(HEADERS_LIMIT + 1), 431)
    assert refused == f"a request has at most {HEADERS_LIMIT} headers"


# Many


def test_requests_in_a_row_are_answered_in_their_order(patient: Server) -> None:
    bodies = [json.dumps({"query": f"{{ a{number}: __typename }}"}).encode() for number in range(PIPELINED)]
    asks = [POST + b"content-length: %d\r\n\r\n" % len(body) + body for body in bodies]
    last = HEALTHY[:-2] + b"connection: close\r\n\r\n"

    answer = said(patient, b"".join(asks) + last)

    places = [answer.find(b'{"data":{"a%d":"Query"}}' % number) for number in range(PIPELINED)]
    assert -1 not in places
    assert places == sorted(places)
    assert answer.endswith(b'{"status":"ok"}')


def test_more_of_them_end_the_connection(patient: Server) -> None:
    answer = said(patient, HEALTHY * 10 * PIPELINED)

    assert answer.count(b"HTTP/1.1 ") < 2 * PIPELINED


def test_connections_beyond_the_limit_are_told_to_come_again(patient: Server) -> None:
    wait_until(lambda: patient.connections == 0)
    held = [connect(patient.port) for _ in range(MOST)]
    wait_until(lambda: patient.connections == MOST)

    refused = said(patient)
    held.pop().close()
    wait_until(lambda: patient.connections < MOST)
    held.pop().close()
    answered = said(patient, HEALTHY[:-2] + b"connection: close\r\n\r\n")
    told = said(patient, METRICS)
    for client in held:
        client.close()

    assert check_refused(refused, 503) == "there are too many connections"
    assert b'zorbit_sheds_total{reason="connections"} ' in told
    assert b"retry-after: 5\r\n" in refused
    assert answered.startswith(b"HTTP/1.1 200 ")


# Malformed


@pytest.mark.parametrize(
    "request_",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"nonsense\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET \xff\xfe HTTP/1.1\r\nhost: x\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\nhost: x\r\n\r\n",
        b"CONNECT x:1 HTTP/1.1\r\nhost: x\r\n\r\n",
        b"GET http:// HTTP/1.1\r\nhost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost : x\r\n\r\n",
        b"GET / HTTP/1.1\r\nho\x00st: x\r\n\r\n",
        b"GET / HTTP/1.1\r\na: \x00\r\n\r\n",
        b"GET / HTTP/1.1\r\na: b\n c\r\n\r\n",
        POST + b"content-length: -1\r\n\r\n",
        POST + b"content-length: 1e3\r\n\r\n",
        POST + b"content-length: 99999999999999999999\r\n\r\n",
        POST + b"content-length: 2\r\ncontent-length: 3\r\n\r\n{}",
        POST + b"content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n{}",
        POST + b"transfer-encoding: gzip\r\n\r\n{}",
        POST + b"transfer-encoding: chunked\r\n\r\nzz\r\n{}",
    ],
)
def test_what_is_not_http_is_400(patient: Server, caplog: pytest.LogCaptureFixture, request_: bytes) -> None:
    assert check_refused(said(patient, request_), 400) == "Invalid HTTP request received."
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


@pytest.mark.parametrize("wanted", [b"websocket", b"h2c", b"anything"])
def test_nothing_is_upgraded_to(patient: Server, wanted: bytes) -> None:
    asked = (
        b"connection: upgrade\r\nupgrade: %b\r\nsec-websocket-key: x\r\nsec-websocket-version: 13\r\n"
        % wanted
    )

    with connect(patient.port) as client:
        client.sendall(b"GET /graphql HTTP/1.1\r\nhost: x\r\n" + asked + b"\r\n")

        assert client.recv(65536).startswith(b"HTTP/1.1 400 ")
