"""The ASGI application: what it is made of, and what it does while it serves."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, fields
from functools import partial
from typing import Any

import structlog
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4
from starlette.applications import Starlette
from starlette.datastructures import Headers, State
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from schema import core_schema, readings, schema
from zorbit import db, explorer, graphiql, migrations, trusted
from zorbit.auth.tokens import Verifier, verifier
from zorbit.config import Settings
from zorbit.db import Database, is_unreachable, unavailable
from zorbit.endpoint import PATH, GraphQL, instead_of
from zorbit.engine import http
from zorbit.engine.compiled import CompiledReads
from zorbit.engine.documents import Policy
from zorbit.engine.journal import note_codes
from zorbit.engine.measures import Limits
from zorbit.engine.negotiating import JSON
from zorbit.engine.operations import Operations, Refusal
from zorbit.engine.pool import Pool
from zorbit.engine.waiting import within
from zorbit.errors import Code, OperatorError, Refused
from zorbit.explorer import Explorer
from zorbit.logs import REQUEST_ID, RequestLog, unhandled
from zorbit.metrics import PERIODIC, Metrics
from zorbit.observing import Watch, tracing_of, watch_statements, watching
from zorbit.overload import Load
from zorbit.persisted import PersistedQueries
from zorbit.rates import buckets_of
from zorbit.services import renewals

STOP_SECONDS = 5
"""How long a server that stops waits for its periodic task."""
PATHS = frozenset({PATH, "/healthz", "/readyz", "/metrics"})
"""Those that are logged: others hold names of files, or whatever a stranger likes."""

logger = structlog.get_logger(__name__)


def create(settings: Settings, database_url: str) -> Starlette:
    """The application over the database at `database_url`; nothing is connected before the first request.

    Raises OperatorError where the settings name no usable key source, or no usable manifest of documents.
    """
    database, verifies = db.connect(database_url, settings), verifier(settings)
    reads = _compiled_reads(settings, database_url) if settings.compiled_reads else None
    watch = Watch(Metrics(settings.workers), settings.slow_milliseconds)
    persisted = _persisted_queries(settings, database, reads, watch.metrics.shed)
    load = Load(settings.operations, watch.metrics.shed)
    tracing = tracing_of(settings)
    publish = partial(_publish, watch.metrics, load, database, reads)
    watch_statements(database.engine)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        asyncio.get_running_loop().set_exception_handler(unhandled)
        periodic = partial(_periodically, database, settings, watch)
        async with watching(watch, tracing, publish), _serving(periodic, database, verifies, reads):
            yield

    application = Starlette(
        routes=_routes(settings, database, watch, publish),
        lifespan=lifespan,
        middleware=[Middleware(Masked)],
        exception_handlers={HTTPException: _not_served},
    )
    # A redirection to a path with a slash would name whatever host a request says this is.
    application.router.redirect_slashes = False
    # All of this is outside what Starlette makes by itself, whose handler of errors would take 2 microseconds
    # of each request.
    endpoint = GraphQL(
        RequestLog(application.build_middleware_stack(), PATHS),
        settings=settings,
        database=database,
        verifier=verifies,
        operations=persisted.operations,
        persisted=persisted,
        buckets=buckets_of(settings),
        load=load,
        watch=watch,
    )
    application.middleware_stack = _cross_origin(endpoint, settings)
    application.state.endpoint = endpoint
    application.state.metrics, application.state.is_stopping = watch.metrics, False
    return application


def _routes(
    settings: Settings, database: Database, watch: Watch, publish: Callable[[], None]
) -> list[BaseRoute]:
    """All but operations."""

    async def ready(request: Request) -> Response:
        try:
            answer = await within(settings.request_timeout, _readiness(database, request.app.state))
        except Exception as error:  # noqa: BLE001 - what it is goes to the log
            answer = instead_of(error, request.state.request_id)
        return _response(answer)

    async def metrics(_request: Request) -> Response:
        publish()
        return Response(watch.metrics.text(), media_type=CONTENT_TYPE_PLAIN_0_0_4)

    return [
        Route(PATH, Explorer(settings, database).page, methods=["GET"]),
        Route(PATH, explorer.options, methods=["OPTIONS"]),
        Route("/healthz", healthy),
        Route("/readyz", ready),
        Route("/metrics", metrics),
        Mount(graphiql.MOUNT, graphiql.Assets(directory=graphiql.ASSETS)),
    ]


@asynccontextmanager
async def _serving(
    periodic: Callable[[], Coroutine[Any, Any, None]],
    database: Database,
    verifies: Verifier,
    reads: CompiledReads | None,
) -> AsyncIterator[None]:
    """What is done by the clock, and what is closed when the application ends."""
    task = asyncio.create_task(periodic())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait({task}, timeout=STOP_SECONDS)
        await verifies.aclose()
        await database.close()
        if reads is not None:
            reads.pool.close()


def _publish(metrics: Metrics, load: Load, database: Database, reads: CompiledReads | None) -> None:
    """Tell how this worker is now."""
    pools = [("resolvers", *database.state())]
    if reads is not None:
        pools.append(("compiled", *reads.pool.state()))
    metrics.publish(load.running, pools)


@dataclass(frozen=True, slots=True)
class Masked:
    """What goes wrong in a route is for the log; Starlette's own handler would tell no id."""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request; an answer that has begun can only be broken off."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        has_begun = False

        async def watched(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        try:
            await self.app(scope, receive, watched)
        except Exception as error:  # noqa: BLE001 - what it is goes to the log
            answer = instead_of(error, scope["state"]["request_id"])
            if not has_begun:
                await answer(scope, receive, send)


class CrossOrigin(CORSMiddleware):
    """Answers browsers that ask for other origins; tokens are headers, so credentials are never allowed."""

    def preflight_response(self, request_headers: Headers) -> Response:
        """Refused in JSON, as everything else is."""
        response = super().preflight_response(request_headers)
        if response.status_code < 400:
            return response
        return _refused(http.HTTPRefused(403, bytes(response.body).decode(), Code.FORBIDDEN))


def _cross_origin(app: ASGIApp, settings: Settings) -> ASGIApp:
    """Nothing more where no origin is configured: browsers then refuse by themselves."""
    if not settings.cors_origins:
        return app
    return CrossOrigin(
        app,
        allow_origins=settings.cors_origins,
        allow_methods=("GET", "POST"),
        allow_headers=("Authorization", REQUEST_ID, "traceparent", "tracestate", *http.PREFLIGHT),
        expose_headers=(REQUEST_ID, "Retry-After", "RateLimit", "RateLimit-Policy"),
    )


def policy(settings: Settings) -> Policy:
    """What the operator lets operations do."""
    limits = Limits(**{one.name: getattr(settings, f"limit_{one.name}") for one in fields(Limits)})
    return Policy(limits, settings.introspection, settings.suggestions)


def _persisted_queries(
    settings: Settings, database: Database, reads: CompiledReads | None, shed: Callable[[str], None]
) -> PersistedQueries:
    """The documents that are known by their ids, over all operations; the trusted ones are made ready."""
    path = settings.trusted_documents
    documents = {} if path is None else trusted.read(path)
    only = frozenset(documents.values()) if settings.trusted_only else None
    operations = Operations(core_schema, explain, policy(settings), reads, only)
    if path is not None:
        trusted.demand_runnable(path, documents, operations)
    learning = Load(settings.operations, shed, "new documents")
    return PersistedQueries(settings, database, operations, documents, learning)


def _compiled_reads(settings: Settings, database_url: str) -> CompiledReads:
    connect = partial(db.read_connection, database_url, settings)
    pool = Pool(connect, settings.read_pool_size, settings.pool_timeout)
    graph = readings.graph(schema, settings)
    patience = min(settings.statement_timeout + 1, settings.request_timeout)
    return CompiledReads(core_schema, graph, pool, patience, suggestions=settings.suggestions)


async def healthy(_request: Request) -> Response:
    """`/healthz`: the process answers."""
    return Response(http.encode({"status": "ok"}), media_type=JSON.decode())


async def _readiness(database: Database, state: State) -> http.Answer:
    """`/readyz`: whether the database answers and has this release's schema, and goes on being served."""
    if state.is_stopping:
        return _unready("the server is stopping")
    try:
        async with database.engine.connect() as connection:
            await connection.run_sync(migrations.demand_head)
    except OperatorError as error:
        return _unready(str(error))
    return http.Answer(http.encode({"status": "ready"}))


def _unready(reason: str) -> http.Answer:
    return http.Answer(http.encode({"status": "unavailable", "reason": reason}), 503)


async def _periodically(database: Database, settings: Settings, watch: Watch) -> None:
    """Bring subscriptions up to the present, again and again; what goes wrong is tried again next time."""
    while settings.periodic_seconds:
        await asyncio.sleep(settings.periodic_seconds)
        with watch.task(PERIODIC):
            try:
                counts = await renewals.run(database, settings)
            except Exception as error:
                if is_unreachable(error):
                    note_codes(Code.UNAVAILABLE)
                    logger.warning("database unreachable", error=type(error).__name__, task="periodic")
                else:
                    note_codes("INTERNAL_SERVER_ERROR")
                    logger.exception("periodic task failed")
            else:
                if counts["failed"]:
                    note_codes("INTERNAL_SERVER_ERROR")
                if counts:
                    logger.info("subscriptions moved on", **counts)


def explain(error: Exception) -> Refusal | None:
    """What a client may read of an exception: refusals, and that the database is not to be had."""
    told = error if isinstance(error, Refused) else unavailable(error)
    if told is None:
        return None
    if told is not error:
        logger.warning("database unavailable", error=type(error).__name__)
    return Refusal(str(told), told.extensions)


async def _not_served(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - for the type checker: the handler is registered for it
    return _refused(http.HTTPRefused(error.status_code, error.detail, Code.BAD_USER_INPUT, error.headers))


def _refused(refused: http.HTTPRefused) -> Response:
    return _response(http.refusal(refused), refused.headers)


def _response(answer: http.Answer, headers: Mapping[str, str] | None = None) -> Response:
    """An answer as a route gives it."""
    return Response(answer.body, answer.status, dict(headers or {}), JSON.decode())
