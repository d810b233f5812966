"""Figures of a run: medians over quiet rounds, ratios within a round."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from statistics import median

from bench.peers import PEERS, Kind
from bench.rounds import Cell

Figure = Callable[[Cell], float]
Round = dict[str, Cell]
"""A task's cells in one round, by peer."""


def cpu(cell: Cell) -> float:
    """CPU seconds of server and PostgreSQL per 1,000 requests, at 16 connections."""
    return cell.busy.cpu


def postgres(cell: Cell) -> float:
    """PostgreSQL's part of it."""
    return cell.busy.postgres


def latency(cell: Cell) -> float:
    """The median of a request's time at one connection, in milliseconds."""
    return cell.alone.p50_ms


@dataclass(frozen=True, slots=True)
class Measured:
    """One task's rounds."""

    task: str
    rounds: list[Round]
    are_quiet: bool
    """Otherwise no round was, and these are all of them."""

    def peers(self) -> list[str]:
        """Whoever took part, in the order of the registry; others after them."""
        order = {name: place for place, name in enumerate(PEERS)}
        named = [name for name in self.rounds[0] if all(name in cells for cells in self.rounds)]
        return sorted(named, key=lambda name: order.get(name, len(order)))

    def median(self, peer: str, figure: Figure) -> float:
        """Over the rounds."""
        return median(figure(cells[peer]) for cells in self.rounds)

    def ratio(self, peer: str, figure: Figure, bases: Iterable[str]) -> float | None:
        """To the least of `bases` in the same round; the median over the rounds."""
        present = [name for name in bases if name in self.peers()]
        if not present:
            return None
        return median(_ratio(cells, peer, figure, present) for cells in self.rounds)

    def ahead(self, peer: str, other: str, figure: Figure) -> int:
        """In how many rounds `peer` was lower than `other`."""
        return sum(figure(cells[peer]) < figure(cells[other]) for cells in self.rounds)


def _ratio(cells: Round, peer: str, figure: Figure, bases: list[str]) -> float:
    least = min(figure(cells[name]) for name in bases)
    return figure(cells[peer]) / least if least else float("nan")


def measured(cells: Iterable[Cell], quiet: float) -> Iterator[Measured]:
    """Each task's quiet rounds: those in which every peer's windows were."""
    tasks: dict[str, dict[int, Round]] = defaultdict(lambda: defaultdict(dict))
    for cell in cells:
        tasks[cell.task][cell.round][cell.peer] = cell
    for task, rounds in tasks.items():
        whole = max(len(cells) for cells in rounds.values())
        complete = [cells for cells in rounds.values() if len(cells) == whole]
        calm = [cells for cells in complete if all(cell.is_quiet(quiet) for cell in cells.values())]
        yield Measured(task, calm or complete, bool(calm))


def servers() -> list[str]:
    """The other GraphQL servers."""
    return [name for name, peer in PEERS.items() if peer.kind is Kind.SERVER]


def ours() -> list[str]:
    """Zorbit, in each way."""
    return [name for name, peer in PEERS.items() if peer.kind is Kind.OURS]
