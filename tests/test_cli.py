"""The `zorbit` command as an operator uses it; what has to be put right is said in a line."""

import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

import psycopg
import pytest

from tests import rows
from tests.conftest import recreate, renamed
from zorbit import cli, embedded, migrations

HEAD = migrations.head()


@pytest.fixture
def embedded_home(data_dir: Path, postgres: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The suite's own data directory, whose PostgreSQL runs already, for commands in this process."""
    assert postgres
    monkeypatch.setenv("ZORBIT_DATA_DIR", str(data_dir))
    return data_dir


@pytest.fixture
def own_database(postgres: str, worker_id: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An empty database, named by ZORBIT_DATABASE_URL, for commands in this process."""
    name = f"zorbit_cli_{worker_id}"
    recreate(postgres, name)
    monkeypatch.setenv("ZORBIT_DATABASE_URL", renamed(postgres, name))
    yield renamed(postgres, name)
    rows.execute(postgres, f"DROP DATABASE {name} WITH (FORCE)")


def ended(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> str | int | None:
    """What the command ends with in this process: an exit code, or the line on which the exit code is 1."""
    monkeypatch.setattr(sys, "argv", ["zorbit", *arguments])
    with pytest.raises(SystemExit) as end:
        cli.main()
    return end.value.code


def test_a_user_is_made_once_and_that_is_on_record(
    embedded_home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ended(monkeypatch, "user", "create", "eve@example.com", "--role", "service", "--name", "Eve") == 0
    user = UUID(capsys.readouterr().out.strip())
    assert user.version == 7

    assert ended(monkeypatch, "user", "create", "EVE@example.com") == (
        "zorbit: a live user has the address EVE@example.com, or some user has the subject, already"
    )
    assert capsys.readouterr().out == ""
    with embedded.running(embedded_home) as url:
        entries = 'SELECT action, "actorId", "subjectId", details FROM "AuditEntry" WHERE "userId" = %s'
        assert rows.fetch(url, entries, user) == [("createUser", None, user, {"role": [None, "SERVICE"]})]


@pytest.mark.usefixtures("embedded_home")
@pytest.mark.parametrize(
    ("email", "name"),
    [("eve", "Eve"), ("eve@", "Eve"), ("\udcff@example.com", "Eve"), ("mia@example.com", "x" * 301)],
)
def test_a_user_that_cannot_be_is_refused_in_a_line(
    monkeypatch: pytest.MonkeyPatch, email: str, name: str
) -> None:
    message = ended(monkeypatch, "user", "create", email, "--name", name)

    assert isinstance(message, str)
    assert message.startswith("zorbit: `name`" if email.startswith("mia") else "zorbit: `email`")


def test_only_live_users_get_a_token(
    embedded_home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ended(monkeypatch, "user", "create", "ann@example.com") == 0
    assert ended(monkeypatch, "token", "ann@example.com", "--hours", "1") == 0
    with embedded.running(embedded_home) as url:
        rows.execute(url, """UPDATE "User" SET "isDeleted" = true WHERE email = 'ann@example.com'""")
    capsys.readouterr()

    for email in ("ann@example.com", "unknown@example.com"):
        assert ended(monkeypatch, "token", email) == (
            f"zorbit: there is no live user {email}: make one with `zorbit user create {email}`"
        )
    assert capsys.readouterr().out == ""


def test_a_database_of_ones_own_is_migrated_by_hand(
    own_database: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    behind = f"the database's schema is behind (%s, this release needs {HEAD})"
    advice = "make a backup, then run `zorbit migrate`"
    assert ended(monkeypatch, "serve") == f"zorbit: {behind % 'empty'}: {advice}"
    migrations.migrate(own_database, "0003", say=lambda _line: None)
    assert ended(monkeypatch, "serve") == f"zorbit: {behind % '0003'}: {advice}"
    assert ended(monkeypatch, "user", "create", "ada@example.com") == f"zorbit: {behind % '0003'}: {advice}"
    capsys.readouterr()

    assert ended(monkeypatch, "migrate") == 0
    assert ended(monkeypatch, "migrate") == 0
    assert ended(monkeypatch, "user", "create", "ada@example.com") == 0

    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == [f"schema 0003 -> {HEAD}", f"schema {HEAD}"]
    assert rows.fetch(own_database, 'SELECT id::text, role FROM "User"') == [(lines[2], "user")]
    assert ended(monkeypatch, "token", "ada@example.com") == (
        "zorbit: tokens are signed here only on the embedded database; ask your issuer for one"
    )


@pytest.mark.usefixtures("own_database")
def test_a_migration_that_meets_a_lock_says_so_in_a_line(
    own_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("migrations.steps.LOCK_TIMEOUT", "100ms")
    migrations.migrate(own_database, "0004", say=lambda _line: None)
    with psycopg.connect(own_database) as long_transaction:
        long_transaction.execute(b'SELECT FROM "Post"')

        message = ended(monkeypatch, "migrate")

    assert isinstance(message, str)
    assert "lock timeout" in message


@contextmanager
def refusing(message: bytes) -> Iterator[int]:
    """A port where a PostgreSQL refuses everybody with `message`."""
    error = b"SFATAL\0C28P01\0M" + message + b"\0\0"
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(10)

        def refuse() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(b"E" + (len(error) + 4).to_bytes(4, "big") + error)

        thread = threading.Thread(target=refuse)
        thread.start()
        yield listener.getsockname()[1]
        thread.join()


def test_a_database_that_cannot_be_reached_is_told_within_seconds(
    monkeypatch: pytest.MonkeyPatch, postgres: str
) -> None:
    began = time.monotonic()
    monkeypatch.setenv("ZORBIT_CONNECT_TIMEOUT", "2")

    def refusal(url: str) -> str:
        monkeypatch.setenv("ZORBIT_DATABASE_URL", url)
        message = ended(monkeypatch, "serve")
        assert isinstance(message, str)
        assert "geheim" not in message
        return message

    def address(port: int) -> str:
        return f"postgresql://zorbit:geheim@127.0.0.1:{port}/zorbit?sslmode=disable&gssencmode=disable"

    with socket.create_server(("127.0.0.1", 0)) as silent:
        message = refusal(address(silent.getsockname()[1]))
    assert message == "zorbit: cannot reach the database: connection timeout expired"
    message = refusal(address(1))
    assert message.startswith("zorbit: cannot reach the database: connection failed")
    assert "Connection refused" in message
    with refusing(b'password authentication failed for user "zorbit"') as port:
        message = refusal(address(port))
    assert message.startswith("zorbit: cannot reach the database: connection failed")
    assert 'password authentication failed for user "zorbit"' in message
    message = refusal(renamed(postgres, "no_such_database"))
    assert 'database "no_such_database" does not exist' in message
    assert time.monotonic() - began < 6
