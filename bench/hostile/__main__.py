"""The command: `python -m bench.hostile`."""

import argparse
import asyncio
import signal
import sys
from dataclasses import asdict

import orjson

from bench import database, postgres
from bench.hostile.alternating import alternating
from bench.hostile.overload import overload
from bench.peers import PEERS
from bench.servers import all_running

PARTS = ("overload", "alternating", "away")
LIMITED = {"ZORBIT_RATE": "100000", "ZORBIT_RATE_BURST": "1000000"}
"""The rate limit as it is by itself, which other measurements switch off."""


def main() -> None:
    """Measure what is asked for, and print it."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that whatever was started is stopped
    arguments = _parser().parse_args()
    parts = arguments.parts.split(",")
    with postgres.running() as server:
        url = database.prepared(server)
        if "overload" in parts:
            with all_running([PEERS["zorbit"]], url, LIMITED) as [running]:
                outcomes, recovered = asyncio.run(overload(running, arguments.seconds))
            for one in outcomes:
                print(orjson.dumps(asdict(one)).decode(), flush=True)
            print(f"recovered after {recovered:.2f} s", flush=True)
        if "alternating" in parts:
            with all_running([PEERS["zorbit"]], url, LIMITED) as [running]:
                asyncio.run(alternating(running, arguments.minutes, arguments.minute))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="bench.hostile", description=__doc__)
    add = parser.add_argument
    add("--parts", default=",".join(PARTS), help="some of %(default)s")
    add("--seconds", type=float, default=20, help="of each stage of an overload, by default %(default)s")
    add("--minutes", type=int, default=10, help="quiet and hostile in turn, by default %(default)s")
    add("--minute", type=float, default=60, help="seconds of one, by default %(default)s")
    return parser


if __name__ == "__main__":
    main()
