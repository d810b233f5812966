"""The command: `python -m bench.hostile`."""

import argparse
import asyncio
import signal
import sys
from collections.abc import Awaitable, Callable

from bench import database, postgres
from bench.growth.points import keep
from bench.hostile.alternating import alternating
from bench.hostile.away import away
from bench.hostile.figures import DATA, Outcome
from bench.hostile.overload import overload
from bench.peers import PEERS
from bench.postgres import Server
from bench.servers import Running, all_running

PARTS: dict[str, Callable[[Server, Running, argparse.Namespace], Awaitable[list[Outcome]]]] = {
    "overload": lambda _server, running, given: overload(running, given.seconds),
    "alternating": lambda _server, running, given: alternating(running, given.minutes, given.minute),
    "dear": lambda _server, running, given: alternating(running, given.minutes, given.minute, dear=True),
    "away": lambda server, running, given: away(server, running, given.away),
}
LIMITED = {"ZORBIT_RATE": "100000", "ZORBIT_RATE_BURST": "1000000"}
"""The rate limit as it is by itself, which other measurements switch off."""


def main() -> None:
    """Measure what is asked for, and keep it."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that whatever was started is stopped
    arguments = _parser().parse_args()
    with postgres.running() as server:
        url = database.prepared(server)
        for name in arguments.parts.split(","):
            with all_running([PEERS["zorbit"]], url, LIMITED) as [running]:
                found = asyncio.run(_part(name, server, running, arguments))
            print(*found, sep="\n", flush=True)
            keep(name, found, DATA)


async def _part(name: str, server: Server, running: Running, given: argparse.Namespace) -> list[Outcome]:
    return await PARTS[name](server, running, given)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="bench.hostile", description=__doc__)
    add = parser.add_argument
    add("--parts", default=",".join(PARTS), help="some of %(default)s")
    add("--seconds", type=float, default=20, help="of each stage of an overload, by default %(default)s")
    add("--minutes", type=int, default=10, help="quiet and hostile in turn, by default %(default)s")
    add("--minute", type=float, default=60, help="seconds of one, by default %(default)s")
    add("--away", type=float, default=30, help="seconds without PostgreSQL, by default %(default)s")
    return parser


if __name__ == "__main__":
    main()
