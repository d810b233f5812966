"""The floor with asyncpg: a bare ASGI app, one prepared statement a request, JSON made by PostgreSQL."""

import json
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import asyncpg

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

STATEMENTS = {path.stem: path.read_text() for path in Path(os.environ["BENCH_QUERIES"]).glob("*.sql")}
POOL: dict[str, Any] = {}


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
    async with POOL["pool"].acquire() as connection:
        found = await connection.fetchval(STATEMENTS[request["query"]], *request["variables"].values())
    out = found.encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(out))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": out})


async def live(receive: Receive, send: Send) -> None:
    """The pool lives as long as the server."""
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            url = os.environ["DATABASE_URL"]
            POOL["pool"] = await asyncpg.create_pool(url, min_size=10, max_size=10, reset=leave)
        else:
            POOL["pool"].terminate()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


async def leave(_connection: object) -> None:
    """Nothing to reset: the floor changes no session state."""
