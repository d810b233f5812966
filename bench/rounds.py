"""Measuring side by side: in each round every peer takes its turn at every task, beginning with another one."""

import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench import machine
from bench.load import Window, press, window, write_requests
from bench.places import RUNS
from bench.postgres import Server
from bench.servers import Running
from bench.tasks import Size, Task

CONNECTIONS = 16
ENOUGH = 500
ENOUGH_ALONE = 25
"""Requests that a window is made longer for."""


@dataclass(frozen=True, slots=True)
class Options:
    """How long and how often; times in seconds."""

    rounds: int = 5
    """Quiet rounds of each task."""
    seconds: float = 6
    """Measured at 16 connections."""
    latency_seconds: float = 3
    """Measured at one connection."""
    warmup: float = 5
    rewarm: float = 1
    """The warm-up in later rounds: peers stay up."""
    quiet: float = 0.15
    """Cores that anything else may take in a window that counts."""
    patience: float = 20
    """How long a quiet machine is waited for before each window."""
    attempts: int = 3
    """How often a window is measured until it is quiet."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One peer's turn at one task in one round."""

    task: str
    peer: str
    round: int
    busy: Window
    """At 16 connections."""
    alone: Window
    """At one connection."""
    size: Size
    resident_mb: float
    yardstick_ms: float

    def is_quiet(self, limit: float) -> bool:
        """Whether the machine did little else meanwhile."""
        return max(self.busy.other_share, self.alone.other_share) <= limit


@dataclass(frozen=True, slots=True)
class Run:
    """A run's file: what it was, then a line a cell."""

    path: Path

    @classmethod
    def begin(cls, about: dict[str, Any], folder: Path = RUNS) -> "Run":
        """A new file."""
        folder.mkdir(parents=True, exist_ok=True)
        run = cls(folder / f"{datetime.now(UTC):%Y-%m-%dT%H%M%S}.jsonl")
        run._append({"began": datetime.now(UTC).isoformat(timespec="minutes"), **about})
        return run

    def add(self, cell: Cell) -> None:
        """Keep a cell."""
        self._append(asdict(cell))

    def about(self) -> dict[str, Any]:
        """What it was begun with."""
        found: dict[str, Any] = json.loads(self.path.read_text().partition("\n")[0])
        return found

    def cells(self) -> list[Cell]:
        """All that was measured."""
        return [_cell(json.loads(line)) for line in self.path.read_text().splitlines()[1:]]

    def _append(self, line: dict[str, Any]) -> None:
        with self.path.open("a") as file:
            file.write(json.dumps(line) + "\n")


def _cell(line: dict[str, Any]) -> Cell:
    windows = {name: Window(**line[name]) for name in ("busy", "alone")}
    return Cell(**line | windows | {"size": Size(**line["size"])})


def measure(
    server: Server, peers: Sequence[Running], tasks: Sequence[Task], options: Options, run: Run
) -> None:
    """Rounds until each task has had `options.rounds` quiet ones, or twice as many in all."""
    quiet = dict.fromkeys((task.name for task in tasks), 0)
    for number in range(1, 2 * options.rounds + 1):
        for task in tasks:
            wanted = min(options.rounds, task.rounds)
            if quiet[task.name] >= wanted or number > 2 * wanted:
                continue
            cells = []
            for running in _order(peers, task, number):
                cells.append(_quiet_turn(server, running, task, number, options))
                run.add(cells[-1])
                print(_line(cells[-1], options), flush=True)
            quiet[task.name] += all(cell.is_quiet(options.quiet) for cell in cells)


def _order(peers: Sequence[Running], task: Task, number: int) -> Iterator[Running]:
    """Those that the task is for, another one first in each round."""
    concerned = [running for running in peers if task.is_for(running.peer)]
    first = (number - 1) % max(len(concerned), 1)
    yield from concerned[first:]
    yield from concerned[:first]


def _quiet_turn(server: Server, running: Running, task: Task, number: int, options: Options) -> Cell:
    """The first turn that is quiet, or the last of all attempts."""
    for attempt in range(options.attempts):
        _wait_for_quiet(options)
        is_cold = number == 1 and attempt == 0
        cell = _turn(
            server, running, task, number, replace(options, rewarm=options.warmup) if is_cold else options
        )
        if cell.is_quiet(options.quiet):
            break
    return cell


def _turn(server: Server, running: Running, task: Task, number: int, options: Options) -> Cell:
    requests = write_requests(f"{running.peer.name}-{task.name}", task.requests(running.peer))
    size = task.check(running)
    rate = press(running, requests, CONNECTIONS, options.rewarm)["requests"] / options.rewarm
    slowness = machine.yardstick_ms()
    busy = window(server, running, requests, CONNECTIONS, _enough(options.seconds, ENOUGH, rate))
    slowness = (slowness + machine.yardstick_ms()) / 2
    alone = window(server, running, requests, 1, _enough(options.latency_seconds, ENOUGH_ALONE, rate))
    if failed := busy.failed + alone.failed:
        raise SystemExit(f"bench: {running.peer.name} failed {failed} requests of {task.name}")
    task.check(running)
    task.settle()
    resident = sum(machine.resident_mb(running.pid))
    return Cell(
        task.name, running.peer.name, number, busy, alone, size, round(resident, 1), round(slowness, 2)
    )


def _enough(seconds: float, requests: int, rate: float) -> float:
    """`seconds`, or up to five times as many if so many requests take longer.

    What wrk leaves unfinished at the end has cost CPU too, and must not be much beside what it counts.
    """
    return round(min(max(seconds, requests / max(rate, 0.1)), 5 * seconds))


def _wait_for_quiet(options: Options) -> None:
    end = time.monotonic() + options.patience
    while machine.busy_share(0.5) > options.quiet and time.monotonic() < end:
        time.sleep(1)


def _line(cell: Cell, options: Options) -> str:
    busy, alone = cell.busy, cell.alone
    return (
        f"{cell.round} {cell.task:10} {cell.peer:17} {busy.cpu:8.3f} CPU s/1000 "
        f"(server {busy.server:7.3f}, PostgreSQL {busy.postgres:7.3f})  {busy.per_second:7.0f}/s  "
        f"alone {alone.p50_ms:7.2f} ms  others {busy.other_share:.2f}/{alone.other_share:.2f}"
        f"{'' if cell.is_quiet(options.quiet) else '  not quiet'}"
    )
