"""GraphQL over HTTP: requests read within bounds, answers as JSON."""

import json
from collections.abc import Mapping
from typing import Any

import orjson
from starlette.requests import Request as HTTPRequest
from starlette.responses import Response

from zorbit.engine.operations import Request

BODY_LIMIT = 1024 * 1024
DEPTH_LIMIT = 32
JSON_TYPE = "application/json"
GRAPHQL_TYPE = "application/graphql-response+json"


class HTTPRefused(Exception):  # noqa: N818 - an answer, not an error of the program
    """A request that is refused before GraphQL sees it."""

    def __init__(
        self, status: int, message: str, code: str, headers: Mapping[str, str] | None = None
    ) -> None:
        """`code` goes into the error's extensions."""
        super().__init__(message)
        self.status = status
        self.code = code
        self.headers = headers


async def read(request: HTTPRequest) -> Request:
    """The GraphQL request in an HTTP one; raises HTTPRefused naming what is wrong with it."""
    if request.method != "POST":
        raise HTTPRefused(405, "send a POST request", "BAD_USER_INPUT", {"Allow": "POST"})
    media_type, _, parameters = request.headers.get("content-type", "").partition(";")
    if media_type.strip().lower() != JSON_TYPE or not _is_utf8(parameters):
        raise HTTPRefused(415, f"the body must be {JSON_TYPE} in UTF-8", "BAD_USER_INPUT")
    if request.headers.get("content-encoding", "identity") != "identity":
        raise HTTPRefused(415, "the body must not be compressed", "BAD_USER_INPUT")
    return _request(await _body(request))


def answer(
    request: HTTPRequest, result: dict[str, Any], headers: Mapping[str, str] | None = None
) -> Response:
    """The result of an operation, in the media type that the client prefers."""
    modern = GRAPHQL_TYPE in request.headers.get("accept", "")
    status = 400 if modern and "data" not in result else 200
    return Response(encode(result), status, headers, GRAPHQL_TYPE if modern else JSON_TYPE)


def refusal(refused: HTTPRefused) -> Response:
    """The answer to a request that GraphQL did not see."""
    error = {"message": str(refused), "extensions": {"code": refused.code}}
    return Response(encode({"errors": [error]}), refused.status, refused.headers, JSON_TYPE)


def encode(value: Any) -> bytes:
    """JSON in UTF-8."""
    try:
        return orjson.dumps(value)
    except TypeError:
        # Integers beyond 64 bits, which a JSON column may hold.
        return json.dumps(value, ensure_ascii=False).encode()


async def _body(request: HTTPRequest) -> bytes:
    """The body; counted as it streams, because a length that is announced may be false."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_LIMIT:
            raise HTTPRefused(413, f"a request has at most {BODY_LIMIT} bytes", "BAD_USER_INPUT")
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


def _is_utf8(parameters: str) -> bool:
    name, _, charset = parameters.strip().lower().partition("=")
    return name != "charset" or charset.strip('"') in {"utf-8", "utf8"}
