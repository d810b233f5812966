"""`zorbit serve` with what goes wrong as it is told: a field `fault(kind:, text:)`, and two routes."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any, NoReturn

import strawberry
from graphql import (
    GraphQLArgument,
    GraphQLError,
    GraphQLField,
    GraphQLInt,
    GraphQLNonNull,
    GraphQLResolveInfo,
    GraphQLString,
)
from pydantic import TypeAdapter
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from strawberry.dataloader import DataLoader
from strawberry.schema.schema_converter import GraphQLCoreConverter

from schema import core_schema
from zorbit import app, cli
from zorbit.app import create as create_whole
from zorbit.config import Settings
from zorbit.models import QuotaType

SECRET = "geheim-content"

Fault = Callable[[str], Coroutine[Any, Any, Any]]


class UnspeakableError(Exception):
    """An error that can't be told."""

    def __str__(self) -> NoReturn:
        """It raises another one."""
        raise ValueError(*self.args)

    __repr__ = __str__


def raising(error: Callable[[str], BaseException]) -> Fault:
    async def fault(text: str) -> NoReturn:
        raise error(text)

    return fault


def doing(act: Callable[[str], Any]) -> Fault:
    async def fault(text: str) -> Any:
        return act(text)

    return fault


def loading(answer: Callable[[list[str]], Any]) -> Fault:
    async def load(keys: list[str]) -> Any:
        return answer(keys)

    async def fault(text: str) -> Any:
        return await DataLoader(load_fn=load).load(text)

    return fault


def noted(text: str) -> Exception:
    error = RuntimeError(text)
    error.add_note(text)
    return error


def in_circles(text: str) -> Exception:
    error, other = ValueError(text), KeyError(text)
    error.__cause__, other.__cause__ = other, error
    return error


def chained(text: str) -> Any:
    try:
        return FAULTS[text]
    except KeyError as error:
        try:
            return int(text)
        except ValueError:
            raise RuntimeError(text) from error


def raised(error: Exception) -> NoReturn:
    raise error


def deep(text: str) -> Any:
    return deep(text)


async def canceled(_text: str) -> NoReturn:
    raise asyncio.CancelledError


async def forgotten(text: str) -> Any:
    """The event loop has to complain of a task that nobody waits for."""
    asyncio.get_running_loop().create_task(raising(ValueError)(text))
    await asyncio.sleep(0)
    asyncio.get_running_loop().call_soon(raised, ValueError(text))
    await asyncio.sleep(0.01)
    return text


HARMLESS = "none"
FAULTS: dict[str, Fault] = {
    "value": doing(int),
    "key": doing(lambda text: FAULTS[text]),
    "attribute": doing(lambda text: text.nothing),  # type: ignore[attr-defined]
    "type": doing(lambda text: text + 1),  # type: ignore[operator]
    "assertion": raising(AssertionError),
    "chain": doing(chained),
    "circle": raising(in_circles),
    "group": raising(
        lambda text: ExceptionGroup(text, [ValueError(text), ExceptionGroup(text, [OSError(text)])])
    ),
    "note": raising(noted),
    "unspeakable": raising(UnspeakableError),
    "file": doing(lambda text: open(f"/{text}")),  # noqa: PTH123, SIM115
    "bytes": doing(lambda text: (text.encode() + b"\xff").decode()),
    "json": doing(lambda text: json.loads(f"{{{text}")),
    "enum": doing(QuotaType),
    "model": doing(TypeAdapter(int).validate_python),
    "graphql": raising(lambda text: GraphQLError(text, extensions={"text": text})),
    "depth": doing(deep),
    "memory": raising(MemoryError),
    "stop": raising(StopAsyncIteration),
    "canceled": canceled,
    "forgotten": forgotten,
    "wrong type": doing(lambda text: text),
    "loader raises": loading(lambda keys: raised(KeyError(*keys))),
    "loader gives too little": loading(lambda _keys: []),
    "loader gives too much": loading(lambda keys: keys * 2),
    "loader gives nothing": loading(lambda _keys: None),
    "loader gives an error": loading(lambda keys: [ValueError(key) for key in keys]),
}
"""By kind, what a resolver does with a text."""


async def resolve(_root: Any, info: GraphQLResolveInfo[Any], kind: str, text: str) -> Any:
    return 0 if kind == HARMLESS else await FAULTS[kind](text)


def declare() -> None:
    """The schema gains the field; no plan covers it."""
    given = GraphQLArgument(GraphQLNonNull(GraphQLString))
    field = GraphQLField(GraphQLInt, {"kind": given, "text": given}, resolve)
    field.extensions = {GraphQLCoreConverter.DEFINITION_BACKREF: strawberry.field()}
    assert core_schema.query_type is not None
    core_schema.query_type.fields["fault"] = field


async def broken(_request: Request) -> NoReturn:
    raise KeyError(SECRET)


async def breaking(_request: Request) -> Response:
    async def parts() -> AsyncIterator[str]:
        yield "a part"
        raise KeyError(SECRET)

    return StreamingResponse(parts())


def create(settings: Settings, database_url: str) -> Starlette:
    """The application, and two routes that fail."""
    application = create_whole(settings, database_url)
    application.router.routes += [Route("/broken", broken), Route("/breaking", breaking)]
    return application


if __name__ == "__main__":
    declare()
    app.create = create
    cli.main()
