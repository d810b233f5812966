"""A bare ASGI application: a request's body in, JSON out."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]


def application(
    answer: Callable[[str, list[Any]], Awaitable[bytes]],
    begin: Callable[[], Awaitable[None]],
    end: Callable[[], Awaitable[None]],
) -> App:
    """`answer` is given the query's name and the variables' values; `begin` and `end` frame the server's life."""

    async def app(scope: Message, receive: Receive, send: Send) -> None:
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
        out = await answer(request["query"], list(request["variables"].values()))
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(out))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": out})

    async def live(receive: Receive, send: Send) -> None:
        await receive()
        await begin()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await end()
        await send({"type": "lifespan.shutdown.complete"})

    return app
