"""The connections of compiled reads: made when they are needed, and lent to one operation at a time."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

import psycopg

from zorbit.engine.journal import phase
from zorbit.engine.wire import Connection


class Pool:
    """Connections, made when they are needed, at most `size` of them."""

    def __init__(
        self, connect: Callable[[], Awaitable[psycopg.AsyncConnection[Any]]], size: int, patience: float
    ) -> None:
        """A batch waits `patience` seconds at most for a free connection."""
        self._connect = connect
        self._patience = patience
        self._size = self._free = size
        self._idle: list[Connection] = []
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._is_closed = False

    async def take(self) -> Connection:
        """A connection, to be given back; raises OperationalError where there is none to be had."""
        if self._free == 0:
            with phase("wait"):
                await self._turn()
        else:
            self._free -= 1
        while self._idle:
            connection = self._idle.pop()
            if connection.is_alive():
                return connection
        try:
            with phase("connect"):
                return Connection(await self._connect(), self._forget)
        except BaseException:
            self._next()
            raise

    def give(self, connection: Connection) -> None:
        """Take `connection` back."""
        if self._is_closed:
            connection.close()
        elif connection.is_open:
            self._idle.append(connection)
        self._next()

    def state(self) -> tuple[int, int, int]:
        """Connections at most, of these in use, and how many wait for one."""
        return self._size, self._size - self._free, sum(not turn.done() for turn in self._waiting)

    def close(self) -> None:
        """Close what is idle, and the others when they are given back."""
        self._is_closed = True
        while self._idle:
            self._idle.pop().close()

    async def _turn(self) -> None:
        loop = asyncio.get_running_loop()
        turn = loop.create_future()
        self._waiting.append(turn)
        timer = loop.call_later(self._patience, _refuse, turn)
        try:
            await turn
        except asyncio.CancelledError:
            if not turn.cancelled() and turn.exception() is None:
                self._next()  # it was this one's turn, and it will not take it
            raise
        finally:
            timer.cancel()

    def _next(self) -> None:
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1

    def _forget(self, connection: Connection) -> None:
        if connection in self._idle:
            self._idle.remove(connection)


def _refuse(turn: asyncio.Future[None]) -> None:
    if not turn.done():
        turn.set_exception(psycopg.OperationalError("no connection was free in time"))
