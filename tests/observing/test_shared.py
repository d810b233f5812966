"""Numbers that processes share: whichever is asked, all are told, also after one has died."""

import os
import signal
import tempfile
from collections.abc import Iterator
from datetime import timedelta
from multiprocessing import get_context
from pathlib import Path

import pytest

from tests.observing.numbers import Numbers, read
from tests.serving import Server, data_directory_in_use, fill, wait_until
from zorbit.auth.local import LocalIssuer
from zorbit.meters import OTHERS, Table

PROCESSES = 4


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    with data_directory_in_use() as folder:
        yield folder


def test_any_worker_tells_what_all_have_counted(home: Path) -> None:
    with Server(home, WORKERS="2") as server:
        server.wait_until_ready()
        token = LocalIssuer.open(home).sign(str(fill(home, "ada@example.com")), timedelta(hours=1))
        answered = server.answering(token)
        before = sent(told(server))
        for _ in range(10):
            server.ask(token)

        seen = [told(server) for _ in range(10)]
        assert {sent(one) for one in seen} == {before + 10}
        assert {frozenset(one.by("zorbit_worker_requests_total", "pid")) for one in seen} == {
            frozenset(map(str, answered))
        }
        assert {one.of("zorbit_pool_size") for one in seen} == {2 * (10 + 10)}

        os.kill(min(answered), signal.SIGKILL)
        wait_until(lambda: len(server.workers() - answered) == 1 and len(server.workers()) == 2)
        wait_until(lambda: min(answered) not in pids(server))
        assert sent(told(server)) == before + 10
        assert server.end(signal.SIGTERM) == 0


def test_processes_that_name_rows_at_once_agree_on_them() -> None:
    names = [f"name {number}" for number in range(100)]
    with tempfile.TemporaryFile() as lock:
        table = Table(60, ("a", "b"), PROCESSES, lock)

        def count(process: int) -> None:
            table.be(process)
            for name in names if process % 2 else reversed(names):
                table.add(name, "b", 2)

        context = get_context("fork")
        started = [context.Process(target=count, args=(process,)) for process in range(PROCESSES)]
        for one in started:
            one.start()
        for one in started:
            one.join()
        found = dict(table.sums())

    assert [one.exitcode for one in started] == [0] * PROCESSES
    others = found.pop(OTHERS)
    assert len(found) == 60
    assert set(found) < set(names)
    assert all(values == [0, 2 * PROCESSES] for values in found.values())
    assert others == [0, 40 * 2 * PROCESSES]


def told(server: Server) -> Numbers:
    return read(server.get("/metrics").text)


def sent(found: Numbers) -> float:
    return found.of("zorbit_operation_seconds_count")


def pids(server: Server) -> set[int]:
    return {int(pid) for pid in told(server).by("zorbit_worker_requests_total", "pid")}
