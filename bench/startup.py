"""How long `zorbit serve` takes to be ready on an existing database, and what it holds in memory then."""

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

import httpx

from bench import machine
from bench.peers import PEERS
from bench.servers import start, stop

_PATIENCE = 60.0


@dataclass(frozen=True, slots=True)
class Start:
    """Medians of some starts."""

    seconds: float
    """From the command to the first good `/readyz`, imports included."""
    cpu_seconds: float
    resident_mb: list[float]
    """Of each process, the largest first."""


def starts(url: str, number: int = 5, settings: Mapping[str, str] | None = None) -> dict[str, Any]:
    """`number` starts after one that warms the disk's cache."""
    _start(url, settings or {})
    found = [_start(url, settings or {}) for _ in range(number)]
    columns = zip(*(start.resident_mb for start in found), strict=False)
    return asdict(
        Start(
            round(median(start.seconds for start in found), 2),
            round(median(start.cpu_seconds for start in found), 2),
            [round(median(column), 1) for column in columns],
        )
    )


def _start(url: str, settings: Mapping[str, str]) -> Start:
    began = time.monotonic()
    running = start(PEERS["zorbit"], url, settings)
    try:
        while not _is_ready(running.port):
            if time.monotonic() > began + _PATIENCE or running.process.poll() is not None:
                raise SystemExit("bench: zorbit serve does not become ready")
            time.sleep(0.005)
        seconds = time.monotonic() - began
        return Start(seconds, machine.cpu_of_tree(running.pid), machine.resident_mb(running.pid))
    finally:
        stop([running])


def _is_ready(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/readyz").is_success
    except httpx.TransportError:
        return False
