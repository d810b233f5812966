"""Structured logs, one line an event, and the id that ties a request's lines together."""

import asyncio
import logging
import re
import sys
import time
from collections.abc import Collection, MutableMapping
from typing import Any
from uuid import uuid4

import orjson
import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from zorbit.config import LogFormat, Settings
from zorbit.tracebacks import traceback_of

REQUEST_ID = "x-request-id"
GIVEN_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")

logger = structlog.get_logger(__name__)


def configure(settings: Settings) -> None:
    """Write every log line, the libraries' too, to standard error in the chosen format."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    # Left to itself the renderer for people draws the local variables of every frame.
    people = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    last = [_traceback, _json if settings.log_format is LogFormat.JSON else people]
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    logging.basicConfig(handlers=[handler], level=settings.log_level.upper(), force=True)
    # Each statement and each HTTP request of a library's own is too much at INFO.
    for name in ("httpx", "httpcore", "alembic", "zorbit.db.SessionPool"):
        logging.getLogger(name).setLevel(logging.WARNING)
    # Straight to the stream: by way of the standard library a line costs 60 microseconds more, and every
    # request writes one.
    structlog.configure(
        processors=[*shared, *last],
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=True,
    )


def _traceback(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """An error's traceback in its place; the error itself holds what users wrote."""
    given = event.pop("exc_info", None)
    error = given[1] if isinstance(given, tuple) else sys.exc_info()[1] if given is True else given
    if isinstance(error, BaseException):
        event["exception"] = traceback_of(error)
    return event


def _json(_logger: object, _method: str, event: MutableMapping[str, Any]) -> str:
    return orjson.dumps(event, default=str).decode()


def unhandled(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """The event loop's own complaints: its messages show arguments and errors, so they are not logged."""
    logger.error("fault outside a request", exc_info=context.get("exception"))


class RequestLog:
    """Gives each request an id, returned as X-Request-Id, and logs a line when it is answered.

    A caller's own id is taken over if it is plain. Neither bodies, headers nor query strings are logged: they
    hold content and tokens; nor are other paths than those that there are, which hold what a stranger likes.
    """

    def __init__(self, app: ASGIApp, paths: Collection[str]) -> None:
        """Wraps `app`; `paths` are those that may be logged."""
        self.app = app
        self.paths = paths

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = _given_id(scope) or str(uuid4())
        scope.setdefault("state", {})["request_id"] = request_id
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        began, status = time.perf_counter(), 0

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (REQUEST_ID.encode(), request_id.encode())]
            await send(message)

        try:
            await self.app(scope, receive, send_with_id)
        finally:
            logger.info(
                "request",
                method=scope["method"],
                path=scope["path"] if scope["path"] in self.paths else None,
                status=status,
                milliseconds=round((time.perf_counter() - began) * 1000, 2),
            )


def _given_id(scope: Scope) -> str | None:
    given = next((value for name, value in scope["headers"] if name == REQUEST_ID.encode()), b"")
    text: str = given.decode("latin-1")
    return text if GIVEN_ID.fullmatch(text) else None
