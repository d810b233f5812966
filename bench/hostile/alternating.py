"""Quiet minutes and hostile ones in turn, as good clients see them."""

import asyncio
import contextlib
from collections.abc import Iterator

from bench.hostile.arrivals import HOST, arrive
from bench.hostile.figures import Outcome, outcome
from bench.hostile.mix import ADDRESS, good, hostile
from bench.load import press, write_requests
from bench.peers import PEERS
from bench.rounds import CONNECTIONS
from bench.servers import Running
from bench.workload import READS, shuffled

GOOD, HOSTILE = 0.2, 0.3
"""Shares of what the server can do of the workload's queries in turn."""
MOST = 400
"""Connections of either side."""
SLOW = 50
"""Connections that send a byte a second."""


async def alternating(running: Running, minutes: int, seconds: float) -> list[Outcome]:
    """`minutes` of so many `seconds`, of which every second one is hostile."""
    capacity = _capacity(running)
    wanted, unwanted = good(), hostile()
    await arrive(running.port, wanted, GOOD * capacity, seconds / 2, most=MOST)  # to be warm
    found = []
    for minute in range(minutes):
        harm: list[asyncio.Task[object]] = []
        if minute % 2:
            attack = arrive(running.port, unwanted, HOSTILE * capacity, seconds, most=MOST, source=ADDRESS)
            harm = [asyncio.create_task(attack), *_slow(running.port)]
        answered = await arrive(running.port, wanted, GOOD * capacity, seconds, most=MOST)
        found.append(outcome("hostile" if harm else "quiet", answered, seconds))
        if harm:
            found.append(outcome("harm", await harm[0], seconds))  # type: ignore[arg-type]
        for task in harm[1:]:
            task.cancel()
        await asyncio.gather(*harm, return_exceptions=True)
        print(*found[-1 - bool(harm) :], sep="\n", flush=True)
    return found


def _capacity(running: Running) -> float:
    """Requests a second of the workload's queries in turn."""
    peer = PEERS["zorbit"]
    requests = [peer.request(query, user) for user in shuffled() for query in READS]
    file = write_requests("hostile-capacity", requests)
    press(running, file, CONNECTIONS, 3)
    found = press(running, file, CONNECTIONS, 5)
    return float(found["requests"] / found["duration_us"] * 1e6)


def _slow(port: int) -> Iterator[asyncio.Task[object]]:
    return (asyncio.create_task(_dribble(port)) for _ in range(SLOW))


async def _dribble(port: int) -> None:
    """A request that never comes whole; again, when the server has had enough of it."""
    while True:
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection(HOST, port, local_addr=(ADDRESS, 0))
            writer.write(b"POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n")
            while not writer.is_closing():
                writer.write(b" ")
                await asyncio.sleep(1)
