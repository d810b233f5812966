"""Workers of one `zorbit serve`: killed and replaced, told to stop, never left behind."""

import json
import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from tests.embedded.servers import is_alive, postmaster
from tests.observing.numbers import Numbers, read
from tests.serving import PATIENCE, Server, data_directory, fill, wait_until, workspace_of
from zorbit import embedded
from zorbit.auth.local import LocalIssuer


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    with data_directory() as folder:
        yield folder


def test_workers_share_the_work_and_what_they_count_and_a_killed_one_is_replaced(home: Path) -> None:
    with Server(home, WORKERS="2") as server:
        server.wait_until_ready()
        token = LocalIssuer.open(home).sign(str(fill(home, "cleo@example.com")), timedelta(hours=1))
        before = server.workers()
        assert server.answering(token) == before
        count = assert_any_tells_of_all(server, token, before)

        killed = min(before)
        os.kill(killed, signal.SIGKILL)
        wait_until(lambda: len(server.workers() - {killed}) == 2)
        after = server.workers()
        # What a dead one has counted is told on, and its process no more.
        wait_until(lambda: str(killed) not in told(server).by("zorbit_worker_requests_total", "pid"))
        assert answers(told(server)) == count
        assert server.answering(token) == after
        assert len(after - before) == 1

        pid = postmaster(home)
        assert server.end(signal.SIGTERM) == 0
    assert not any(map(is_alive, (*before, *after, pid)))
    _, lines = server.log.read_text().split("(stop with Ctrl-C)\n")
    events = [json.loads(line) for line in lines.splitlines()]
    assert [(event["pid"], event["exit_code"]) for event in events if event["event"] == "worker died"] == [
        (killed, -signal.SIGKILL)
    ]


def assert_any_tells_of_all(server: Server, token: str, workers: set[int]) -> float:
    """Any worker tells the numbers of all; how many requests have been answered in the end."""
    before = answers(told(server))
    for _ in range(10):
        server.ask(token)
    seen = [told(server) for _ in range(10)]
    assert {answers(one) for one in seen} == {before + 10}
    pids = {frozenset(one.by("zorbit_worker_requests_total", "pid")) for one in seen}
    assert pids == {frozenset(map(str, workers))}
    assert {one.of("zorbit_pool_size") for one in seen} == {2 * (10 + 10)}
    return before + 10


def told(server: Server) -> Numbers:
    return read(server.get("/metrics").text)


def answers(found: Numbers) -> float:
    return found.of("zorbit_operation_seconds_count")


def test_workers_finish_what_runs_when_a_terminal_stops_them_all(home: Path) -> None:
    with Server(home, WORKERS="2") as server, embedded.running(home) as url, ThreadPoolExecutor() as pool:
        server.wait_until_ready()
        token = LocalIssuer.open(home).sign(str(fill(home, "dora@example.com")), timedelta(hours=1))
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
