"""Databases to measure on: migrated by `zorbit migrate`, filled by `data.sql`, looked at by `zorbit doctor`."""

import hashlib
import os
import subprocess
import sys
import time
from datetime import UTC, datetime

from psycopg import sql

from bench.places import HERE, ROOT
from bench.postgres import Server
from bench.workload import USERS
from zorbit import migrations

NAME = "zorbit"


def prepared(server: Server, name: str = NAME, users: int = USERS, whole: int | None = None) -> str:
    """A database of `users` users, made anew where what it is made of has changed: its URL."""
    mark = f"{_mark()} {users} {whole or users}"
    if _mark_of(server, name) != mark:
        build(server, name, users, whole)
        with server.connect(name) as connection:
            comment = sql.SQL("COMMENT ON DATABASE {} IS {}")
            connection.execute(comment.format(sql.Identifier(name), sql.Literal(mark)))
    return server.url(name)


def build(server: Server, name: str, users: int, whole: int | None) -> None:
    """A new database with `users` users, of whom `whole` have all their rows (see `data.sql`)."""
    began = time.monotonic()
    drop(server, name)
    with server.connect("postgres") as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    _zorbit(server.url(name), "migrate")
    server.psql(name, HERE / "data.sql", users=users, whole=whole or users)
    server.psql(name, HERE / "writes.sql")
    _zorbit(server.url(name), "doctor")
    with server.connect(name) as connection:
        connection.execute("CHECKPOINT")
    print(f"database {name}: {users} users, {time.monotonic() - began:.0f} s", flush=True)


def drop(server: Server, name: str) -> None:
    """Forget a database."""
    with server.connect("postgres") as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def size_mb(server: Server, name: str) -> float:
    """What a database takes on disk."""
    with server.connect(name) as connection:
        found = connection.execute("SELECT pg_database_size(current_database())").fetchone()
    return float(found[0]) / 2**20 if found else 0.0


def _zorbit(url: str, command: str) -> None:
    environment = os.environ | {"ZORBIT_DATABASE_URL": url}
    done = subprocess.run(
        [sys.executable, "-m", "zorbit", command], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    if done.returncode:
        raise SystemExit(f"zorbit {command} failed:\n{done.stdout}{done.stderr}")


def _mark() -> str:
    """What the database is made of: rows, schema, and the month, which billing cycles belong to."""
    scripts = b"".join((HERE / name).read_bytes() for name in ("data.sql", "writes.sql"))
    rows = hashlib.sha256(scripts).hexdigest()[:16]
    return f"{rows} {migrations.head()} {datetime.now(UTC):%Y-%m}"


def _mark_of(server: Server, name: str) -> str | None:
    with server.connect("postgres") as connection:
        found = connection.execute(
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s", [name]
        ).fetchone()
    return None if found is None else found[0]
