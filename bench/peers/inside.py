"""Zorbit without its edge: plans, answered to whoever has a token, over HTTP as bare as the floor's.

What `zorbit serve` costs beyond this are the checks of a token and its user's bucket, limits, the log, metrics,
headers, and bounds on clients.
"""

import gc
from datetime import datetime
from typing import Any

import orjson
import uvicorn
from starlette.types import Receive, Scope, Send

from zorbit import app, config, logs
from zorbit.context import Context
from zorbit.endpoint import GraphQL
from zorbit.engine.operations import Request

JSON = (b"content-type", b"application/json")


class Inside:
    """One process's."""

    def __init__(self, settings: config.Settings, url: str) -> None:
        """Over the database at `url`."""
        self.whole = app.create(settings, url)
        self.endpoint: GraphQL = self.whole.state.endpoint
        self.known: dict[bytes, tuple[Any, Any]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self.whole(scope, receive, send)
            return
        asked = orjson.loads((await receive())["body"])
        given = dict(scope["headers"])
        if b"authorization" not in given:
            await _answer(b"{}", send)
            return
        viewer, caller = self.known.get(given[b"authorization"]) or await self._look_up(scope, given)

        def context(now: str) -> Context:
            made = self.endpoint
            return Context(viewer, datetime.fromisoformat(now), made.database, made.settings, made.operations)

        operations = self.endpoint.operations
        execution = operations.execution(Request(asked["query"], asked["variables"]))
        result = await operations.read(execution, caller, context)
        await _answer(orjson.dumps(result), send)

    async def _look_up(self, scope: Scope, given: dict[bytes, bytes]) -> tuple[Any, Any]:
        claims = await self.endpoint._claims(given, scope)  # noqa: SLF001 - this is that endpoint without its edge
        assert claims is not None  # for the type checker: there is a token
        found: tuple[Any, Any] = await self.endpoint._look_up(claims)  # noqa: SLF001 - likewise
        self.known[given[b"authorization"]] = found
        return found


async def _answer(body: bytes, send: Send) -> None:
    headers = [JSON, (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


if __name__ == "__main__":
    settings = config.load()
    logs.configure(settings)
    assert settings.database_url is not None  # for the type checker: the benchmark gives one
    inside = Inside(settings, settings.database_url.get_secret_value())
    gc.freeze()
    gc.set_threshold(5_000, 10, 100)
    uvicorn.run(
        inside, host="127.0.0.1", port=settings.port, loop="uvloop", http="httptools", access_log=False
    )
