"""Embedded servers in tests: other processes that use them, and what can be seen of them from outside."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psycopg

from zorbit.embedded import traces

USER = """
import signal
import sys
from pathlib import Path
from zorbit.embedded import running
from zorbit.errors import OperatorError

signal.signal(signal.SIGINT, signal.default_int_handler)  # what runs in a shell's background ignores it
try:
    with running(Path(sys.argv[1])) as url:
        try:
            print(url, flush=True)
            sys.stdin.readline()
        except KeyboardInterrupt:
            import psycopg
            with psycopg.connect(url) as connection:
                print(connection.execute("SELECT 'still there'").fetchone()[0], flush=True)
except OperatorError as error:
    print("OperatorError", error, flush=True)
"""
BECOME = """
import os, pwd
import zorbit.embedded  # before: the account may not be able to read Python's own folder
account = pwd.getpwnam("%s")
os.setgroups([])
os.setgid(account.pw_gid)
os.setuid(account.pw_uid)
"""
CONNECT = """
import sys
import psycopg
try:
    psycopg.connect(sys.argv[1], connect_timeout=5)
except psycopg.OperationalError as error:
    print(error)
"""


class User(subprocess.Popen[str]):
    """Another process that runs the server until it is told to leave."""

    def __init__(self, argument: Path | str, code: str = USER, account: str | None = None) -> None:
        super().__init__(
            [sys.executable, "-c", (BECOME % account if account else "") + code, str(argument)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
            start_new_session=True,
        )

    def said(self) -> str:
        assert self.stdout is not None
        return self.stdout.readline().strip()

    def leave(self) -> str:
        """What it had still to say."""
        rest, _ = self.communicate("\n", timeout=30)
        assert self.returncode == 0
        return rest.strip()

    def __exit__(self, *_: object) -> None:
        self.kill()
        self.communicate()


def end_server(home: Path) -> None:
    """After a test that failed."""
    if pid := traces.postmaster(home):
        os.kill(pid, signal.SIGQUIT)
        wait_until_dead(pid)


def postmaster(data_dir: Path) -> int:
    return int((data_dir / "postgres/data/postmaster.pid").read_text().split()[0])


def sockets_of(url: str) -> Path:
    return Path(str(psycopg.conninfo.conninfo_to_dict(url)["host"]))


def is_alive(pid: int) -> bool:
    try:
        return re.search(r"\) [^ZX] ", Path(f"/proc/{pid}/stat").read_text()) is not None
    except OSError:
        return False


def wait_until_dead(*pids: int) -> None:
    for pid in pids:
        while is_alive(pid):
            time.sleep(0.01)


def log(data_dir: Path) -> str:
    return (data_dir / "postgres/log").read_text()


def run(url: str, statement: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(url) as connection:
        cursor = connection.execute(statement.encode())
        return cursor.fetchall() if cursor.description else []
