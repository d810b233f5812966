"""Numbers that processes share; what a whole server tells of them is in tests/test_workers.py."""

import tempfile
from multiprocessing import get_context

from zorbit.meters import OTHERS, Table

PROCESSES = 4


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
