"""Numbers that a host's processes share, in memory that is there before they fork.

Each process adds to cells of its own, so that nothing is locked where something is counted; whoever reads
adds them up. Only a name that is new is written under a lock.
"""

import fcntl
import mmap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import IO

WORD = 8
NAME_BYTES = 96
OTHERS = "(other)"


class Table:
    """Rows that get their names as they come, and columns that are known: a number for each, in each process.

    At most `rows` names have a row of their own, whoever makes them up; what comes later goes to `(other)`.
    """

    def __init__(self, rows: int, columns: Sequence[str], processes: int, lock: IO[bytes] | None) -> None:
        """Has to be made before the processes fork that share it; they lock the file."""
        self.columns = {name: place for place, name in enumerate(columns)}
        self._limit, self._processes = rows, processes
        self._size = (rows + 1) * len(columns)
        cells = mmap.mmap(-1, self._size * processes * WORD)
        self._cells = memoryview(cells).cast("d")
        self._names = memoryview(mmap.mmap(-1, (rows + 1) * NAME_BYTES))
        self._rows = {OTHERS: 0}
        self._lock = lock
        self.be(0)

    def be(self, process: int) -> None:
        """Count in the cells of the process of that number; one that takes over from another counts on."""
        start = self._size * process
        self.mine = self._cells[start : start + self._size]

    def row(self, name: str) -> int:
        """Where the row of that name begins among the cells."""
        found = self._rows.get(name)
        if found is None:
            found = self._found(name)
        return found

    def add(self, name: str, column: str, number: float = 1) -> None:
        """Count."""
        row = self._rows.get(name)
        self.mine[(self._found(name) if row is None else row) + self.columns[column]] += number

    def put(self, name: str, column: str, number: float) -> None:
        """Tell how much there is now."""
        self.mine[self.row(name) + self.columns[column]] = number

    def sums(self) -> Iterator[tuple[str, list[float]]]:
        """Each row's name and numbers, those of all processes together."""
        for name, numbers in self.each():
            yield name, [sum(column) for column in zip(*numbers, strict=True)]

    def each(self) -> Iterator[tuple[str, list[list[float]]]]:
        """Each row's name and numbers, process by process."""
        with self._locked(fcntl.LOCK_SH):
            self._learn()
        width = len(self.columns)
        for name, row in self._rows.items():
            starts = [self._size * process + row for process in range(self._processes)]
            yield name, [list(map(float, self._cells[start : start + width])) for start in starts]

    def _found(self, name: str) -> int:
        encoded = name.encode()
        if len(self._rows) > self._limit or not 0 < len(encoded) <= NAME_BYTES:
            return 0
        with self._locked(fcntl.LOCK_EX):
            self._learn()
            place = len(self._rows)
            if name not in self._rows and place <= self._limit:
                start = place * NAME_BYTES
                self._names[start : start + len(encoded)] = encoded
                self._learn()
        return self._rows.get(name, 0)

    @contextmanager
    def _locked(self, kind: int) -> Iterator[None]:
        if self._lock is None:
            yield
            return
        fcntl.lockf(self._lock, kind)
        try:
            yield
        finally:
            fcntl.lockf(self._lock, fcntl.LOCK_UN)

    def _learn(self) -> None:
        """The names that other processes have added."""
        for place in range(len(self._rows), self._limit + 1):
            start = place * NAME_BYTES
            name = bytes(self._names[start : start + NAME_BYTES]).rstrip(b"\0").decode()
            if not name:
                return
            self._rows[name] = place * len(self.columns)
