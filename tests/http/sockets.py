"""Sockets of clients."""

import socket
from contextlib import suppress

PATIENCE = 30.0
METRICS = b"GET /metrics HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
POST = b"POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"


def connect(port: int) -> socket.socket:
    """A client of the server that listens there."""
    return socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)


def rest(client: socket.socket) -> bytes:
    """What comes until the server hangs up."""
    received = b""
    with suppress(ConnectionError):
        while piece := client.recv(65536):
            received += piece
    return received
