"""HTTP/1.1 by uvicorn, with bounds that it lacks: on how much a client may send, and how slowly.

By itself uvicorn waits without end for a request's first line, headers and trailers, keeps however many there
are, and holds an answer for as long as the client takes to read it.
"""

import asyncio
from collections.abc import Callable
from typing import Any, cast

import orjson
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

HEAD_LIMIT = 64 * 1024
"""Bytes of a request's first line and headers, where they do not come in one piece."""
HEADERS_LIMIT = 100
MESSAGE_LIMIT = 4 * 1024 * 1024
"""Bytes of a request with all that frames it; that is more than a body that is read can have."""
PIPELINED = 100
"""Requests that may wait on one connection behind the one that is being answered."""
UNREAD_STEP = 4096
"""Bytes of an answer that a client has to take in half the seconds that it has for sending a head."""


CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class Joined:
    """A connection as answers write to it: their heads wait for what comes next.

    uvicorn writes the two one by one, and uvloop sends at once whatever is written: the second call to the
    system, with a packet of its own, took 10 microseconds.
    """

    def __init__(self, transport: asyncio.Transport) -> None:
        """Nothing is written yet."""
        self._transport = transport
        self._head: bytes | None = None
        self._has_begun = False

    def write(self, data: bytes) -> None:
        """An answer's head, or a piece of its body; or that its request's body is welcome."""
        if self._has_begun:
            if self._head is None:
                self._transport.write(data)
            else:
                self._transport.writelines((self._head, data))
                self._head = None
        elif data == CONTINUE:
            self._transport.write(data)
        else:
            self._head, self._has_begun = data, True

    def is_closing(self) -> bool:
        """Whether nobody is there any more."""
        return self._transport.is_closing()

    def end(self) -> None:
        """An answer is whole; it may have had no body."""
        if self._head is not None:
            self._transport.write(self._head)
            self._head = None
        self._has_begun = False

    def close(self) -> None:
        """Nothing more is written."""
        self.end()
        self._transport.close()


def protocol(seconds: float, connections: int, shed: Callable[[str], None]) -> type[asyncio.Protocol]:
    """What uvicorn is to speak, on so many `connections` at once; `shed` is told of further ones.

    A request's head has to be there after so many `seconds`, the whole of it after twice as many.
    """

    def make(*arguments: Any, **named: Any) -> Bounded:
        made = Bounded(*arguments, **named)
        made.seconds, made.most, made.shed = seconds, connections, shed
        return made

    return cast("type[asyncio.Protocol]", make)


class Bounded(HttpToolsProtocol):
    """One connection."""

    seconds: float
    most: int
    shed: Callable[[str], None]
    began: float | None
    """When the request that is coming in began, if one is."""
    has_head: bool
    received: int
    """Bytes of it."""
    watch: asyncio.TimerHandle
    joined: Joined
    unread: int = 0
    """Bytes of answers that the client had not taken at the last look."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's
        """A client that says nothing is late as one is that does not come to an end."""
        super().connection_made(transport)
        self.joined = Joined(transport)
        self._begin()
        self.watch = self.loop.call_later(self.seconds / 2, self._look)
        if len(self.connections) > self.most:
            self.shed("connections")
            self._refuse(b"503 Service Unavailable", "there are too many connections", b"retry-after: 5\r\n")

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is left to be watched."""
        self.watch.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Counted, so that nothing that goes on for ever is kept."""
        if self.transport.is_closing():
            return
        if self.began is None:
            self._begin()
        self.received += len(data)
        super().data_received(data)
        if self.began is not None and self.received > (MESSAGE_LIMIT if self.has_head else HEAD_LIMIT):
            self._refuse(b"431 Request Header Fields Too Large", "the request is too large")

    def on_message_begin(self) -> None:
        """The next one, perhaps in a piece with the last."""
        if self.began is None:
            self._begin()
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """What is asked goes to work, or waits for its turn."""
        if len(self.headers) > HEADERS_LIMIT:
            message = f"a request has at most {HEADERS_LIMIT} headers"
            self._refuse(b"431 Request Header Fields Too Large", message)
            raise ValueError(message)
        if len(self.pipeline) >= PIPELINED:
            self.transport.abort()
            raise ValueError("too many requests wait for an answer")
        super().on_headers_complete()
        if self.cycle is not None:
            self.cycle.transport = cast("asyncio.Transport", self.joined)
        self.has_head = True

    def on_message_complete(self) -> None:
        """The request is whole."""
        self.began = None
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """A new answer is to be taken."""
        self.unread = 0
        self.joined.end()
        super().on_response_complete()

    def resume_writing(self) -> None:
        """The client has taken a good deal."""
        self.unread = 0
        super().resume_writing()

    def send_400_response(self, msg: str) -> None:
        """In JSON, as every refusal."""
        self._refuse(b"400 Bad Request", msg)

    def _begin(self) -> None:
        self.began, self.has_head, self.received = self.loop.time(), False, 0

    def _look(self) -> None:
        unread = self.transport.get_write_buffer_size()
        if self.unread and unread > self.unread - UNREAD_STEP:
            self.transport.abort()
            return
        self.unread = unread
        if self.began is not None and self.loop.time() - self.began >= self.seconds * (1 + self.has_head):
            if self.received:
                self._refuse(b"408 Request Timeout", "the request did not come whole in time")
            else:
                self.transport.close()
        self.watch = self.loop.call_later(self.seconds / 2, self._look)

    def _refuse(self, status: bytes, message: str, header: bytes = b"") -> None:
        """Answer, where that can't be taken for the answer to something else, and hang up."""
        if self.transport.is_closing():
            return
        cycle = cast("RequestResponseCycle | None", self.cycle)
        is_its_own = self.began is not None and self.has_head
        if self.pipeline or (
            cycle is not None and (cycle.response_started if is_its_own else not cycle.response_complete)
        ):
            self.transport.abort()
            return
        error = {"message": message, "extensions": {"code": "BAD_USER_INPUT"}}
        body = orjson.dumps({"errors": [error]})
        head = b"HTTP/1.1 %b\r\ncontent-type: application/json\r\ncontent-length: %d\r\n" % (
            status,
            len(body),
        )
        self.transport.write(head + header + b"connection: close\r\n\r\n" + body)
        self.transport.close()
