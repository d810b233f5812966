"""`zorbit serve` as a real process, and what is found in its data directory."""

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx

from tests import rows
from tests.auth import AUDIENCE, ED25519, ISSUER, public_pem
from zorbit import embedded

PATIENCE = 30.0
NESTED = """{ viewer { email threads(first: 1) { nodes { title messages(first: 1) { nodes { content
    ideas(first: 1) { nodes { title } } } } } } } }"""


@contextmanager
def data_directory() -> Iterator[Path]:
    """A data directory; the path is short and open to pass, as PostgreSQL's own account needs it."""
    with tempfile.TemporaryDirectory(prefix="zorbit-cli-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)
        if (Path(folder) / "postgres/data/postmaster.pid").exists():
            with embedded.running(Path(folder)):
                pass  # stops a server that a test left behind, killed or failed


def own_database(url: str, folder: Path) -> dict[str, str]:
    """Variables for a server over a database of one's own, which takes the tokens of `tests.auth`."""
    key = folder / "key.pem"
    key.write_bytes(public_pem(ED25519))
    return {
        "DATABASE_URL": url,
        "JWT_KEY_FILE": str(key),
        "JWT_ISSUER": ISSUER,
        "JWT_AUDIENCE": AUDIENCE,
    }


@contextmanager
def data_directory_in_use() -> Iterator[Path]:
    """A data directory whose PostgreSQL runs anyway, so that no server has to start and stop it."""
    with data_directory() as folder, embedded.running(folder, fsync=False):
        yield folder


def environment(**variables: str | Path) -> dict[str, str]:
    plain = {name: value for name, value in os.environ.items() if not name.startswith("ZORBIT_")}
    return plain | {"ZORBIT_RATE": "0"} | {f"ZORBIT_{name}": str(value) for name, value in variables.items()}


def zorbit(*arguments: str, **variables: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "zorbit", *arguments]
    return subprocess.run(
        command, env=environment(**variables), capture_output=True, text=True, timeout=PATIENCE, check=False
    )


class Server(subprocess.Popen[bytes]):
    """`zorbit serve` on a port of its own, with its processes in a group as a terminal puts them."""

    def __init__(self, data_dir: Path, *, program: str = "zorbit", **variables: str) -> None:
        self.port = free_port()
        self.log = data_dir / f"{self.port}.log"
        with self.log.open("wb") as log:
            super().__init__(
                [sys.executable, "-m", program, "serve"],
                env=environment(DATA_DIR=data_dir, PORT=str(self.port), **variables),
                stderr=log,
                start_new_session=True,
            )

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def get(self, path: str) -> httpx.Response:
        # To load the certificates, which nothing needs here, takes 20 ms each time.
        return httpx.get(f"{self.address}{path}", verify=False)

    def ask(self, token: str) -> Any:
        headers = {"authorization": f"Bearer {token}"}
        url = f"{self.address}/graphql"
        return httpx.post(url, json={"query": NESTED}, headers=headers, verify=False).json()

    def workers(self) -> set[int]:
        return {int(pid) for pid in Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()}

    def answering(self, token: str) -> set[int]:
        """The processes that answered queries, when there have been enough for two to have done so."""
        pids: set[int] = set()
        deadline = time.monotonic() + PATIENCE
        while len(pids) < 2:
            assert time.monotonic() < deadline, self.log.read_text()
            assert "errors" not in self.ask(token)
            lines = re.findall(
                r'^zorbit_worker_requests_total\{pid="(\d+)".* (\S+)$',
                self.get("/metrics").text,
                re.MULTILINE,
            )
            pids |= {int(pid) for pid, number in lines if float(number)}
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
