"""PostgreSQL is gone for a while: who waits, what they are told, and when they are served again."""

from bench import postgres
from bench.hostile.arrivals import arrive
from bench.hostile.figures import OK, Outcome, outcome
from bench.hostile.mix import good
from bench.postgres import Server
from bench.servers import Running

RATE = 50.0
"""Requests a second."""
MOST = 400


async def away(server: Server, running: Running, seconds: float) -> list[Outcome]:
    """As it is before, for so many `seconds` without PostgreSQL, and as long after its return."""
    requests = good()
    before = await arrive(running.port, requests, RATE, seconds / 3, most=MOST)
    with postgres.away(server):
        without = await arrive(running.port, requests, RATE, seconds, most=MOST)
    after = await arrive(running.port, requests, RATE, seconds, most=MOST)
    back = max((one.due for one in after if one.status != OK), default=0.0)
    return [
        outcome("before", before, seconds / 3),
        outcome("without PostgreSQL", without, seconds),
        outcome("after", after, seconds, back),
    ]
