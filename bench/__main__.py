"""The command: `python -m bench`."""

import argparse
import signal
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict, fields
from pathlib import Path

import psycopg

from bench import database, installing, postgres, versions
from bench.answers import Reference
from bench.peers import PEERS, Peer
from bench.places import RESULTS, ROOT, RUNS
from bench.report import report, short
from bench.rounds import Options, Run, measure
from bench.servers import Running, all_running
from bench.similar import similar
from bench.startup import starts
from bench.tasks import Task, reads
from bench.writes import writes


def main() -> None:
    """Do what the arguments say."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that whatever was started is stopped
    arguments = _parser().parse_args()
    arguments.command(arguments)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="bench", description="Measure Zorbit beside other servers.")
    commands = parser.add_subparsers(required=True)
    check = commands.add_parser("check", help="start each peer and compare its answers; measure nothing")
    check.set_defaults(command=_check)
    run = commands.add_parser("run", help="measure, and write RESULTS.md")
    run.set_defaults(command=_run)
    told = commands.add_parser("report", help="write RESULTS.md from a run that was measured before")
    told.add_argument("--run", type=Path, help="the run's file; by default the last one")
    told.add_argument("--short", action="store_true", help="print the table for a README instead")
    told.set_defaults(command=_report)
    for command in (check, run):
        command.add_argument("--peers", default=",".join(PEERS), help="some of: %(default)s")
        command.add_argument(
            "--queries", default="", help="some of the tasks, comma separated; all by default"
        )
    for field in fields(Options):
        name = f"--{field.name.replace('_', '-')}"
        run.add_argument(name, type=field.type, default=field.default, help="by default %(default)s")
    return parser


def _check(arguments: argparse.Namespace) -> None:
    peers = _peers(arguments.peers)
    installing.install(peers)
    with postgres.running() as server:
        url = database.prepared(server)
        with server.connect(database.NAME) as connection:
            tasks = _tasks(arguments.queries, every_task(connection))
            for peer in peers:
                with all_running([peer], url) as [running]:
                    _check_one(running, tasks)


def _check_one(running: Running, tasks: Iterable[Task]) -> None:
    for task in tasks:
        if task.is_for(running.peer):
            size = task.check(running)
            task.settle()
            print(
                f"{running.peer.name:17} {task.name:10} {size.bytes:8.0f} bytes {size.objects:5} objects  right"
            )


def _run(arguments: argparse.Namespace) -> None:
    peers = _peers(arguments.peers)
    options = Options(**{field.name: getattr(arguments, field.name) for field in fields(Options)})
    installing.install(peers)
    with postgres.running() as server:
        url = database.prepared(server)
        with server.connect(database.NAME) as connection:
            about = versions.about(connection) | {"options": asdict(options), "start": starts(url)}
            run = Run.begin(about)
            tasks = _tasks(arguments.queries, every_task(connection))
            with all_running(peers, url) as running:
                measure(server, running, tasks, options, run)
            _write(run)


def _report(arguments: argparse.Namespace) -> None:
    run = Run(arguments.run or max(RUNS.glob("*.jsonl")))
    if arguments.short:
        print(short(run))
    else:
        _write(run)


def _write(run: Run) -> None:
    RESULTS.write_text(report(run))
    print(f"written: {RESULTS.relative_to(ROOT)}, from {run.path}")


def every_task(connection: psycopg.Connection) -> list[Task]:
    """Whatever peers are measured at, in the order of the report."""
    return [*reads(Reference(connection)), *writes(connection), *similar()]


def _peers(names: str) -> list[Peer]:
    return [PEERS[name] for name in names.split(",")]


def _tasks(names: str, tasks: Sequence[Task]) -> list[Task]:
    return [task for task in tasks if not names or task.name in names.split(",")]


if __name__ == "__main__":
    main()
