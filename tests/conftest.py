"""A real PostgreSQL, migrated once into a template; every test begins with an empty database."""

import gc
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import psycopg
import pytest
import structlog
from psycopg import sql
from starlette.applications import Starlette

from tests import rows
from tests.proxy import Proxy
from zorbit import app, db, embedded, logs, migrations, models
from zorbit.auth.local import LocalIssuer
from zorbit.config import Settings
from zorbit.db import Database
from zorbit.engine.operations import Operations

# With structlog's own settings, Rich draws the locals of every frame of a fault's traceback: 2 s each time.
structlog.configure(
    processors=[
        logs.with_request,
        structlog.processors.add_log_level,
        structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback),
    ]
)

for _name in [name for name in os.environ if name.startswith("ZORBIT_") and "TEST" not in name]:
    del os.environ[_name]
# Tests ask for more than a caller may; those of the rate limit set their own.
os.environ["ZORBIT_RATE"] = "0"


def pytest_collection_finish() -> None:
    """As in a server the garbage collector looks seldom, and never at what is imported: that stays."""
    gc.freeze()
    gc.set_threshold(50_000)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, None, None]:
    """`untraced` tests run without coverage; pytest-cov's `no_cover` has no effect in a worker of xdist's."""
    tracer = sys.gettrace()
    if item.get_closest_marker("untraced"):
        sys.settrace(None)
    try:
        return (yield)
    finally:
        sys.settrace(tracer)


@pytest.fixture(scope="session")
def data_dir() -> Iterator[Path]:
    """A short path of its own: sockets have short names, and root hands the folder to another account."""
    with tempfile.TemporaryDirectory(prefix="zorbit-tests-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.fixture(scope="session")
def postgres(data_dir: Path) -> Iterator[str]:
    """A server: the embedded one, or that of ZORBIT_TEST_DATABASE_URL, whose user may create databases."""
    if given := os.environ.get("ZORBIT_TEST_DATABASE_URL"):
        yield given
        return
    with embedded.running(data_dir, fsync=False) as url:
        yield url


@pytest.fixture(scope="session")
def worker_database(postgres: str, worker_id: str) -> Iterator[str]:
    """This worker's database, a copy of the migrated template."""
    template, name = f"zorbit_template_{worker_id}", f"zorbit_{worker_id}"
    recreate(postgres, template)
    migrations.migrate(renamed(postgres, template), say=lambda _line: None)
    recreate(postgres, name, template=template)
    with rows.kept(renamed(postgres, name)):
        yield renamed(postgres, name)
    for database in (name, template):
        _drop(postgres, database)


@pytest.fixture(scope="session")
def sweep(worker_database: str) -> Iterator[Callable[[], object]]:
    """Empties this worker's database, on a connection of its own: what SWEEP sets is set for nobody else."""
    with psycopg.connect(worker_database, autocommit=True) as connection:
        yield lambda: connection.execute(SWEEP)


@pytest.fixture
def database_url(worker_database: str, sweep: Callable[[], object]) -> Iterator[str]:
    """An empty, migrated database."""
    yield worker_database
    sweep()


@pytest.fixture
async def database(database_url: str, settings: Settings) -> AsyncIterator[Database]:
    """A pool of its own on the empty database, for what is called without the server."""
    connected = db.connect(database_url, settings)
    yield connected
    await connected.close()


@pytest.fixture
async def proxy(database_url: str) -> AsyncIterator[Proxy]:
    """A port in front of the database."""
    proxy = Proxy(database_url)
    await proxy.open()
    yield proxy
    await proxy.close()


# One statement string, so one round trip; children first.
SWEEP = (
    b"SET zorbit.erase = 'on';"
    + ";".join(
        f'DELETE FROM "{table.__name__}"'
        for table in (
            models.AuditEntry,
            models.IdempotencyKey,
            models.PersistedQuery,
            models.UsageLog,
            models.UsageQuota,
            models.InvoiceItem,
            models.Invoice,
            models.PaymentMethod,
            models.Subscription,
            models.Plan,
            models.Comment,
            models.Post,
            models.Persona,
            models.Template,
            models.User,
        )
    ).encode()
)


@pytest.fixture(scope="session")
def settings(data_dir: Path) -> Settings:
    """The settings of the server under test; what time brings about is brought about by tests."""
    # A user's rivals are to meet in the database, and what is compared with a model is read whole.
    return Settings(
        data_dir=data_dir, periodic_seconds=0, writes_at_once=1000, operations=1000, limit_cost=2_000_000
    )


@pytest.fixture(scope="session")
async def served(worker_database: str, settings: Settings) -> AsyncIterator[Starlette]:
    """The application, started."""
    async with started(app.create(settings, worker_database)) as application:
        yield application


@pytest.fixture(scope="session")
async def served_by_resolvers(worker_database: str, settings: Settings) -> AsyncIterator[Starlette]:
    """The application without compiled plans, started."""
    resolving = settings.model_copy(update={"compiled_reads": False})
    async with started(app.create(resolving, worker_database)) as application:
        yield application


@asynccontextmanager
async def started(application: Starlette) -> AsyncIterator[Starlette]:
    """An application while it serves."""
    async with application.router.lifespan_context(application):
        yield application


def operations_of(application: Starlette) -> Operations:
    """What an application answers operations with."""
    made: Operations = application.state.endpoint.operations
    return made


@dataclass(frozen=True)
class Client:
    """A caller of the API."""

    http: httpx.AsyncClient
    issuer: LocalIssuer

    def token(self, user: UUID) -> str:
        """A token for the user."""
        return self.issuer.sign(str(user), timedelta(hours=1))

    async def post(
        self, query: str, variables: dict[str, Any] | None = None, /, **headers: str
    ) -> httpx.Response:
        """The whole response."""
        content = {"query": query, "variables": variables}
        return await self.http.post("/graphql", json=content, headers=headers)

    async def run(
        self, query: str, variables: dict[str, Any] | None = None, *, by: UUID | None = None
    ) -> Any:
        """The answer to an operation that user `by` sends, whatever it is."""
        headers = {} if by is None else {"authorization": f"Bearer {self.token(by)}"}
        response = await self.post(query, variables, **headers)
        assert response.status_code == 200, response.text
        return response.json()

    async def data(
        self, query: str, variables: dict[str, Any] | None = None, *, by: UUID | None = None
    ) -> Any:
        """The data of an operation that goes well."""
        answer = await self.run(query, variables, by=by)
        assert "errors" not in answer, answer
        return answer["data"]


@pytest.fixture
async def client(served: Starlette, database_url: str, data_dir: Path) -> AsyncIterator[Client]:
    """A caller of the server, over an empty database."""
    async with calling(served, data_dir) as caller:
        yield caller


@pytest.fixture
async def by_resolvers(
    served_by_resolvers: Starlette, database_url: str, data_dir: Path
) -> AsyncIterator[Client]:
    """A caller whose queries the resolvers answer, over an empty database."""
    async with calling(served_by_resolvers, data_dir) as caller:
        yield caller


@asynccontextmanager
async def calling(application: Starlette, data_dir: Path) -> AsyncIterator[Client]:
    """A caller of an application that was started."""
    transport = httpx.ASGITransport(app=application)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as caller:
        yield Client(caller, LocalIssuer.open(data_dir))


def renamed(url: str, database: str) -> str:
    """`url` with another database."""
    return (
        psycopg.conninfo.make_conninfo(url, dbname=database)
        if "://" not in url
        else _with_path(url, database)
    )


def _with_path(url: str, database: str) -> str:
    before, _, query = url.partition("?")
    return before.rsplit("/", 1)[0] + f"/{database}" + (f"?{query}" if query else "")


def recreate(url: str, name: str, *, template: str = "template0") -> None:
    """An empty database `name`, or a copy of `template`."""
    _drop(url, name)
    with psycopg.connect(url, autocommit=True) as connection:
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy")
        connection.execute(statement.format(sql.Identifier(name), sql.Identifier(template)))


def _drop(url: str, name: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
