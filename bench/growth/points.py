"""Points of a curve: some peers at some tasks, a few rounds, medians; and the files they are kept in."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench import machine
from bench.figures import cpu, latency, measured, postgres
from bench.places import HERE, HOME
from bench.postgres import Server
from bench.rounds import Options, Run, measure
from bench.servers import Running
from bench.tasks import Task

DATA = HERE / "growth" / "data"


@dataclass(frozen=True, slots=True)
class Point:
    """A peer at a task, where `x` is what grows; CPU in seconds per 1,000 requests, latency in milliseconds."""

    task: str
    peer: str
    x: float
    cpu: float
    postgres: float
    latency: float
    per_second: float
    resident_mb: float
    objects: int


def points(
    server: Server, peers: Sequence[Running], tasks: Sequence[Task], options: Options, x: float
) -> list[Point]:
    """Where they stand at `x`."""
    run = Run.begin({"x": x}, HOME / "growth")
    measure(server, peers, tasks, options, run)
    return [
        Point(
            task=found.task,
            peer=peer,
            x=x,
            cpu=found.median(peer, cpu),
            postgres=found.median(peer, postgres),
            latency=found.median(peer, latency),
            per_second=found.median(peer, lambda cell: cell.busy.per_second),
            resident_mb=found.median(peer, lambda cell: cell.resident_mb),
            objects=found.rounds[0][peer].size.objects,
        )
        for found in measured(run.cells(), options.quiet)
        for peer in found.peers()
    ]


def keep(name: str, found: Iterable[Any], folder: Path = DATA, **about: Any) -> None:
    """Write a file of figures: of a curve, which the plots are drawn from, or of another `folder`."""
    folder.mkdir(exist_ok=True)
    lines = ",\n".join(f"  {json.dumps(_rounded(asdict(point)))}" for point in found)
    head = {"date": f"{datetime.now(UTC):%Y-%m-%d}", "machine": machine.description(), **about}
    (folder / f"{name}.json").write_text(f'{{"about": {json.dumps(head)}, "points": [\n{lines}\n]}}\n')


def _rounded(point: dict[str, Any]) -> dict[str, Any]:
    return {
        name: float(f"{value:.4g}") if isinstance(value, float) else value for name, value in point.items()
    }
