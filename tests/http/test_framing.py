"""Where one request ends and the next begins, as a real server sees it: what a proxy may see otherwise."""

import socket

from tests.http.sockets import rest

BODY = b'{"query": "{ __typename }"}'
POST = b"POST /graphql HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/json\r\n"


def said(port: int, request_: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=30) as client:
        client.sendall(request_)
        return rest(client)


def test_what_comes_after_the_body_is_no_header(port: int) -> None:
    chunked = b"transfer-encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n" % (len(BODY), BODY)

    answered = said(port, POST + chunked + b"authorization: Bearer x\r\nhost: y\r\n\r\n")

    assert answered.startswith(b"HTTP/1.1 200 ")
    assert answered.endswith(b'{"data":{"__typename":"Query"}}')
