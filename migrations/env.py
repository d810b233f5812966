"""Alembic's environment: `zorbit migrate` hands a connection in, `alembic` takes ZORBIT_DATABASE_URL."""

from typing import Any, Literal

import sqlalchemy as sa
from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlmodel import SQLModel
from sqlmodel.sql.sqltypes import AutoString

import zorbit.models  # noqa: F401 - fills the metadata
from zorbit import config
from zorbit.db import driver_url
from zorbit.errors import OperatorError


def render_item(kind: str, item: Any, _context: AutogenContext) -> str | Literal[False]:
    """Write SQLModel's own string type as the plain one that it is in PostgreSQL."""
    return "sa.String()" if kind == "type" and isinstance(item, AutoString) else False


def run(connection: sa.Connection) -> None:
    """Run the revisions, each in a transaction of its own: indexes are built outside of one."""
    context.configure(
        connection=connection,
        target_metadata=SQLModel.metadata,
        transaction_per_migration=True,
        compare_server_default=True,
        render_item=render_item,
    )
    with context.begin_transaction():
        context.run_migrations()


def own_connection() -> sa.Connection:
    """A connection for the `alembic` command."""
    url = config.load().database_url
    if url is None:
        raise OperatorError("set ZORBIT_DATABASE_URL, or use `zorbit migrate`")
    return sa.create_engine(driver_url(url.get_secret_value()), poolclass=sa.NullPool).connect()


if given := context.config.attributes.get("connection"):
    run(given)
else:
    with own_connection() as connection:
        run(connection)
