"""The `zorbit` command: how an operator runs the server."""

import gc
import os
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Annotated

import structlog
import typer
from sqlalchemy.ext.asyncio import AsyncSession

from zorbit import config, embedded, logs, migrations, upkeep, workers
from zorbit.auth.local import LocalIssuer
from zorbit.config import Settings
from zorbit.console import any_database, prepared_database, within
from zorbit.errors import OperatorError, Refused
from zorbit.models import Role
from zorbit.services import audit, users
from zorbit.tracebacks import traceback_of
from zorbit.visibility import OPERATOR

app = typer.Typer(
    name="zorbit",
    help="A GraphQL API server over PostgreSQL. Settings are ZORBIT_* environment variables.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
user_app = typer.Typer(help="Users.", no_args_is_help=True)
app.add_typer(user_app, name="user")
app.add_typer(upkeep.app)

logger = structlog.get_logger(__name__)
FINISH_SECONDS = 30.0
"""What a server limits itself to less than, from when it listens no more; then it is killed."""


class Stopped(SystemExit):
    """The command was told to stop, by SIGTERM."""


def main() -> None:
    """Run the command; what an operator has to put right is said in a line, without a traceback."""
    # By default SIGTERM ends a process at once, and an embedded PostgreSQL would be left running.
    signal.signal(signal.SIGTERM, _stop)
    try:
        app()
    except (OperatorError, Refused) as error:
        sys.exit(f"zorbit: {error}")
    except Exception as error:  # noqa: BLE001 - its own text may hold what users wrote
        sys.exit(traceback_of(error))


def _stop(number: int, _frame: object) -> None:
    raise Stopped(128 + number)


@app.command()
def serve(
    demo: Annotated[bool, typer.Option(help="Fill an empty embedded database with demo data.")] = False,
) -> None:
    """Serve the API until told to stop."""
    settings = config.load()
    with prepared_database(settings) as url:
        if demo and settings.embedded and not within(url, settings, users.any_exists):
            _fill(url, 5)
        _serve(settings, url)


def _serve(settings: Settings, url: str) -> None:
    # What is made before serving lives as long as the process. A collector that never looks at it saves
    # 0.15 s here and 20 to 30 % on large answers, and lets workers share it. A new text leaves some 2,000
    # objects in circles: a pass over 5,000 takes 3 ms, over 20,000 it took 15, and a large answer takes no
    # longer. Whatever caches let go of is gone at once, so passes over all that they hold, which take 50 ms
    # and more, can be as rare as they are by default.
    gc.disable()
    # Imported here: the other commands need neither the schema nor a web server.
    import uvicorn  # noqa: PLC0415

    from zorbit.app import create  # noqa: PLC0415
    from zorbit.draining import Draining  # noqa: PLC0415
    from zorbit.protocol import protocol  # noqa: PLC0415

    logs.configure(settings)
    if unknown := config.unknown():
        logger.warning("settings that are not known", names=unknown)
    application = create(settings, url)
    gc.freeze()
    gc.set_threshold(5_000, 10, 100)
    gc.enable()
    server = uvicorn.Config(
        application,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=list(settings.trusted_proxies),
        http=protocol(settings.request_timeout, settings.connections, application.state.metrics.shed),
        ws="none",
        timeout_graceful_shutdown=10,
    )

    listeners = _listeners(settings)

    def answer(listener: socket.socket) -> None:
        application.state.metrics.be(listeners.index(listener))
        # uvicorn finishes what runs, then hands the signal on: that is how a server is meant to end.
        with suppress(KeyboardInterrupt, Stopped):
            Draining(server, application.state, settings.drain_seconds).run(sockets=[listener])

    host, port = listeners[0].getsockname()[:2]
    typer.echo(f"Zorbit serves http://{_address(host, port)}/graphql (stop with Ctrl-C)", err=True)
    if len(listeners) == 1:
        answer(listeners[0])
    else:
        workers.supervise(listeners, answer, FINISH_SECONDS + settings.drain_seconds)


def _listeners(settings: Settings) -> list[socket.socket]:
    """One for each worker: from one in common a single worker takes all connections that come at once."""
    listen = partial(socket.create_server, family=_family(settings.host), backlog=2048)
    try:
        # Shared with nobody, it fails where another server has the port.
        alone = listen((settings.host, settings.port))
        if settings.workers == 1:
            return [alone]
        address = alone.getsockname()[:2]
        alone.close()
        return [listen(address, reuse_port=True) for _ in range(settings.workers)]
    except OSError as error:
        where, reason = _address(settings.host, settings.port), str(error.strerror).partition(" (")[0]
        raise OperatorError(
            f"cannot listen on {where}: {reason}; set ZORBIT_HOST or ZORBIT_PORT to another"
        ) from None


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def _address(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


@app.command()
def migrate() -> None:
    """Bring the database up to this release's schema. Make a backup first."""
    settings = config.load()
    with any_database(settings) as url:
        with migrations.plain_connection(url, settings.connect_timeout) as connection:
            migrations.demand_version(connection)
        migrations.migrate(url, say=typer.echo)


@app.command()
def demo(
    number: Annotated[int, typer.Option("--users", min=1, max=100_000, help="How many users to make.")] = 5,
) -> None:
    """Fill an empty database with a believable workspace."""
    settings = config.load()
    with prepared_database(settings) as url:
        _fill(url, number)


def _fill(url: str, number: int) -> None:
    from rich.progress import Progress  # noqa: PLC0415

    from zorbit import demo as data  # noqa: PLC0415

    with Progress(transient=True) as progress:
        task = progress.add_task("demo data", total=data.total(number))
        counts = data.fill(url, users=number, advance=lambda rows: progress.advance(task, rows))
    typer.echo("demo data: " + ", ".join(f"{rows} {table}" for table, rows in counts.items()), err=True)


@app.command()
def token(
    email: Annotated[str, typer.Argument(help="The user's address.")],
    hours: Annotated[float, typer.Option(min=0.01, max=24 * 366, help="How long the token holds.")] = 24,
) -> None:
    """Print a token for a live user of the embedded database; elsewhere tokens come from your issuer."""
    settings = config.load()
    if not settings.embedded or settings.has_key_source:
        raise OperatorError("tokens are signed here only on the embedded database; ask your issuer for one")

    async def find(session: AsyncSession) -> str | None:
        found = await users.by_email(session, OPERATOR, email)
        return None if found is None else str(found.id)

    with prepared_database(settings) as url:
        user_id = within(url, settings, find)
    if user_id is None:
        raise OperatorError(f"there is no live user {email}: make one with `zorbit user create {email}`")
    typer.echo(LocalIssuer.open(settings.data_dir).sign(user_id, timedelta(hours=hours)))


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def run(context: typer.Context) -> None:
    """Run a command with the database's address in DATABASE_URL, and PostgreSQL's programs in PATH.

    For example, a backup: zorbit run sh -c 'pg_dump -Fc -f zorbit.dump "$DATABASE_URL"'
    """
    settings = config.load()
    if not context.args:
        raise OperatorError("name the command to run: zorbit run pg_dump --help")
    with any_database(settings) as url:
        path = os.environ.get("PATH", os.defpath)
        if settings.embedded:
            path = f"{embedded.binaries()}{os.pathsep}{path}"
        environment = os.environ | {"DATABASE_URL": url, "PATH": path}
        try:
            finished = subprocess.run(context.args, env=environment, check=False)  # noqa: S603 - the operator's own
        except OSError as error:
            raise OperatorError(f"cannot run {context.args[0]}: {error.strerror}") from None
    raise typer.Exit(finished.returncode)


@app.command()
def schema() -> None:
    """Print the GraphQL schema."""
    from schema import sdl  # noqa: PLC0415

    typer.echo(sdl(), nl=False)


@user_app.command("create")
def create_user(
    email: Annotated[str, typer.Argument(help="The user's address.")],
    role: Annotated[Role, typer.Option(help="What the account may do.")] = Role.USER,
    name: Annotated[str | None, typer.Option(help="How the user is called.")] = None,
    subject: Annotated[str | None, typer.Option(help="The issuer's own id of the user.")] = None,
) -> None:
    """Make a user and print the id."""
    settings = config.load()
    if subject is not None and settings.jwt_issuer is None:
        raise OperatorError("--subject needs ZORBIT_JWT_ISSUER: a subject is the issuer's")

    async def create(session: AsyncSession) -> str | None:
        issuer = settings.jwt_issuer if subject is not None else None
        made = await users.create(
            session, email, role=role, name=name, auth_issuer=issuer, auth_subject=subject
        )
        if made is None:
            return None
        await audit.record(session, OPERATOR, "createUser", [made], {"role": [None, role.name]})
        return str(made.id)

    with prepared_database(settings) as url:
        user_id = within(url, settings, create)
    if user_id is None:
        raise OperatorError(f"a live user has the address {email}, or some user has the subject, already")
    typer.echo(user_id)
