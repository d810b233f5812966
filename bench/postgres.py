"""The benchmark's own PostgreSQL: the programs that Zorbit embeds, listening on the loopback, under `.bench/`."""

import os
import secrets
import shlex
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from bench.places import HOME, private
from zorbit.embedded import binaries, traces
from zorbit.embedded.accounts import account_of, let_through

_PATIENCE = 300  # seconds, for a recovery after a kill too
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "300",  # every peer stays up for a whole run, with 10 each
    "shared_buffers": "1GB",
    "maintenance_work_mem": "512MB",
    "max_wal_size": "8GB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "checkpoint_timeout": "1h",
    # What it does at times of its own would be counted as somebody else's work; tables are vacuumed by hand.
    "autovacuum": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
}


@dataclass(frozen=True, slots=True)
class Server:
    """A PostgreSQL that runs."""

    port: int
    password: str
    pid: int

    def url(self, database: str) -> str:
        """The address of one of its databases."""
        return f"postgresql://zorbit:{self.password}@127.0.0.1:{self.port}/{database}"

    def connect(self, database: str) -> psycopg.Connection:
        """A connection that commits each statement."""
        return psycopg.connect(self.url(database), autocommit=True)

    def psql(self, database: str, script: Path, **variables: int) -> None:
        """Run a file of SQL, with values for its `:variables`."""
        given = [f"--set={name}={value}" for name, value in variables.items()]
        program = str(binaries() / "psql")
        options = ["-Xq", "--set=ON_ERROR_STOP=1", *given, f"--file={script}"]
        subprocess.run([program, *options, self.url(database)], check=True, stdout=subprocess.DEVNULL)


@contextmanager
def running() -> Iterator[Server]:
    """The server, as long as the block; its data stays."""
    home = HOME / "postgres"
    home.mkdir(parents=True, exist_ok=True)
    home.chmod(0o700)
    password = _password(home)  # before the home is handed over, with what is in it
    if account := account_of(home):
        let_through(account, home)
        let_through(account, binaries() / "postgres")
    if not (home / "data").exists():
        _make_cluster(home)
    port = free_port()
    _start(home, port)
    try:
        yield Server(port, password, traces.postmaster(home) or 0)
    finally:
        _run(home, "pg_ctl", "stop", "--silent", "--mode=fast", f"--timeout={_PATIENCE}")


@contextmanager
def away(server: Server) -> Iterator[None]:
    """Killed as by a power cut, and started again after the block."""
    home = HOME / "postgres"
    _run(home, "pg_ctl", "stop", "--silent", "--mode=immediate", f"--timeout={_PATIENCE}")
    yield
    _start(home, server.port)


def _start(home: Path, port: int) -> None:
    options = shlex.join(f"--{name}={value}" for name, value in (_SETTINGS | {"port": str(port)}).items())
    _run(home, "pg_ctl", "start", "--silent", "--wait", f"--timeout={_PATIENCE}", f"--options={options}")


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def _password(home: Path) -> str:
    """Made once: others on this machine reach the port too."""
    path = home / "password"
    if not path.exists():
        with open(path, "x", opener=private) as file:
            file.write(secrets.token_hex(16))
    return path.read_text()


def _make_cluster(home: Path) -> None:
    """Under another name first: what a killed initdb leaves looks whole and is not."""
    unfinished = home / "data.new"
    access = ["--username=zorbit", "--auth=scram-sha-256", f"--pwfile={home / 'password'}"]
    text = ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    _run(home, "initdb", f"--pgdata={unfinished}", "--no-instructions", *access, *text)
    unfinished.rename(home / "data")


def _run(home: Path, program: str, *arguments: str) -> None:
    account = account_of(home)
    with open(home / "log", "ab", opener=private) as log:
        if account:
            os.chown(home / "log", account.pw_uid, account.pw_gid)
        subprocess.run(
            [binaries() / program, *arguments],
            check=True,
            cwd=home,
            env={"PATH": os.defpath, "LC_ALL": "C", "PGDATA": str(home / "data")},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,  # Ctrl-C is not for PostgreSQL
            umask=0o077,
            user=account and account.pw_uid,
            group=account and account.pw_gid,
            extra_groups=account and [],
        )
