"""Sockets of clients."""

import socket
from contextlib import suppress


def rest(client: socket.socket) -> bytes:
    """What comes until the server hangs up."""
    received = b""
    with suppress(ConnectionError):
        while piece := client.recv(65536):
            received += piece
    return received
