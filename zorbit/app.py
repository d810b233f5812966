"""The ASGI application: who is asking, over what wire."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from ipaddress import ip_address
from typing import Any

import structlog
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from schema import core_schema, readings, schema
from zorbit import db, graphiql, migrations
from zorbit.auth import viewers
from zorbit.auth.local import LocalIssuer
from zorbit.auth.tokens import Claims, Verifier, bearer, verifier
from zorbit.auth.viewers import Seen
from zorbit.config import Identity, Settings
from zorbit.context import Context
from zorbit.db import Database, is_unreachable
from zorbit.demo import DEMO_EMAIL
from zorbit.engine import http
from zorbit.engine.compiled import Caller, CompiledReads
from zorbit.engine.http import HTTPRefused
from zorbit.engine.operations import Operations, Refusal
from zorbit.engine.operations import Request as Asked
from zorbit.engine.plans import Gone
from zorbit.engine.wire import Pool
from zorbit.errors import Code, OperatorError, Refused, Unauthenticated, Unavailable, UserErrorCode
from zorbit.logs import RequestLog
from zorbit.models import Role
from zorbit.services import renewals, users
from zorbit.visibility import NOBODY, OPERATOR, Viewer

PAGE_TOKEN_LIFETIME = timedelta(hours=12)
EVERY_METHOD = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
STATUS: dict[Code | UserErrorCode, tuple[int, dict[str, str]]] = {
    Code.BAD_USER_INPUT: (400, {}),
    Code.UNAUTHENTICATED: (401, {"WWW-Authenticate": "Bearer"}),
    Code.FORBIDDEN: (403, {}),
    Code.UNAVAILABLE: (503, {"Retry-After": "5"}),
}

STOP_SECONDS = 5
"""How long a server that stops waits for its periodic task."""

# The event loop itself keeps only weak references to its tasks.
ABANDONED: set[asyncio.Task[Response]] = set()

Endpoint = Callable[[Request], Coroutine[Any, Any, Response]]

logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Server:
    """What lives as long as the process serves."""

    settings: Settings
    database: Database
    verifier: Verifier
    operations: Operations
    seen: Seen = field(default_factory=Seen)

    async def graphql(self, request: Request) -> Response:
        """`/graphql`: operations by POST, GraphiQL for a browser."""
        if request.method == "GET" and self.settings.graphiql and _is_browser(request):
            return graphiql.page(endpoint="/graphql", token=await self._page_token(request))
        asked = await http.read(request)
        claims = await self._claims(request)
        read = None if claims is None else await self._read(asked, claims)
        if read is None:
            context = await self._context(claims)
            result = await self.operations.run(asked, context, request.state.request_id)
        else:
            result = read
        if asked.tells_compiled:
            result |= {"extensions": {"compiled": read is not None}}
        return http.answer(request, result)

    async def _claims(self, request: Request) -> Claims | None:
        headers = request.headers.getlist("authorization")
        if len(headers) > 1:
            raise Unauthenticated("send one Authorization header")
        token = bearer(headers[0] if headers else None)
        return None if token is None else await self.verifier.verify(token)

    async def _read(self, asked: Asked, claims: Claims) -> dict[str, Any] | None:
        """The answer of a compiled plan, for the viewer that the claims meant when they were last seen."""
        for _ in range(2):
            viewer = self.seen.get(claims) or (await self._context(claims)).viewer
            caller = Caller(viewer.role, viewers.parameters(viewer, claims))
            try:
                return await self.operations.read(asked, caller, partial(self._at, viewer))
            except Gone:
                self.seen.forget(claims)
        return None

    def _at(self, viewer: Viewer, now: str) -> Context:
        return Context(viewer, datetime.fromisoformat(now), self.database, self.settings)

    async def _context(self, claims: Claims | None) -> Context:
        if claims is None:
            return Context(NOBODY, None, self.database, self.settings)
        async with self.database.read() as session:
            found = await viewers.find(session, claims, self.settings.identity)
        if found is None and self.settings.identity is Identity.PROVISION:
            await self._provision(claims)
            async with self.database.read() as session:
                found = await viewers.find(session, claims, self.settings.identity)
        if found is None:
            raise Unauthenticated("the token's user does not exist, or not any more")
        viewer, now = found
        self.seen.remember(claims, viewer)
        return Context(viewer, now, self.database, self.settings)

    async def _provision(self, claims: Claims) -> None:
        """An account for a new subject, unless another account has its address."""
        if claims.email is None or not claims.email_verified:
            raise Unauthenticated("a new account needs a token with a verified e-mail address")
        async with self.database.write() as session:
            made = await users.create(
                session, claims.email, auth_issuer=claims.issuer, auth_subject=claims.subject
            )
        if made is not None:
            logger.info("user provisioned", user_id=str(made.id))

    async def _page_token(self, request: Request) -> str | None:
        """The demo user's token, for a browser on this machine that talks to a server on this machine."""
        local = self.settings.embedded and not self.settings.has_key_source
        if not (local and _is_loopback(self.settings.host) and _is_loopback(request.url.hostname or "")):
            return None
        async with self.database.read() as session:
            user = await users.by_email(session, OPERATOR, DEMO_EMAIL)
        if user is None or user.role is not Role.USER:
            return None
        return LocalIssuer.open(self.settings.data_dir).sign(str(user.id), PAGE_TOKEN_LIFETIME)

    async def ready(self, _request: Request) -> Response:
        """`/readyz`: whether the database answers and has this release's schema."""
        try:
            async with self.database.engine.connect() as connection:
                await connection.run_sync(migrations.demand_head)
        except OperatorError as error:
            return _json({"status": "unavailable", "reason": str(error)}, 503)
        return _json({"status": "ready"})


async def healthy(_request: Request) -> Response:
    """`/healthz`: the process answers."""
    return _json({"status": "ok"})


def create(settings: Settings, database_url: str) -> Starlette:
    """The application over the database at `database_url`; nothing is connected before the first request.

    Raises OperatorError where the settings name no usable key source.
    """
    reads = None
    if settings.compiled_reads:
        connect = partial(db.read_connection, database_url, settings)
        pool = Pool(connect, settings.read_pool_size, settings.pool_timeout)
        graph = readings.graph(schema, settings.identity)
        reads = CompiledReads(core_schema, graph, pool, settings.statement_timeout + 1)
    operations = Operations(core_schema, explain, reads)
    server = Server(settings, db.connect(database_url, settings), verifier(settings), operations)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        periodic = asyncio.create_task(_periodically(server.database, settings))
        try:
            yield
        finally:
            periodic.cancel()
            await asyncio.wait({periodic}, timeout=STOP_SECONDS)
            await server.verifier.aclose()
            await server.database.close()
            if reads is not None:
                reads.pool.close()

    limit = settings.request_timeout
    return Starlette(
        routes=[
            Route("/graphql", _guarded(server.graphql, limit), methods=EVERY_METHOD),
            Route("/healthz", healthy),
            Route("/readyz", _guarded(server.ready, limit)),
            Mount(graphiql.MOUNT, StaticFiles(directory=graphiql.ASSETS)),
        ],
        lifespan=lifespan,
        middleware=[Middleware(RequestLog)],
        exception_handlers={HTTPException: _not_served},
    )


async def _periodically(database: Database, settings: Settings) -> None:
    """Bring subscriptions up to the present, again and again; what goes wrong is tried again next time."""
    while settings.periodic_seconds:
        await asyncio.sleep(settings.periodic_seconds)
        try:
            counts = await renewals.run(database, settings)
        except Exception as error:
            if is_unreachable(error):
                logger.warning("database unreachable", error=type(error).__name__, task="periodic")
            else:
                logger.exception("periodic task failed")
        else:
            if counts:
                logger.info("subscriptions moved on", **counts)


def explain(error: Exception) -> Refusal | None:
    """What a client may read of an exception: refusals only."""
    return Refusal(str(error), error.extensions) if isinstance(error, Refused) else None


def _guarded(endpoint: Endpoint, limit: float) -> Endpoint:
    """Whatever goes wrong is answered in JSON, and what is not for the client goes to the log alone."""

    async def answered(request: Request) -> Response:
        try:
            return await _within(limit, endpoint(request))
        except HTTPRefused as refused:
            return http.refusal(refused)
        except Refused as refused:
            return _refusal(refused)
        except ClientDisconnect:
            return Response(status_code=400)
        except Exception as error:
            if is_unreachable(error):
                logger.warning("database unreachable", error=type(error).__name__)
                return _refusal(Unavailable())
            logger.exception("fault")
            return _fault(request.state.request_id)

    return answered


async def _within(limit: float, answering: Coroutine[Any, Any, Response]) -> Response:
    """What `answering` gives, if it does so in `limit` seconds; raises Unavailable otherwise.

    A task that is late is canceled but not waited for: psycopg answers a cancellation by dialling the
    database again, which takes up to ten seconds where that has fallen silent.
    """
    task = asyncio.create_task(answering)
    try:
        done, _ = await asyncio.wait({task}, timeout=limit)
    except asyncio.CancelledError:
        task.cancel()
        raise
    if done:
        return task.result()
    task.cancel()
    ABANDONED.add(task)
    task.add_done_callback(_forget)
    logger.warning("request given up", seconds=limit)
    raise Unavailable


def _forget(task: asyncio.Task[Response]) -> None:
    ABANDONED.discard(task)
    if not task.cancelled():
        task.exception()  # looked at, so that asyncio does not report it: the request was answered long ago


def _refusal(refused: Refused) -> Response:
    status, headers = STATUS[refused.code]
    return http.refusal(HTTPRefused(status, str(refused), refused.code, headers))


def _fault(request_id: str) -> Response:
    extensions = {"code": "INTERNAL_SERVER_ERROR", "requestId": request_id}
    return _json({"errors": [{"message": "internal server error", "extensions": extensions}]}, 500)


async def _not_served(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - for the type checker: the handler is registered for it
    return http.refusal(HTTPRefused(error.status_code, error.detail, Code.BAD_USER_INPUT, error.headers))


def _json(content: dict[str, object], status: int = 200) -> Response:
    return Response(http.encode(content), status, media_type=http.JSON_TYPE)


def _is_browser(request: Request) -> bool:
    return "text/html" in request.headers.get("accept", "")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
