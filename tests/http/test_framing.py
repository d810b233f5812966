"""Where one request ends and the next begins, as a real server sees it: what a proxy may see otherwise."""

import pytest

from tests.http.sockets import connect, rest

BODY = b'{"query": "{ __typename }"}'
POST = b"POST /graphql HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/json\r\n"


def said(port: int, request_: bytes) -> bytes:
    with connect(port) as client:
        client.sendall(request_)
        return rest(client)


def test_what_comes_after_the_body_is_no_header(port: int) -> None:
    chunked = b"transfer-encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n" % (len(BODY), BODY)

    answered = said(port, POST + chunked + b"authorization: Bearer x\r\nhost: y\r\n\r\n")

    assert answered.startswith(b"HTTP/1.1 200 ")
    assert answered.endswith(b'{"data":{"__typename":"Query"}}')


@pytest.mark.parametrize("wanted", [b"h2c", b"websocket"])
def test_the_body_of_what_would_be_upgraded_is_no_request(port: int, wanted: bytes) -> None:
    inner = b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n"
    head = b"POST /graphql HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: %b\r\n" % wanted

    answered = said(port, head + b"content-length: %d\r\n\r\n" % len(inner) + inner + inner)

    assert answered.startswith(b"HTTP/1.1 400 ")
    assert b"nothing is upgraded to here" in answered
    assert answered.count(b"HTTP/1.1 ") == 1


@pytest.mark.parametrize("wanted", [b"h2c", b"websocket"])
def test_without_a_body_an_upgrade_is_left_aside(port: int, wanted: bytes) -> None:
    head = b"GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: upgrade, close\r\ncontent-length: 0\r\n"

    assert said(port, head + b"upgrade: %b\r\n\r\n" % wanted).startswith(b"HTTP/1.1 200 ")
