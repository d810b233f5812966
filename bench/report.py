"""What a run says, in Markdown."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from bench.figures import Figure, Measured, cpu, latency, measured, ours, postgres, servers
from bench.peers import PEERS
from bench.rounds import Options, Run
from bench.similar import PREFIX
from bench.workload import READS

FLOOR = "floor"
WRITES = ("spend_16", "spend_1")


def report(run: Run) -> str:
    """The whole of RESULTS.md."""
    about, tasks = run.about(), _tasks(run)
    parts = [
        "# Results",
        *_preface(about, tasks),
        *_section("Reads", "Four queries, see [README](README.md#what-is-asked).", tasks, READS),
        *_section("Writes", "A post that spends its owner's quota: of 16 users, and of one.", tasks, WRITES),
        *_others(tasks),
        *_start(about),
        *_details(tasks),
    ]
    return "\n\n".join(parts) + "\n"


def short(run: Run) -> str:
    """The table for a README: every peer at every query, as multiples of the floor."""
    tasks = _tasks(run)
    reads = [tasks[name] for name in READS if name in tasks]
    return _ratios(reads, [FLOOR], (("CPU", cpu), ("latency", latency)))


def _tasks(run: Run) -> dict[str, Measured]:
    quiet = run.about()["options"]["quiet"]
    return {found.task: found for found in measured(run.cells(), quiet)}


def _preface(about: dict[str, Any], tasks: dict[str, Measured]) -> Iterator[str]:
    options = Options(**about["options"])
    yield (
        f"Measured on {about['began'][:10]}: {about['machine']}; PostgreSQL {about['postgresql']}, Zorbit {about['zorbit']} on Python "
        f"{about['python']}, one process a server, 10 connections each, 2,000 users, about 1.2 million rows. `make bench` writes this page anew."
    )
    rounds = ", ".join(
        f"{found.task} {len(found.rounds)}" for found in tasks.values() if PREFIX not in found.task
    )
    yield (
        f"In each round every server takes its turn, beginning with another one: {options.seconds:g} s at 16 connections, "
        f"{options.latency_seconds:g} s at one. A round counts if nothing else took more than {options.quiet:g} of a core in any turn. Rounds that count: "
        f"{rounds}. CPU is that of server and PostgreSQL per request, at 16 connections; latency the median at one connection. Ratios are "
        "within a round, and their median over the rounds is shown: absolute figures of a shared machine differ from hour to hour, ratios hardly."
    )
    if loud := [found.task for found in tasks.values() if not found.are_quiet]:
        yield f"**No round was quiet of: {', '.join(loud)}. All rounds are shown there.**"
    took_part = {name for found in tasks.values() for name in found.peers()}
    yield _list(f"`{peer.name}`: {peer.description}" for peer in PEERS.values() if peer.name in took_part)
    for title, name in (
        ("Zorbit", "python_of_zorbit"),
        ("Python peers", "python_of_peers"),
        ("Node peers", "node"),
    ):
        yield (
            f"{title}: " + ", ".join(f"{package} {version}" for package, version in about[name].items()) + "."
        )


def _section(title: str, preface: str, tasks: dict[str, Measured], names: Sequence[str]) -> Iterator[str]:
    found = [tasks[name] for name in names if name in tasks]
    if not found:
        return
    yield f"## {title}"
    yield preface
    yield "As multiples of the floor (`floor`: seconds of CPU per 1,000 requests, and milliseconds):"
    yield _ratios(found, [FLOOR], (("CPU", cpu), ("latency", latency)))
    yield "As multiples of the fastest other GraphQL server in each round:"
    yield _ratios(found, servers(), (("CPU", cpu), ("latency", latency)))
    yield "PostgreSQL's CPU, the part that more processes can't share out, as a multiple of the floor's:"
    yield _ratios(found, [FLOOR], (("PostgreSQL", postgres),))
    yield 'In how many rounds Zorbit was lower ("ahead": in at least 4 of 5), in CPU and in latency:'
    yield from _ahead(found)


def _ratios(tasks: Sequence[Measured], bases: Sequence[str], figures: Sequence[tuple[str, Figure]]) -> str:
    columns = [(found, name, figure) for found in tasks for name, figure in figures]
    peers = [name for name in PEERS if any(name in found.peers() for found in tasks)]
    first: Callable[[str], float] = lambda peer: _ratio(columns[0], peer, bases) or float("inf")  # noqa: E731
    rows = [[peer, *(_cell(column, peer, bases) for column in columns)] for peer in sorted(peers, key=first)]
    return _table(["", *(f"{found.task}, {name}" for found, name, _ in columns)], rows)


def _ratio(column: tuple[Measured, str, Figure], peer: str, bases: Sequence[str]) -> float | None:
    found, _, figure = column
    return found.ratio(peer, figure, bases) if peer in found.peers() else None


def _cell(column: tuple[Measured, str, Figure], peer: str, bases: Sequence[str]) -> str:
    ratio = _ratio(column, peer, bases)
    if ratio is None:
        return ""
    if [peer] == list(bases):
        found, _, figure = column
        return f"1 ({found.median(peer, figure):.3g})"
    return f"**{ratio:.2f}**" if peer in ours() else f"{ratio:.2f}"


def _ahead(tasks: Sequence[Measured]) -> Iterator[str]:
    for peer in ours():
        found = [task for task in tasks if peer in task.peers()]
        others = [
            name for name in PEERS if name not in ours() and any(name in task.peers() for task in found)
        ]
        if found and others:
            rows = [
                [f"{peer} against {other}", *(_count(task, peer, other) for task in found)]
                for other in others
            ]
            yield _table(["", *(f"{task.task}, of {len(task.rounds)}" for task in found)], rows)


def _count(task: Measured, peer: str, other: str) -> str:
    if other not in task.peers():
        return ""
    return " and ".join(
        f"**{number}**" if number >= 0.8 * len(task.rounds) else str(number)
        for number in (task.ahead(peer, other, cpu), task.ahead(peer, other, latency))
    )


def _others(tasks: dict[str, Measured]) -> Iterator[str]:
    found = [task for name, task in tasks.items() if name.startswith(PREFIX)]
    if not found:
        return
    yield "## Others of the same kind"
    yield (
        "What clients ask besides, of Zorbit as `zorbit` (`peers/queries/similar/`). What costs much more for as many objects than its neighbours "
        "would have left the fast path."
    )
    rows = []
    for task in found:
        objects = task.rounds[0]["zorbit"].size.objects
        spent = task.median("zorbit", cpu)
        figures = (f"{spent:.3f}", f"{spent / objects * 100:.3f}", f"{task.median('zorbit', latency):.2f}")
        rows.append([task.task.removeprefix(PREFIX), str(objects), *figures])
    yield _table(["", "objects", "CPU s per 1,000", "CPU s per 1,000, for 100 objects", "latency ms"], rows)


def _start(about: dict[str, Any]) -> Iterator[str]:
    if start := about.get("start"):
        yield "## Start"
        memory = ", ".join(f"{value:.0f}" for value in start["resident_mb"])
        yield (
            f"`zorbit serve` on an existing database is ready after {start['seconds']} s (imports included; {start['cpu_seconds']} s of CPU), "
            f"and holds {memory} MB per process then (median of 5 starts)."
        )


def _details(tasks: dict[str, Measured]) -> Iterator[str]:
    yield "## Details"
    yield "Medians of the same rounds: CPU in seconds per 1,000 requests, latency in milliseconds."
    head = [
        "",
        "server CPU",
        "PostgreSQL CPU",
        "latency",
        "p99",
        "requests/s at 16",
        "latency at 16",
        "bytes",
        "MB resident",
    ]
    for task in tasks.values():
        if not task.task.startswith(PREFIX):
            yield f"### {task.task}"
            peers = sorted(task.peers(), key=lambda peer, task=task: task.median(peer, cpu))  # type: ignore[misc]
            yield _table(head, [_detail(task, peer) for peer in peers])


def _detail(task: Measured, peer: str) -> list[str]:
    figures: list[tuple[Figure, str]] = [
        (lambda cell: cell.busy.server, ".3f"),
        (postgres, ".3f"),
        (latency, ".2f"),
        (lambda cell: cell.alone.p99_ms, ".2f"),
        (lambda cell: cell.busy.per_second, ".0f"),
        (lambda cell: cell.busy.p50_ms, ".1f"),
        (lambda cell: cell.size.bytes, ".0f"),
        (lambda cell: cell.resident_mb, ".0f"),
    ]
    return [peer, *(format(task.median(peer, figure), form) for figure, form in figures)]


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _list(items: Iterable[str]) -> str:
    return "\n".join(f"- {item}" for item in items)
