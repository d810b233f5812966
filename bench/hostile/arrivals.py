"""Requests that arrive when they are due, however long the earlier ones take: an open loop."""

import asyncio
import time
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import cast

from bench import tokens
from bench.workload import Request

HOST = "127.0.0.1"
PATIENCE = 30.0
"""Seconds after the last arrival, for what is not answered yet."""
UNANSWERED = 0
"""In place of a status."""


@dataclass(frozen=True, slots=True)
class Answered:
    """One request's end."""

    due: float
    """Seconds after the first one was due."""
    seconds: float
    """From when it was due, not from when a connection was free for it."""
    status: int
    size: int


def wire(request: Request, path: str = "/graphql") -> bytes:
    """A request as it goes through a socket."""
    token = f"authorization: Bearer {tokens.sign(request.bearer)}\r\n" if request.bearer else ""
    return post(request.body, token, path)


def post(body: bytes, headers: str = "", path: str = "/graphql") -> bytes:
    """Any bytes, said to be JSON."""
    head = f"POST {path} HTTP/1.1\r\nhost: {HOST}\r\ncontent-type: application/json\r\n{headers}"
    return f"{head}content-length: {len(body)}\r\n\r\n".encode() + body


async def arrive(
    port: int, requests: Iterator[bytes], rate: float, seconds: float, *, most: int, source: str = HOST
) -> list[Answered]:
    """`rate` requests a second, evenly, over `most` connections at most, from the address `source`."""
    clients = _Clients(port, source, most)
    number = int(rate * seconds)
    for index in range(number):
        due = clients.began + index / rate
        if (early := due - time.monotonic()) > 0:
            await asyncio.sleep(early)
        clients.ask(next(requests), due)
        if index % 64 == 0:
            await asyncio.sleep(0)  # late as it is, answers have to be read too
    await clients.end(number)
    return clients.answered


@dataclass(slots=True)
class _Clients:
    port: int
    source: str
    most: int
    began: float = field(default_factory=time.monotonic)
    answered: list[Answered] = field(default_factory=list)
    idle: list["_Client"] = field(default_factory=list)
    waiting: deque[tuple[bytes, float]] = field(default_factory=deque)
    opened: dict["_Client", None] = field(default_factory=dict)
    connecting: set[asyncio.Task[None]] = field(default_factory=set)
    number: int | None = None
    """Of all answers, as soon as that is known."""
    done: asyncio.Event = field(default_factory=asyncio.Event)

    def ask(self, request: bytes, due: float) -> None:
        """On a connection that is free, or as soon as one is."""
        if self.idle:
            self.idle.pop().ask(request, due)
            return
        self.waiting.append((request, due))
        if len(self.opened) + len(self.connecting) < self.most:
            task = asyncio.create_task(self._connect())
            self.connecting.add(task)
            task.add_done_callback(self.connecting.discard)

    async def _connect(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            await loop.create_connection(lambda: _Client(self), HOST, self.port, local_addr=(self.source, 0))
        except OSError:
            if self.waiting:
                self.note(self.waiting.popleft()[1], UNANSWERED, 0)

    def is_free(self, client: "_Client") -> None:
        """The client takes what waits for longest."""
        if self.waiting:
            client.ask(*self.waiting.popleft())
        else:
            self.idle.append(client)

    def is_lost(self, client: "_Client") -> None:
        """The server has hung up."""
        self.opened.pop(client, None)
        if client in self.idle:
            self.idle.remove(client)

    def note(self, due: float, status: int, size: int) -> None:
        """An end."""
        self.answered.append(Answered(due - self.began, time.monotonic() - due, status, size))
        if len(self.answered) == self.number:
            self.done.set()

    async def end(self, number: int) -> None:
        """Wait for what is not answered yet, and hang up."""
        self.number = number
        if len(self.answered) < number:
            with suppress(TimeoutError):
                await asyncio.wait_for(self.done.wait(), PATIENCE)
        for client in [*self.opened]:
            client.close()
        while self.waiting:
            self.note(self.waiting.popleft()[1], UNANSWERED, 0)
        await asyncio.sleep(0.05)


class _Client(asyncio.Protocol):
    """One connection, which asks for one thing at a time."""

    def __init__(self, clients: _Clients) -> None:
        self.clients = clients
        self.due: float | None = None
        self.asked = b""
        self.has_answered = False
        self.head = b""
        self.left = 0
        self.size = 0
        self.status = UNANSWERED

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self.clients.opened[self] = None
        self.clients.is_free(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self.clients.is_lost(self)
        if self.due is not None and self.has_answered and not self.head:
            # The server hung up on an idle connection at that moment: clients ask again, on another.
            self.clients.ask(self.asked, self.due)
        else:
            self._end(UNANSWERED)

    def ask(self, request: bytes, due: float) -> None:
        self.due, self.head, self.left, self.size = due, b"", 0, 0
        self.asked = request
        self.transport.write(request)

    def close(self) -> None:
        self.transport.abort()

    def data_received(self, data: bytes) -> None:
        self.size += len(data)
        if not self.left:
            self.head += data
            end = self.head.find(b"\r\n\r\n")
            if end < 0:
                return
            self.status = int(self.head[9:12])
            _, _, length = self.head[:end].lower().partition(b"content-length: ")
            self.left = int(length.split(b"\r\n", 1)[0] or 0) + end + 4 - len(self.head)
        else:
            self.left -= len(data)
        if self.left <= 0:
            self.left = 0
            self.has_answered = True
            self._end(self.status)
            if not self.transport.is_closing():
                self.clients.is_free(self)

    def _end(self, status: int) -> None:
        if self.due is not None:
            self.clients.note(self.due, status, self.size)
            self.due = None
