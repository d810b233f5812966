"""The command: `python -m bench.growth`."""

import argparse
import signal
import subprocess
import sys

from bench import database, installing, postgres
from bench.growth.curves import BESIDE, rows, users, workers
from bench.growth.edge import edge
from bench.growth.memory import memory
from bench.growth.strangers import strangers
from bench.peers import PEERS
from bench.places import ROOT
from bench.rounds import Options

PARTS = ("rows", "users", "workers", "memory", "strangers", "edge")


def main() -> None:
    """Measure what is asked for, and draw it."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that whatever was started is stopped
    arguments = _parser().parse_args()
    installing.install([*(PEERS[name] for name in BESIDE), PEERS["zorbit"]])
    if arguments.parts:
        _measure(arguments, arguments.parts.split(","))
    subprocess.run([installing.python(), "-m", "bench.growth.plots"], cwd=ROOT, check=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="bench.growth", description=__doc__)
    add = parser.add_argument
    add("--parts", default=",".join(PARTS), help="some of %(default)s; '' draws what was measured before")
    add("--rounds", type=int, default=3, help="quiet rounds of each point, by default %(default)s")
    add("--seconds", type=float, default=5, help="measured at 16 connections, by default %(default)s")
    add("--quiet", type=float, default=0.15, help="cores that anything else may take, by default %(default)s")
    add("--users", default="2000,10000,40000", help="sizes of databases, by default %(default)s")
    add("--whole", type=int, default=10_000, help="users that have all their rows, by default %(default)s")
    add("--workers", default="1,2", help="numbers of processes, by default %(default)s")
    add("--share", type=float, default=1, help="of the requests whose memory is measured, by default all")
    add("--minutes", type=float, default=15, help="for each query's memory at most, by default %(default)s")
    return parser


def _measure(arguments: argparse.Namespace, parts: list[str]) -> None:
    options = Options(arguments.rounds, arguments.seconds, quiet=arguments.quiet)
    with postgres.running() as server:
        url = database.prepared(server)
        if "rows" in parts:
            rows(server, url, options)
        if "workers" in parts:
            workers(server, url, _numbers(arguments.workers), options)
        if "memory" in parts:
            memory(url, arguments.share, arguments.minutes)
        if "strangers" in parts:
            strangers(url, 4 * arguments.seconds, arguments.rounds)
        if "edge" in parts:
            edge(server, url, options)
        if "users" in parts:
            users(server, _numbers(arguments.users), arguments.whole, options)


def _numbers(text: str) -> list[int]:
    return [int(number) for number in text.split(",")]


if __name__ == "__main__":
    main()
