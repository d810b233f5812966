"""The least that Python could spend: a bare ASGI app, one prepared statement a request, JSON made by PostgreSQL."""

import json
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from psycopg import AsyncConnection, AsyncRawCursor
from psycopg_pool import AsyncConnectionPool

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

STATEMENTS = {path.stem: path.read_bytes() for path in Path(os.environ["BENCH_QUERIES"]).glob("*.sql")}


async def configure(connection: AsyncConnection[Any]) -> None:
    """Every statement on its own, prepared at its first use."""
    await connection.set_autocommit(True)
    connection.prepare_threshold = 0
    connection.cursor_factory = AsyncRawCursor


pool = AsyncConnectionPool(
    os.environ["DATABASE_URL"], min_size=10, max_size=10, open=False, configure=configure
)


async def app(scope: Message, receive: Receive, send: Send) -> None:
    """The ASGI application."""
    if scope["type"] == "lifespan":
        await live(receive, send)
        return
    body = b""
    more = True
    while more:
        message = await receive()
        body += message["body"]
        more = message.get("more_body", False)
    request = json.loads(body)
    async with pool.connection() as connection:
        statement = STATEMENTS[request["query"]]
        cursor = await connection.execute(
            statement, list(request["variables"].values()), prepare=True, binary=True
        )
        assert cursor.pgresult is not None
        out = cursor.pgresult.get_value(0, 0) or b"null"
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(out))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": out})


async def live(receive: Receive, send: Send) -> None:
    """The pool lives as long as the server."""
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            await pool.open(wait=True)
        else:
            await pool.close()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
