"""Quiet minutes and hostile ones in turn, as good clients see them."""

import asyncio
import contextlib
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from bench import machine
from bench.hostile.arrivals import HOST, Answered, arrive
from bench.hostile.figures import Outcome, outcome
from bench.hostile.mix import ADDRESS, good, hostile
from bench.load import press, write_requests
from bench.peers import PEERS
from bench.rounds import CONNECTIONS
from bench.servers import Running
from bench.workload import READS, shuffled

GOOD, HOSTILE = 0.2, 0.3
"""Shares of a process's time: of what it can do of the workload's queries in turn, and of the CPU that hostile
requests take it."""
TRIED = 100
"""Hostile requests a second while it is measured what one takes."""
MOST = 400
"""Connections of either side."""
SLOW = 50
"""Connections that send a byte a second."""


async def alternating(running: Running, minutes: int, seconds: float, *, dear: bool = False) -> list[Outcome]:
    """`minutes` of so many `seconds`, of which every second one is hostile."""
    capacity, wanted, loop = _capacity(running), good(), asyncio.get_running_loop()
    found = []
    # Hostile clients have a process of their own: what they send takes time to make, and good clients' requests
    # would be late for that alone.
    with ProcessPoolExecutor(1, get_context("spawn")) as apart:
        before = machine.cpu_of_tree(running.pid)
        tried = await loop.run_in_executor(apart, attack, running.port, 0, TRIED, 10, dear)
        rate = HOSTILE * len(tried) / (machine.cpu_of_tree(running.pid) - before)
        await arrive(running.port, wanted, GOOD * capacity, seconds / 2, most=MOST)  # to be warm
        for minute in range(minutes):
            harm = None
            if minute % 2:
                harm = loop.run_in_executor(apart, attack, running.port, minute, rate, seconds, dear)
            answered = await arrive(running.port, wanted, GOOD * capacity, seconds, most=MOST)
            found.append(outcome("hostile" if harm else "quiet", answered, seconds))
            if harm:
                found.append(outcome("harm", await harm, seconds))
            print(*found[-1 - bool(harm) :], sep="\n", flush=True)
    return found


def attack(port: int, minute: int, rate: float, seconds: float, dear: bool) -> list[Answered]:
    """A hostile minute's requests; it has texts of its own."""
    return asyncio.run(_attack(port, rate, seconds, hostile(minute, dear=dear)))


async def _attack(port: int, rate: float, seconds: float, requests: Iterator[bytes]) -> list[Answered]:
    slow = [asyncio.create_task(_dribble(port)) for _ in range(SLOW)]
    answered = await arrive(port, requests, rate, seconds, most=MOST, source=ADDRESS)
    for task in slow:
        task.cancel()
    await asyncio.gather(*slow, return_exceptions=True)
    return answered


def _capacity(running: Running) -> float:
    """Requests a second of the workload's queries in turn."""
    peer = PEERS["zorbit"]
    requests = [peer.request(query, user) for user in shuffled() for query in READS]
    file = write_requests("hostile-capacity", requests)
    press(running, file, CONNECTIONS, 3)
    found = press(running, file, CONNECTIONS, 5)
    return float(found["requests"] / found["duration_us"] * 1e6)


async def _dribble(port: int) -> None:
    """A request that never comes whole; again, when the server has had enough of it."""
    while True:
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection(HOST, port, local_addr=(ADDRESS, 0))
            writer.write(b"POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n")
            while not writer.is_closing():
                writer.write(b" ")
                await asyncio.sleep(1)
