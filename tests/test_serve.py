"""`zorbit serve` as real processes: killed and started again, sharing a folder, told to stop, refused."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import psycopg
import pytest

from tests import rows
from zorbit import embedded, migrations
from zorbit.auth.local import LocalIssuer

HEAD = migrations.head()
PATIENCE = 30.0
NESTED = """{ viewer { email threads(first: 1) { nodes { title messages(first: 1) { nodes { content
    ideas(first: 1) { nodes { title } } } } } } } }"""


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """A data directory; the path is short and open to pass, as PostgreSQL's own account needs it."""
    with tempfile.TemporaryDirectory(prefix="zorbit-cli-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)
        with embedded.running(Path(folder)):
            pass  # stops a server that a failed test left behind


def environment(**variables: str | Path) -> dict[str, str]:
    plain = {name: value for name, value in os.environ.items() if not name.startswith("ZORBIT_")}
    return plain | {f"ZORBIT_{name}": str(value) for name, value in variables.items()}


def zorbit(*arguments: str, **variables: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "zorbit", *arguments]
    return subprocess.run(
        command, env=environment(**variables), capture_output=True, text=True, timeout=PATIENCE, check=False
    )


class Server(subprocess.Popen[bytes]):
    """`zorbit serve` on a port of its own, with its processes in a group as a terminal puts them."""

    def __init__(self, data_dir: Path, **variables: str) -> None:
        self.port = free_port()
        self.log = data_dir / f"{self.port}.log"
        with self.log.open("wb") as log:
            super().__init__(
                [sys.executable, "-m", "zorbit", "serve"],
                env=environment(DATA_DIR=data_dir, PORT=str(self.port), **variables),
                stderr=log,
                start_new_session=True,
            )

    def get(self, path: str) -> httpx.Response:
        return httpx.get(f"http://127.0.0.1:{self.port}{path}")

    def ask(self, token: str) -> Any:
        headers = {"authorization": f"Bearer {token}"}
        url = f"http://127.0.0.1:{self.port}/graphql"
        return httpx.post(url, json={"query": NESTED}, headers=headers).json()

    def workers(self) -> set[int]:
        return {int(pid) for pid in Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()}

    def answering(self, token: str) -> set[int]:
        """The processes that answered queries, when there have been enough for two to have done so."""
        pids: set[int] = set()
        deadline = time.monotonic() + PATIENCE
        while len(pids) < 2:
            assert time.monotonic() < deadline, self.log.read_text()
            assert "errors" not in self.ask(token)
            pids |= {int(pid) for pid in re.findall(r'pid="(\d+)"', self.get("/metrics").text)}
        return pids

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                assert self.get("/readyz").json() == {"status": "ready"}
            except httpx.TransportError:
                assert self.poll() is None, self.log.read_text()
                assert time.monotonic() < deadline, self.log.read_text()
                time.sleep(0.05)
            else:
                return

    def end(self, number: signal.Signals) -> int:
        self.send_signal(number)
        return self.wait(PATIENCE)

    def __exit__(self, *_: object) -> None:
        self.kill()
        super().__exit__(None, None, None)


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def postmaster(data_dir: Path) -> int:
    return int((data_dir / "postgres/data/postmaster.pid").read_text().split()[0])


def is_alive(pid: int) -> bool:
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def fill(data_dir: Path, email: str, user: UUID | None = None) -> UUID:
    """A thread with a message with an idea, of a user who is made where none is given."""
    with embedded.running(data_dir) as url:
        user = user or rows.insert(url, "User", email=email)
        thread = rows.insert(url, "Thread", userId=user, title="A thread")
        message = rows.insert(url, "ChatMessage", userId=user, threadId=thread, content="A message")
        rows.insert(url, "ContentIdea", chatMessageId=message, title="An idea")
    return user


def workspace_of(email: str) -> dict[str, Any]:
    ideas = {"nodes": [{"title": "An idea"}]}
    messages = {"nodes": [{"content": "A message", "ideas": ideas}]}
    threads = {"nodes": [{"title": "A thread", "messages": messages}]}
    return {"data": {"viewer": {"email": email, "threads": threads}}}


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


def test_workers_share_the_work_and_a_killed_one_is_replaced(home: Path) -> None:
    token = LocalIssuer.open(home).sign(str(fill(home, "cleo@example.com")), timedelta(hours=1))
    with Server(home, WORKERS="2") as server:
        server.wait_until_ready()
        before = server.workers()
        assert server.answering(token) == before

        killed = min(before)
        os.kill(killed, signal.SIGKILL)
        wait_until(lambda: len(server.workers() - {killed}) == 2)
        after = server.workers()
        assert server.answering(token) == after
        assert len(after - before) == 1

        pid = postmaster(home)
        assert server.end(signal.SIGTERM) == 0
    assert not any(map(is_alive, (*before, *after, pid)))
    told, *lines = server.log.read_text().splitlines()
    assert told == f"Zorbit serves http://127.0.0.1:{server.port}/graphql (stop with Ctrl-C)"
    events = [json.loads(line) for line in lines]
    assert [(event["pid"], event["exit_code"]) for event in events if event["event"] == "worker died"] == [
        (killed, -signal.SIGKILL)
    ]


def test_workers_finish_what_runs_when_a_terminal_stops_them_all(home: Path) -> None:
    token = LocalIssuer.open(home).sign(str(fill(home, "dora@example.com")), timedelta(hours=1))
    with Server(home, WORKERS="2") as server, embedded.running(home) as url, ThreadPoolExecutor() as pool:
        server.wait_until_ready()
        with psycopg.connect(url) as holder:
            holder.execute('LOCK TABLE "Thread"')
            running = pool.submit(server.ask, token)
            wait_until(lambda: holder.execute("SELECT FROM pg_locks WHERE NOT granted").rowcount == 1)

            os.killpg(server.pid, signal.SIGINT)

        assert running.result() == workspace_of("dora@example.com")
        assert server.wait(PATIENCE) == 0
    assert "Traceback" not in server.log.read_text()


def test_workers_that_die_again_and_again_end_the_command(home: Path) -> None:
    with Server(home, WORKERS="2") as server:
        server.wait_until_ready()
        pid = postmaster(home)
        while server.poll() is None:
            for worker in server.workers():
                with suppress(ProcessLookupError):
                    os.kill(worker, signal.SIGKILL)

    assert server.returncode == 1
    assert server.log.read_text().splitlines()[-1] == (
        "zorbit: workers have died 11 times within 60 s: the log tells how they ended"
    )
    assert not is_alive(pid)


def test_workers_do_not_outlive_a_killed_command(home: Path) -> None:
    with Server(home, WORKERS="2") as server:
        server.wait_until_ready()
        workers = server.workers()

        server.end(signal.SIGKILL)

        wait_until(lambda: not any(map(is_alive, workers)))


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_port_in_use_is_told(home: Path, workers: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])

        ended = zorbit("serve", DATA_DIR=home, PORT=port, WORKERS=workers)

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
