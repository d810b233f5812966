"""`zorbit serve` as real processes: killed and started again, sharing a folder, told to stop, refused."""

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from tests.embedded.servers import is_alive, postmaster
from tests.serving import Server, data_directory, environment, fill, own_database, workspace_of, zorbit
from zorbit import migrations
from zorbit.auth.local import LocalIssuer

HEAD = migrations.head()


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    with data_directory() as folder:
        yield folder


def test_a_killed_server_starts_again_with_its_data_and_a_told_one_stops_postgresql(home: Path) -> None:
    made = zorbit("user", "create", "ada@example.com", "--role", "admin", DATA_DIR=home)
    assert (made.returncode, made.stderr) == (0, f"schema empty -> {HEAD}\n")
    with Server(home) as killed:
        killed.wait_until_ready()
        fill(home, "ada@example.com", UUID(made.stdout.strip()))
        token = zorbit("token", "ada@example.com", DATA_DIR=home).stdout.strip()
        assert killed.ask(token) == workspace_of("ada@example.com")
        assert killed.get("/healthz").json() == {"status": "ok"}
        assert killed.end(signal.SIGKILL) == -signal.SIGKILL

    with Server(home) as server:
        server.wait_until_ready()
        assert server.ask(token) == workspace_of("ada@example.com")
        pid = postmaster(home)
        assert is_alive(pid)

        assert server.end(signal.SIGTERM) == 0

    assert not is_alive(pid)
    assert "Traceback" not in server.log.read_text()


def test_two_servers_share_a_data_directory_and_the_last_stops_postgresql(home: Path) -> None:
    with Server(home) as first, Server(home) as second:
        for server in (first, second):
            server.wait_until_ready()
        pid = postmaster(home)
        user = fill(home, "bob@example.com")
        token = LocalIssuer.open(home).sign(str(user), timedelta(hours=1))
        assert first.ask(token) == second.ask(token) == workspace_of("bob@example.com")

        assert first.end(signal.SIGTERM) == 0
        assert second.ask(token) == workspace_of("bob@example.com")
        assert is_alive(pid)

        assert second.end(signal.SIGINT) == 0
    assert not is_alive(pid)
    assert "Traceback" not in second.log.read_text()


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_port_in_use_is_told(worker_database: str, tmp_path: Path, workers: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])

        ended = zorbit("serve", PORT=port, WORKERS=workers, **own_database(worker_database, tmp_path))

    assert ended.returncode == 1
    assert ended.stderr.splitlines()[-1] == (
        f"zorbit: cannot listen on 127.0.0.1:{port}: Address already in use; "
        "set ZORBIT_HOST or ZORBIT_PORT to another"
    )


def test_wrong_settings_are_told_in_lines() -> None:
    ended = zorbit("serve", PORT="http", DATABASE_URL="mysql://zorbit:geheim@db/zorbit")

    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == (
        "zorbit: ZORBIT_PORT: Input should be a valid integer, unable to parse string as an integer\n"
        "ZORBIT_DATABASE_URL: must begin with postgresql:// "
        "(for example postgresql://zorbit@db.internal/zorbit)\n"
    )


def test_a_server_with_its_own_database_needs_a_key_source(worker_database: str) -> None:
    ended = zorbit("serve", DATABASE_URL=worker_database)

    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == (
        "zorbit: a server with its own database needs a key source: set ZORBIT_JWKS_URL or "
        "ZORBIT_JWT_KEY_FILE (with ZORBIT_JWT_ISSUER and ZORBIT_JWT_AUDIENCE)\n"
    )


def test_a_server_does_without_what_only_other_commands_need(tmp_path: Path) -> None:
    made = "from zorbit import cli, app, config; app.create(config.load(), 'postgresql://')"
    code = f"{made}; import sys; print(*sys.modules)"

    command = [sys.executable, "-c", code]
    imported = subprocess.check_output(command, env=environment(DATA_DIR=tmp_path), text=True).split()

    # 0.2 s, 25 ms, 3 ms, 0.2 s.
    assert set(imported) & {"alembic", "httpx", "rich.progress", "opentelemetry"} == set()
    assert {"schema", "zorbit.engine.compiled"} <= set(imported)
