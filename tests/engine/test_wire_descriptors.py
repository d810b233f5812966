"""A connection to PostgreSQL that ends takes nothing of anybody else's along."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial

import psycopg
import pytest

from zorbit import db
from zorbit.config import Settings
from zorbit.engine.pool import Pool
from zorbit.engine.wire import Statement

LEAVE = Statement("SELECT pg_terminate_backend(pg_backend_pid())")


@pytest.fixture
def sockets() -> Iterator[ExitStack]:
    """Closes what is put into it."""
    with ExitStack() as stack:
        yield stack


def opened(sockets: ExitStack) -> tuple[socket.socket, socket.socket]:
    """Two connected sockets: their numbers are the lowest that are free."""
    one, other = socket.socketpair()
    return sockets.enter_context(one), sockets.enter_context(other)


async def test_a_socket_that_gets_the_number_of_a_lost_ones_is_still_heard(
    database_url: str, settings: Settings, sockets: ExitStack
) -> None:
    loop, heard = asyncio.get_running_loop(), asyncio.Event()
    connection = await Pool(partial(db.read_connection, database_url, settings), 1, 10).take()
    highest = max(one.fileno() for _ in range(20) for one in opened(sockets))

    lost = asyncio.create_task(connection.run([(LEAVE, [])], 10))
    reused = None
    while not lost.done():
        one, other = opened(sockets)
        if reused is None and one.fileno() < highest:
            reused = one, other
            loop.add_reader(one, heard.set)
        else:
            one.close()
            other.close()
        await asyncio.sleep(0)

    assert isinstance(lost.exception(), psycopg.OperationalError)
    assert reused is not None
    reused[1].send(b"hello")
    await asyncio.wait_for(heard.wait(), 10)
    loop.remove_reader(reused[0])
