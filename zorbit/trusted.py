"""Trusted documents: the manifest that a client's build writes, read when a server starts.

Two forms are known: a map from ids to texts, which Relay's compiler and graphql-codegen write, and the list
of operations of Apollo's generate-persisted-query-manifest.
"""

from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson

from zorbit.engine.http import SHA256, document_id
from zorbit.engine.operations import Operations
from zorbit.errors import OperatorError

APOLLO = "apollo-persisted-query-manifest"
Documents = Mapping[str, str]
"""Texts by the ids that clients send."""


def read(path: Path) -> Documents:
    """The documents of a manifest; raises OperatorError that names what is wrong, and where."""
    try:
        content = orjson.loads(path.read_bytes())
    except OSError as error:
        raise _fault(path, f"cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise _fault(path, f"is not JSON: {error}") from None
    found: dict[str, str] = {}
    for key, text in _entries(path, content):
        id = document_id(key)
        if SHA256.fullmatch(id) and sha256(text.encode()).hexdigest() != id:
            raise _fault(path, "looks like a SHA-256 hash, but is not that of its text", key)
        if found.setdefault(id, text) != text:
            raise _fault(path, "stands for two texts", key)
    if not found:
        raise _fault(path, "has no documents")
    return found


def demand_runnable(path: Path, documents: Documents, operations: Operations) -> None:
    """Make the documents ready; raises OperatorError where one can't be run on this server."""
    for id, text in documents.items():
        ready = operations.prepare(text)
        if ready.errors:
            raise _fault(path, str(ready.errors[0]["message"]), id)


def _entries(path: Path, content: Any) -> Iterator[tuple[str, str]]:
    if not isinstance(content, dict):
        raise _fault(path, "must be an object: ids to texts, or Apollo's manifest")
    if "format" in content:
        yield from _apollo(path, content)
        return
    for key, text in content.items():
        if not isinstance(text, str):
            raise _fault(path, "must be the text of a document", key)
        yield key, text


def _apollo(path: Path, content: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if content["format"] != APOLLO or content.get("version") != 1:
        raise _fault(path, f"has another format than {APOLLO}, version 1")
    operations = content.get("operations")
    if not isinstance(operations, list):
        raise _fault(path, "must be a list", "operations")
    for place, operation in enumerate(operations):
        match operation:
            case {"id": str(key), "body": str(text)}:
                yield key, text
            case _:
                raise _fault(path, "must have `id` and `body`, both texts", f"operations[{place}]")


def _fault(path: Path, problem: str, key: str | None = None) -> OperatorError:
    where = "" if key is None else f": {key}"
    return OperatorError(f"ZORBIT_TRUSTED_DOCUMENTS: {path}{where}: {problem}")
