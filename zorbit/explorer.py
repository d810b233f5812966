"""What `/graphql` is for people: GraphiQL's page, with the demo user's token for whoever may have it."""

import re
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import ip_address

from starlette.requests import Request
from starlette.responses import Response

from zorbit import graphiql
from zorbit.auth.local import LocalIssuer
from zorbit.config import Settings
from zorbit.db import Database
from zorbit.demo import DEMO_EMAIL
from zorbit.engine import http
from zorbit.models import Role
from zorbit.services import users
from zorbit.visibility import OPERATOR

HOST = re.compile(r"(?:\[([0-9a-f:]+)\]|([^\[\]:]+))(?::[0-9]+)?", re.IGNORECASE)
TOKEN_LIFETIME = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Explorer:
    """The page of one server."""

    settings: Settings
    database: Database

    async def page(self, request: Request) -> Response:
        """GraphiQL, with the demo user's token for whoever may have it."""
        sent: list[tuple[bytes, bytes]] = request.scope["headers"]
        host = http.headers(sent, dict(sent)).get(b"host", b"")
        token = await self._token(host.decode("latin-1"))
        return graphiql.page(endpoint=request.scope["path"], token=token)

    async def _token(self, host: str) -> str | None:
        """The demo user's, for a browser on this machine that talks to a server on this machine."""
        local = self.settings.embedded and not self.settings.has_key_source
        if not (local and _is_loopback(self.settings.host) and _is_loopback(_named(host))):
            return None
        async with self.database.read() as session:
            user = await users.by_email(session, OPERATOR, DEMO_EMAIL)
        if user is None or user.role is not Role.USER:
            return None
        return LocalIssuer.open(self.settings.data_dir).sign(str(user.id), TOKEN_LIFETIME)


async def options(_request: Request) -> Response:
    """What may be asked of `/graphql`."""
    return Response(status_code=204, headers={"Allow": http.METHODS})


def _named(host: str) -> str:
    """Whom a Host header names; nobody where it makes no sense: Starlette takes it for the server itself."""
    found = HOST.fullmatch(host)
    return "" if found is None else found[1] or found[2]


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
