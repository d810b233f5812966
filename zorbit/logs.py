"""Structured logs, one line an event, and the id that ties a request's lines together."""

import asyncio
import logging
import re
import sys
import time
from collections.abc import Callable, Collection, MutableMapping
from contextvars import ContextVar
from datetime import UTC, datetime
from random import getrandbits
from typing import Any

import orjson
import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from zorbit.config import LogFormat, Settings
from zorbit.tracebacks import traceback_of

REQUEST_ID = "x-request-id"
HEADER = REQUEST_ID.encode()
GIVEN_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")

REQUEST: ContextVar[str | None] = ContextVar("request", default=None)
"""The id of the request at hand. structlog's own variables for such took 15 microseconds a request."""

logger = structlog.get_logger(__name__)


def configure(settings: Settings) -> None:
    """Write every log line, the libraries' too, to standard error in the chosen format."""
    # Left to itself the renderer for people draws the local variables of every frame.
    people = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    processors = [_told, *([_json] if settings.log_format is LogFormat.JSON else [_readable, people])]
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *processors],
        )
    )
    logging.basicConfig(handlers=[handler], level=settings.log_level.upper(), force=True)
    # Each statement and each HTTP request of a library's own is too much at INFO.
    for name in ("httpx", "httpcore", "alembic", "zorbit.db.SessionPool"):
        logging.getLogger(name).setLevel(logging.WARNING)
    # Straight to the stream: by way of the standard library a line costs 60 microseconds more, and every
    # request writes one.
    structlog.configure(
        processors=processors,
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=True,
    )


def with_request(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """The id of the request that an event belongs to, if it belongs to one."""
    if (request_id := REQUEST.get()) is not None:
        event["request_id"] = request_id
    return event


def _told(logger: object, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """What each event is told with: by one function, for every request writes a line.

    An error's traceback takes its place; the error itself holds what users wrote.
    """
    with_request(logger, method, event)
    event["level"] = method
    event["timestamp"] = datetime.now(UTC)
    given = event.pop("exc_info", None)
    error = given[1] if isinstance(given, tuple) else sys.exc_info()[1] if given is True else given
    if isinstance(error, BaseException):
        event["exception"] = traceback_of(error)
    return event


def _json(_logger: object, _method: str, event: MutableMapping[str, Any]) -> str:
    return orjson.dumps(event, default=str, option=orjson.OPT_UTC_Z).decode()


def _readable(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    event["timestamp"] = event["timestamp"].isoformat(sep=" ", timespec="milliseconds")
    return event


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
        self._tell = _teller()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        given: bytes | None = dict(scope["headers"]).get(HEADER)
        request_id, began, status = self.begin(scope, given), time.perf_counter(), 0

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (HEADER, request_id.encode())]
            await send(message)

        try:
            await self.app(scope, receive, send_with_id)
        finally:
            self.tell(scope, status, began)

    def begin(self, scope: Scope, given: bytes | None) -> str:
        """The id of a request that begins, and came with the id `given`."""
        request_id = (given and _plain(given)) or f"{getrandbits(128):032x}"
        scope.setdefault("state", {})["request_id"] = request_id
        REQUEST.set(request_id)
        return request_id

    def tell(self, scope: Scope, status: int, began: float) -> None:
        """Log a request that has ended; it began then, by `time.perf_counter`."""
        self._tell(
            {
                "method": scope["method"],
                "path": scope["path"] if scope["path"] in self.paths else None,
                "status": status,
                "milliseconds": round((time.perf_counter() - began) * 1000, 2),
                "event": "request",
            }
        )


def _teller() -> Callable[[dict[str, Any]], None]:
    """What tells an event as `logger.info` would, in half the time: 5 microseconds less a request."""
    if not logger.is_enabled_for(logging.INFO):
        return lambda _event: None
    settings = structlog.get_config()
    processors, write = settings["processors"], settings["logger_factory"]().msg

    def tell(event: Any) -> None:
        try:
            for process in processors:
                event = process(None, "info", event)
        except structlog.DropEvent:
            return
        write(event)

    return tell


def _plain(given: bytes) -> str | None:
    text = given.decode("latin-1")
    return text if GIVEN_ID.fullmatch(text) else None
