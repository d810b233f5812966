"""GraphQL over HTTP: requests read within bounds, answers as JSON."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from starlette.types import Receive, Scope, Send

from zorbit.engine.operations import Request

BODY_LIMIT = 1024 * 1024
DEPTH_LIMIT = 32
JSON = b"application/json"
GRAPHQL = b"application/graphql-response+json"


class HTTPRefused(Exception):  # noqa: N818 - an answer, not an error of the program
    """A request that is refused before GraphQL sees it."""

    def __init__(
        self, status: int, message: str, code: str, headers: Mapping[str, str] | None = None
    ) -> None:
        """`code` goes into the error's extensions."""
        super().__init__(message)
        self.status = status
        self.code = code
        self.headers = headers or {}


class Disconnected(Exception):  # noqa: N818 - an answer, not an error of the program
    """The client went away before its request was whole."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What is sent back."""

    body: bytes
    status: int = 200
    media_type: bytes = JSON
    headers: tuple[tuple[bytes, bytes], ...] = ()

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        """Send it."""
        length = b"%d" % len(self.body)
        headers = [(b"content-type", self.media_type), (b"content-length", length), *self.headers]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": self.body})


def header(scope: Scope, name: bytes) -> bytes | None:
    """The first header of that name, which is in small letters."""
    return next((value for key, value in scope["headers"] if key == name), None)


async def read(scope: Scope, receive: Receive) -> Request:
    """The GraphQL request in an HTTP one; raises HTTPRefused naming what is wrong with it."""
    if scope["method"] != "POST":
        raise HTTPRefused(405, "send a POST request", "BAD_USER_INPUT", {"Allow": "POST"})
    content_type = header(scope, b"content-type") or b""
    if content_type != JSON and not _is_json(content_type):
        raise HTTPRefused(415, f"the body must be {JSON.decode()} in UTF-8", "BAD_USER_INPUT")
    if header(scope, b"content-encoding") not in {None, b"identity"}:
        raise HTTPRefused(415, "the body must not be compressed", "BAD_USER_INPUT")
    return _request(await _body(receive))


def answer(scope: Scope, result: dict[str, Any]) -> Answer:
    """The result of an operation, in the media type that the client prefers."""
    if GRAPHQL not in (header(scope, b"accept") or b""):
        return Answer(encode(result))
    return Answer(encode(result), 200 if "data" in result else 400, GRAPHQL)


def refusal(refused: HTTPRefused) -> Answer:
    """The answer to a request that GraphQL did not see."""
    error = {"message": str(refused), "extensions": {"code": refused.code}}
    headers = tuple((name.lower().encode(), value.encode()) for name, value in refused.headers.items())
    return Answer(encode({"errors": [error]}), refused.status, headers=headers)


def encode(value: Any) -> bytes:
    """JSON in UTF-8."""
    try:
        return orjson.dumps(value)
    except TypeError:
        # Integers beyond 64 bits, which a JSON column may hold.
        return json.dumps(value, ensure_ascii=False).encode()


async def _body(receive: Receive) -> bytes:
    """The body; counted as it streams, because a length that is announced may be false."""
    body, more = bytearray(), True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Disconnected
        body += message.get("body", b"")
        if len(body) > BODY_LIMIT:
            raise HTTPRefused(413, f"a request has at most {BODY_LIMIT} bytes", "BAD_USER_INPUT")
        more = message.get("more_body", False)
    return bytes(body)


def _request(body: bytes) -> Request:
    try:
        content = orjson.loads(body)
    except ValueError:
        raise HTTPRefused(400, "the body is not JSON in UTF-8", "BAD_USER_INPUT") from None
    if not isinstance(content, dict):
        raise HTTPRefused(
            400, "the body must be an object: {query, variables, operationName}", "BAD_USER_INPUT"
        )
    query, variables = content.get("query"), content.get("variables")
    name = content.get("operationName")
    if not isinstance(query, str):
        raise HTTPRefused(400, "`query` must be a string", "BAD_USER_INPUT")
    if not isinstance(variables, dict | None):
        raise HTTPRefused(400, "`variables` must be an object", "BAD_USER_INPUT")
    if not isinstance(name, str | None):
        raise HTTPRefused(400, "`operationName` must be a string", "BAD_USER_INPUT")
    extensions = content.get("extensions")
    if not isinstance(extensions, dict | None):
        raise HTTPRefused(400, "`extensions` must be an object", "BAD_USER_INPUT")
    if _is_deeper(variables, DEPTH_LIMIT):
        raise HTTPRefused(400, f"`variables` are nested at most {DEPTH_LIMIT} deep", "BAD_USER_INPUT")
    return Request(query, variables, name, tells_compiled=bool(extensions and extensions.get("compiled")))


def _is_deeper(value: Any, limit: int) -> bool:
    if limit == 0:
        return True
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return any(_is_deeper(child, limit - 1) for child in children)


def _is_json(content_type: bytes) -> bool:
    media_type, _, parameters = content_type.decode("latin-1").lower().partition(";")
    name, _, charset = parameters.strip().partition("=")
    return media_type.strip() == JSON.decode() and (
        name != "charset" or charset.strip('"') in {"utf-8", "utf8"}
    )
