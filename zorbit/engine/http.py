"""GraphQL over HTTP: requests read within bounds, answers as JSON."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import NoneType
from typing import Any
from urllib.parse import parse_qsl

import orjson
from starlette.types import Receive, Scope, Send

from zorbit.engine.journal import note_codes
from zorbit.engine.negotiating import JSON, is_json
from zorbit.engine.operations import Request

BODY_LIMIT = 1024 * 1024
SMALL = 16 * 1024
"""Bytes of a body that is read in less than a millisecond, whatever it is."""
PARTS_LIMIT = 25_000
"""Of the characters that begin a list, an object or a value in one: 1 MB of them takes 60 milliseconds."""
DEPTH_LIMIT = 32
NESTING = frozenset({dict, list})
VALUES_LIMIT, OBJECTS_LIMIT = 2_500, 150
"""Of variables: graphql-core takes 2 microseconds for a value, and 20 for an object, all in one go."""
PARAMETERS = 20
"""In a query string."""
METHODS = "GET, HEAD, POST, OPTIONS"
SINGLE = {b"authorization", b"content-encoding", b"content-length", b"content-type", b"host"}
"""Headers of which a second one could mean something else to a proxy than it means here."""
SHA256 = re.compile(r"[0-9a-f]{64}")
SHA256_PREFIX = "sha256:"
"""With which the appendix of GraphQL over HTTP begins an id that is a hash."""
OBJECT, STRING = (dict, NoneType), (str, NoneType)
"""What may be there, for `isinstance`: a union that is written in its place is made anew at each request."""
PREFLIGHT = ("Apollo-Require-Preflight", "GraphQL-Preflight", "X-Apollo-Operation-Name")
"""Headers that no page of another origin can send without asking first."""
PRIVATE = ((b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff"))

Headers = dict[bytes, bytes]
"""By name, in small letters."""


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


@dataclass(slots=True)
class Answer:
    """What is sent back."""

    body: bytes
    status: int = 200
    media_type: bytes = JSON
    headers: tuple[tuple[bytes, bytes], ...] = ()

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        """Send it."""
        length = b"%d" % len(self.body)
        headers = [(b"content-type", self.media_type), (b"content-length", length), *PRIVATE, *self.headers]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": self.body})


def headers(sent: Sequence[tuple[bytes, bytes]], last: Headers) -> Headers:
    """A request's headers, of which `last` has one of each name.

    Raises HTTPRefused where one that says who or what the request is comes twice.
    """
    if len(last) == len(sent):
        return last
    found: Headers = {}
    for name, value in sent:
        if name in SINGLE and name in found:
            raise HTTPRefused(400, f"send one {name.decode()} header", "BAD_USER_INPUT")
        found[name] = found[name] + b", " + value if name in found else value
    return found


async def read(scope: Scope, sent: Headers, receive: Receive, pay: Callable[[int], None]) -> Request:
    """The GraphQL request in an HTTP one; raises HTTPRefused naming what is wrong with it.

    `pay` is told the bytes of a body that is not small before it is looked at, and may refuse it. How long it
    may take to come is for the server to say, which knows when the head came.
    """
    if scope["method"] in {"GET", "HEAD"}:
        if not any(sent.get(name.lower().encode()) for name in PREFLIGHT):
            raise HTTPRefused(400, f"a GET request needs a header {PREFLIGHT[0]}", "BAD_USER_INPUT")
        return _request(_parameters(scope["query_string"]))
    if scope["method"] != "POST":
        raise HTTPRefused(405, "send a POST request", "BAD_USER_INPUT", {"Allow": METHODS})
    _demand_readable(sent)
    body, more = bytearray(), True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Disconnected
        body += message.get("body", b"")
        if len(body) > BODY_LIMIT:  # counted as it streams, because a length that is announced may be false
            raise _too_large()
        more = message.get("more_body", False)
    if len(body) > SMALL:
        pay(len(body))
        if sum(map(body.count, b"[{:")) > PARTS_LIMIT:
            raise HTTPRefused(
                400, f"the body has at most {PARTS_LIMIT} of the characters [, {{ and :", "BAD_USER_INPUT"
            )
    return _request(_parsed(body, "the body"))


def answer(
    media_type: bytes, result: dict[str, Any], bill: Callable[[int], tuple[tuple[bytes, bytes], ...]]
) -> Answer:
    """The result of an operation; plain JSON has status 200 whatever came of it.

    `bill` is told the length of the body, and gives further headers.
    """
    if "errors" in result:
        note_codes(*(error["extensions"]["code"] for error in result["errors"]))
    body = encode(result)
    status = 200 if media_type == JSON or "data" in result else 400
    return Answer(body, status, media_type, bill(len(body)))


def refusal(refused: HTTPRefused) -> Answer:
    """The answer to a request that GraphQL did not see."""
    note_codes(refused.code)
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


def _demand_readable(sent: Headers) -> None:
    """Refuse a body by what its headers say of it."""
    if not is_json(sent.get(b"content-type", b"")):
        accepted = {"Accept": JSON.decode()}
        raise HTTPRefused(415, f"the body must be {JSON.decode()} in UTF-8", "BAD_USER_INPUT", accepted)
    if sent.get(b"content-encoding", b"identity").lower() != b"identity":
        accepted = {"Accept-Encoding": "identity"}
        raise HTTPRefused(415, "the body must not be compressed", "BAD_USER_INPUT", accepted)
    announced = sent.get(b"content-length", b"")
    if announced.isdigit() and int(announced[:20]) > BODY_LIMIT:
        raise _too_large()


def _too_large() -> HTTPRefused:
    # What is still to come of it is not waited for.
    closing = {"Connection": "close"}
    return HTTPRefused(413, f"a request has at most {BODY_LIMIT} bytes", "BAD_USER_INPUT", closing)


def _parameters(query_string: bytes) -> dict[str, Any]:
    try:
        pairs = parse_qsl(query_string.decode("ascii"), errors="strict", max_num_fields=PARAMETERS)
    except ValueError:
        raise HTTPRefused(
            400, f"the query string is not at most {PARAMETERS} parameters in UTF-8", "BAD_USER_INPUT"
        ) from None
    found: dict[str, Any] = dict(pairs)
    if len(found) < len(pairs):
        raise HTTPRefused(400, "a parameter of the query string comes twice", "BAD_USER_INPUT")
    encoded = found.keys() & {"variables", "extensions"}
    return found | {name: _parsed(found[name], f"`{name}`") for name in encoded}


def _parsed(text: bytearray | str, what: str) -> Any:
    try:
        return orjson.loads(text)
    except ValueError:
        raise HTTPRefused(400, f"{what} is not JSON in UTF-8", "BAD_USER_INPUT") from None


def _request(content: Any) -> Request:
    if isinstance(content, list):
        raise HTTPRefused(
            400, "operations are sent one by one: the body must be an object, not a list", "BAD_USER_INPUT"
        )
    if not isinstance(content, dict):
        raise HTTPRefused(
            400, "the body must be an object: {query, variables, operationName}", "BAD_USER_INPUT"
        )
    extensions = content.get("extensions")
    if not isinstance(extensions, OBJECT):
        raise HTTPRefused(400, "`extensions` must be an object", "BAD_USER_INPUT")
    asked = extensions or {}
    automatic = asked.get("persistedQuery")
    id = None if automatic is None and "documentId" not in content else _document_id(content, automatic)
    query, variables = content.get("query"), content.get("variables")
    name = content.get("operationName")
    if query is None and id is not None:
        query = ""
    if not isinstance(query, str):
        raise HTTPRefused(400, "`query` must be a string", "BAD_USER_INPUT")
    if not isinstance(variables, OBJECT):
        raise HTTPRefused(400, "`variables` must be an object", "BAD_USER_INPUT")
    if not isinstance(name, STRING):
        raise HTTPRefused(400, "`operationName` must be a string", "BAD_USER_INPUT")
    _demand_bounds(variables)
    return Request(
        query,
        variables,
        name,
        tells_compiled=bool(asked.get("compiled")),
        tells_cost=bool(asked.get("cost")),
        document_id=id,
    )


def document_id(sent: str) -> str:
    """An id as it is looked up."""
    return sent.removeprefix(SHA256_PREFIX)


def _document_id(content: dict[str, Any], automatic: Any) -> str | None:
    """The id that stands for a document: the appendix's, or that of Apollo's automatic persisted queries."""
    id = content.get("documentId")
    if automatic is None:
        if not isinstance(id, STRING):
            raise HTTPRefused(400, "`documentId` must be a string", "BAD_USER_INPUT")
        if id is not None and content.get("query"):
            raise HTTPRefused(400, "send `query` or `documentId`, not both", "BAD_USER_INPUT")
        return None if id is None else document_id(id)
    if id is not None:
        message = "send `documentId` or `extensions.persistedQuery`, not both"
        raise HTTPRefused(400, message, "BAD_USER_INPUT")
    if not isinstance(automatic, dict):
        raise HTTPRefused(400, "`extensions.persistedQuery` must be an object", "BAD_USER_INPUT")
    if automatic.get("version") != 1:
        raise HTTPRefused(400, "Unsupported persisted query version", "BAD_USER_INPUT")
    id = automatic.get("sha256Hash")
    if not isinstance(id, str):
        message = "`extensions.persistedQuery.sha256Hash` must be a string"
        raise HTTPRefused(400, message, "BAD_USER_INPUT")
    return document_id(id)


def _demand_bounds(variables: Any) -> None:
    """Refuse variables that hold too many lists, objects and what is in them, or are nested too deeply."""
    if not variables or (
        len(variables) <= VALUES_LIMIT and NESTING.isdisjoint(map(type, variables.values()))
    ):
        return
    level, values, objects = [variables], 1, 0
    for _ in range(DEPTH_LIMIT):
        values += sum(map(len, level))
        objects += sum(isinstance(part, dict) for part in level)
        for name, number, limit in (("values", values, VALUES_LIMIT), ("objects", objects, OBJECTS_LIMIT)):
            if number > limit:
                raise HTTPRefused(400, f"`variables` hold at most {limit} {name}", "BAD_USER_INPUT")
        level = [
            child
            for part in level
            for child in (part.values() if isinstance(part, dict) else part)
            if type(child) in NESTING
        ]
        if not level:
            return
    raise HTTPRefused(400, f"`variables` are nested at most {DEPTH_LIMIT} deep", "BAD_USER_INPUT")
