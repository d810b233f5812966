"""What is said of a run: ratios within a round, over the rounds that count."""

from dataclasses import replace
from pathlib import Path

import pytest

from bench.figures import cpu, latency, measured
from bench.load import Window
from bench.report import report, short
from bench.rounds import Cell, Run
from bench.tasks import Size

QUIET = 0.15
WINDOW = Window(
    requests=1000, per_second=100, p50_ms=1, p99_ms=2, server=1, postgres=1, load=0, other_share=0, failed=0
)


def cell(peer: str, number: int, *, spent: float, took: float = 1, others: float = 0) -> Cell:
    busy = replace(WINDOW, server=spent / 2, postgres=spent / 2, other_share=others)
    return Cell("point", peer, number, busy, replace(WINDOW, p50_ms=took), Size(100, 4), 50, 7)


# A machine three times as slow in the second round, and disturbed in the third.
CELLS = [
    cell("floor", 1, spent=1),
    cell("yoga", 1, spent=4, took=3),
    cell("zorbit", 1, spent=2, took=2),
    cell("floor", 2, spent=3),
    cell("yoga", 2, spent=12, took=3),
    cell("zorbit", 2, spent=6, took=4),
    cell("floor", 3, spent=1, others=1),
    cell("yoga", 3, spent=1),
    cell("zorbit", 3, spent=9),
]


def test_ratios_are_taken_within_quiet_rounds() -> None:
    (point,) = measured(CELLS, QUIET)

    assert point.are_quiet
    assert len(point.rounds) == 2
    assert point.ratio("zorbit", cpu, ["floor"]) == pytest.approx(2)
    assert point.ratio("zorbit", cpu, ["yoga", "apollo"]) == pytest.approx(0.5)
    assert point.ratio("zorbit", cpu, ["apollo"]) is None


def test_ahead_is_counted_by_rounds() -> None:
    (point,) = measured(CELLS, QUIET)

    assert point.ahead("zorbit", "yoga", cpu) == 2
    assert point.ahead("zorbit", "yoga", latency) == 1


def test_a_run_without_a_quiet_round_says_so(tmp_path: Path) -> None:
    run = begun(tmp_path)
    for disturbed in CELLS[6:]:
        run.add(disturbed)

    assert "**No round was quiet of: point. All rounds are shown there.**" in report(run)


def test_a_run_is_told_as_it_was_kept(tmp_path: Path) -> None:
    run = begun(tmp_path)
    for found in CELLS:
        run.add(found)

    assert run.cells() == CELLS
    assert short(run).splitlines() == [
        "|  | point, CPU | point, latency |",
        "| --- | --- | --- |",
        "| floor | 1 (2) | 1 (1) |",
        "| zorbit | **2.00** | **3.00** |",
        "| yoga | 4.00 | 3.00 |",
    ]
    assert "| zorbit against yoga | **2** and 1 |" in report(run)


def begun(folder: Path) -> Run:
    versions = {key: {"thing": "1.0"} for key in ("python_of_zorbit", "python_of_peers", "node")}
    names = dict.fromkeys(("machine", "zorbit", "postgresql", "python"), "x")
    return Run.begin({**versions, **names, "options": {"quiet": QUIET}}, folder)
