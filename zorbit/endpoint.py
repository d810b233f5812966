"""`/graphql`: who is asking, and by which way the answer is made."""

from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from time import perf_counter
from typing import Any

import structlog
from starlette.types import Receive, Scope, Send

from zorbit.auth import viewers
from zorbit.auth.tokens import Claims, Verifier, bearer
from zorbit.auth.viewers import Seen
from zorbit.buckets import Buckets
from zorbit.config import Identity, Settings
from zorbit.context import Context
from zorbit.db import Database, unavailable
from zorbit.engine import http
from zorbit.engine.compiled import Principal
from zorbit.engine.http import Answer, Disconnected, Headers, HTTPRefused
from zorbit.engine.journal import Journal, note_codes
from zorbit.engine.negotiating import GRAPHQL, JSON, preferred
from zorbit.engine.operations import Execution, Operations
from zorbit.engine.plans import Gone
from zorbit.engine.waiting import within
from zorbit.errors import Code, Refused, Unauthenticated, UserErrorCode
from zorbit.logs import HEADER, RequestLog
from zorbit.observing import Watch
from zorbit.overload import Load
from zorbit.persisted import NotRun, PersistedQueries
from zorbit.rates import INCLUDED, REQUEST, STATEMENT, UNKNOWN_TOKEN, Charge, address_of
from zorbit.services import users
from zorbit.visibility import NOBODY, Viewer

PATH = "/graphql"
BEARER = b"Bearer "
"""As nearly all clients write it; others' tokens are verified anew at each request."""
STATUS: dict[Code | UserErrorCode, tuple[int, dict[str, str]]] = {
    Code.BAD_USER_INPUT: (400, {}),
    Code.UNAUTHENTICATED: (401, {"WWW-Authenticate": "Bearer"}),
    Code.FORBIDDEN: (403, {}),
    Code.UNAVAILABLE: (503, {"Retry-After": "5"}),
}

logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class GraphQL:
    """Operations by POST, queries by GET too.

    It stands before the routes, without whose help a request costs 50 microseconds less.
    """

    app: RequestLog
    """What answers everything else."""
    settings: Settings
    database: Database
    verifier: Verifier
    operations: Operations
    persisted: PersistedQueries
    buckets: Buckets | None
    load: Load
    watch: Watch
    seen: Seen = field(default_factory=Seen)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http" or scope["path"] != PATH:
            await self.app(scope, receive, send)
        elif self.load.is_full:  # before anything else that a request costs, the log too
            await http.refusal(self.load.turn_away())(scope, receive, send)
        elif scope["method"] != "POST" and self._is_for_people(scope):
            await self.app(scope, receive, send)
        else:
            await self._respond(scope, receive, send)

    def _is_for_people(self, scope: Scope) -> bool:
        """Whether a request is for the page, or about what may be asked."""
        if scope["method"] == "OPTIONS":
            return True
        accept: bytes = dict(scope["headers"]).get(b"accept", b"")
        return self.settings.shows_graphiql and scope["method"] in {"GET", "HEAD"} and b"text/html" in accept

    async def _respond(self, scope: Scope, receive: Receive, send: Send) -> None:
        last = dict(scope["headers"])
        request_id, status = self.app.begin(scope, last.get(HEADER)), 0
        journal = self.watch.begin(scope, last)
        try:
            try:
                answer = await self._answer(scope, http.headers(scope["headers"], last), receive, journal)
            except Exception as error:  # noqa: BLE001 - what it is goes to the log
                answer = instead_of(error, request_id)
            status = answer.status
            self.watch.end(journal, status, scope)
            answer.headers += ((HEADER, request_id.encode()),)
            await answer(scope, receive, send)
        finally:
            self.app.tell(scope, status, journal.began)

    async def _answer(self, scope: Scope, headers: Headers, receive: Receive, journal: Journal) -> Answer:
        method = scope["method"]
        claims = self._recalled(headers) or await self._claims(headers, scope)
        journal.has_caller = claims is not None
        caller = address_of(scope) if claims is None else claims.caller
        charge = Charge(self.buckets, caller)
        try:
            media_type = _accepted(headers)
            asked = await http.read(scope, headers, receive, charge.read)
            ready = self.operations.known(asked.query) if asked.document_id is None else None
            if ready is None:
                asked, ready = await self.persisted.resolve(asked, charge)
            self.load.enter(caller)
            try:
                execution = self.operations.execution(asked, ready)
                result = await self._result(execution, method, claims, charge, journal)
            finally:
                self.load.leave(caller)
        except NotRun as reason:
            charge.take(REQUEST)
            result = {"errors": [reason.error]}
        finally:
            charge.end()
        if asked.document_id is not None and claims is not None and (seen := self.seen.get(claims)):
            await self.persisted.keep(asked, seen[0])
        if journal.made:
            charge.owed += STATEMENT * max(0, journal.made - (0 if journal.knew_text else INCLUDED))
        return http.answer(media_type, result, charge.settle)

    async def _result(
        self,
        execution: Execution,
        method: str,
        claims: Claims | None,
        charge: Charge,
        journal: Journal,
    ) -> dict[str, Any]:
        began = perf_counter()
        if (operation := execution.operation) is not None:
            journal.kind, journal.name, journal.cost = operation.kind, operation.name, execution.cost
        charge.take(REQUEST + execution.cost, REQUEST + execution.work)
        if method != "POST" and operation is not None and operation.kind == "mutation":
            raise HTTPRefused(405, "send a mutation by POST", Code.BAD_USER_INPUT, {"Allow": "POST"})
        result = None if claims is None else await self._read(execution, claims)
        compiled = result is not None
        if result is None:
            # Before the caller is looked up, for 2 milliseconds: they may be bent on such questions.
            result = self.operations.at_hand(execution)
        if result is None:
            run = self._run(execution, claims, journal.request_id)
            left = self.settings.request_timeout - (perf_counter() - began)
            result = await within(left, run)
        if execution.request.tells_compiled:
            result["extensions"] = {"compiled": compiled}
        if execution.request.tells_cost and operation is not None:
            cost = {"requested": execution.requested, "limit": self.settings.limit_cost}
            result.setdefault("extensions", {})["cost"] = cost
        return result

    def _recalled(self, headers: Headers) -> Claims | None:
        credentials = headers.get(b"authorization", b"")
        return self.verifier.recall(credentials[len(BEARER) :]) if credentials.startswith(BEARER) else None

    async def _claims(self, headers: Headers, scope: Scope) -> Claims | None:
        credentials = headers.get(b"authorization")
        if credentials is None:
            return None
        token = bearer(credentials.decode("latin-1"))
        stranger = Charge(self.buckets, None)

        def check() -> None:
            stranger.caller = address_of(scope)
            stranger.take(UNKNOWN_TOKEN, 0)

        claims = await self.verifier.verify(token, check)
        stranger.settle(0)
        return claims

    async def _read(self, execution: Execution, claims: Claims) -> dict[str, Any] | None:
        """The answer of a compiled plan, for the viewer that the claims meant when they were last seen."""
        if self.operations.compiled is None:
            return None
        for _ in range(2):
            viewer, caller = self.seen.get(claims) or await self._look_up(claims)
            try:
                return await self.operations.read(execution, caller, partial(self._at, viewer))
            except Gone:
                self.seen.forget(claims)
        return None

    async def _run(self, execution: Execution, claims: Claims | None, request_id: str) -> dict[str, Any]:
        context = Context(NOBODY, None, self.database, self.settings, self.operations)
        if claims is not None:
            viewer, now = await self._find(claims)
            self.seen.remember(claims, viewer)
            context = Context(viewer, now, self.database, self.settings, self.operations)
        return await self.operations.run(execution, context, request_id)

    def _at(self, viewer: Viewer, now: str) -> Context:
        return Context(viewer, datetime.fromisoformat(now), self.database, self.settings, self.operations)

    async def _look_up(self, claims: Claims) -> tuple[Viewer, Principal]:
        viewer, _ = await within(self.settings.request_timeout, self._find(claims))
        return self.seen.remember(claims, viewer)

    async def _find(self, claims: Claims) -> tuple[Viewer, datetime]:
        """The claims' viewer, and the database's time; raises Unauthenticated where there is none."""
        async with self.database.read() as session:
            found = await viewers.find(session, claims, self.settings.identity)
        if found is None and self.settings.identity is Identity.PROVISION:
            await self._provision(claims)
            async with self.database.read() as session:
                found = await viewers.find(session, claims, self.settings.identity)
        if found is None:
            raise Unauthenticated("the token's user does not exist, or not any more")
        return found

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


def _accepted(headers: Headers) -> bytes:
    found = preferred(headers.get(b"accept"))
    if found is None:
        message = f"answers are {JSON.decode()} or {GRAPHQL.decode()}"
        raise HTTPRefused(406, message, Code.BAD_USER_INPUT)
    return found


def instead_of(error: Exception, request_id: str) -> Answer:
    """The answer where something went wrong, in JSON; what is not for the client goes to the log alone."""
    match error:
        case HTTPRefused():
            return http.refusal(error)
        case Refused():
            return _refusal(error)
        case Disconnected():
            return Answer(b"", 400)
    told = unavailable(error)
    if told is not None:
        logger.warning("database unavailable", error=type(error).__name__)
        return _refusal(told)
    logger.error("fault", exc_info=error)
    note_codes("INTERNAL_SERVER_ERROR")
    extensions = {"code": "INTERNAL_SERVER_ERROR", "requestId": request_id}
    errors = [{"message": "internal server error", "extensions": extensions}]
    return Answer(http.encode({"errors": errors}), 500)


def _refusal(refused: Refused) -> Answer:
    status, headers = STATUS[refused.code]
    return http.refusal(HTTPRefused(status, str(refused), refused.code, headers))
