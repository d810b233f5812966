"""HTTP/1.1 by uvicorn, with bounds that it lacks: on how much a client may send, and how slowly.

By itself uvicorn waits without end for a request's first line, headers and trailers, keeps however many there
are, and holds an answer for as long as the client takes to read it.
"""

import asyncio
from collections.abc import Callable
from typing import Any, cast

import orjson
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

HEAD_LIMIT = 64 * 1024
"""Bytes of a request's first line and headers, where they do not come in one piece."""
HEADERS_LIMIT = 100
MESSAGE_LIMIT = 4 * 1024 * 1024
"""Bytes of a request with all that frames it; that is more than a body that is read can have."""
PIPELINED = 100
"""Requests that may wait on one connection behind the one that is being answered."""
UNREAD_STEP = 4096
"""Bytes of an answer that a client has to take in half the seconds that it has for sending a head."""

FRAMING = {b"content-length", b"transfer-encoding"}
"""Headers of a request with a body, which the parser takes for the next request where there is an Upgrade."""

SPECIAL = frozenset({b"connection", b"transfer-encoding"})
"""Headers of an answer that say how it is sent."""
PLAIN = b"\t" + bytes(range(32, 127)) + bytes(range(128, 256))
"""What headers may hold."""


class Cycle(RequestResponseCycle):
    """Sends an answer that is there whole in one piece, and any other as uvicorn does.

    uvicorn looks at each header by itself, which takes 2 microseconds, and writes the head before the body
    comes, which uvloop sends at once, in a packet of its own: another 10.
    """

    start: Any = None
    """An answer's head, which waits for what comes next."""

    async def send(self, message: Any) -> None:
        """Take an answer's head, or a piece of its body."""
        if not self.response_started:
            self.start = message
            self.response_started, self.waiting_for_100_continue = True, False
            return
        if self.start is not None:
            start, self.start = self.start, None
            if self._is_sent(start, message):
                return
            self.response_started = False
            await super().send(start)
        await super().send(message)

    def _is_sent(self, start: Any, message: Any) -> bool:
        """Send both, where nothing is special about them."""
        headers, body = start.get("headers", ()), message.get("body", b"")
        found = dict(headers)
        if (
            message.get("more_body")
            or found.get(b"content-length") != b"%d" % len(body)
            or not SPECIAL.isdisjoint(found)
            or not self.keep_alive
            or self.disconnected
            or self.flow.write_paused
            or self.scope["method"] == "HEAD"
        ):
            return False
        lines = b"\r\n".join(map(b": ".join, (*self.default_headers, *headers)))
        if len(lines.translate(None, PLAIN)) != 2 * (len(self.default_headers) + len(headers) - 1):
            return False
        head = b"%b%b\r\n\r\n" % (STATUS_LINE[start["status"]], lines)
        self.transport.writelines((head, body))
        self.response_complete = True
        self.message_event.set()
        self.on_response()
        return True


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
    unread: int = 0
    """Bytes of answers that the client had not taken at the last look."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's
        """A client that says nothing is late as one is that does not come to an end."""
        super().connection_made(transport)
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
        if self.parser.should_upgrade() and any(
            name in FRAMING and value != b"0" for name, value in self.headers
        ):
            message = "nothing is upgraded to here: send a body without an Upgrade header"
            self._refuse(b"400 Bad Request", message)
            raise ValueError(message)
        if len(self.pipeline) >= PIPELINED:
            self.transport.abort()
            raise ValueError("too many requests wait for an answer")
        super().on_headers_complete()
        if self.cycle is not None:
            self.cycle.__class__ = Cycle
        # A trailer's would come after what a proxy has seen to: they are put where nobody looks.
        self.headers = []
        self.has_head = True

    def on_message_complete(self) -> None:
        """The request is whole."""
        self.began = None
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """A new answer is to be taken."""
        self.unread = 0
        super().on_response_complete()

    def resume_writing(self) -> None:
        """The client has taken a good deal."""
        self.unread = 0
        super().resume_writing()

    def send_400_response(self, msg: str) -> None:
        """In JSON, as every refusal."""
        self._refuse(b"400 Bad Request", msg)

    def _unsupported_upgrade_warning(self) -> None:
        """Who asks for something else is answered in HTTP/1.1, which is nothing to be warned of."""

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
