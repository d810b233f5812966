"""Ten times as many requests as can be served: what is let in, how long that takes, and when all is well again."""

from collections.abc import Sequence
from itertools import cycle

from bench.hostile.arrivals import Answered, arrive, wire
from bench.hostile.figures import OK, Outcome, outcome
from bench.load import press, write_requests
from bench.peers import PEERS
from bench.rounds import CONNECTIONS
from bench.servers import Running
from bench.workload import shuffled

TIMES = 10
SHARE = 0.3
"""Of what can be served, before and after."""
MOST = 800
"""Connections; the server takes 900."""


async def overload(running: Running, seconds: float) -> tuple[list[Outcome], float]:
    """The figures before, meanwhile and after; and the seconds until it answers as before again."""
    requests = [PEERS["zorbit"].request("nested", user) for user in shuffled()]
    found = press(running, write_requests("overload", requests), CONNECTIONS, 5)
    capacity = found["requests"] / found["duration_us"] * 1e6
    sent = cycle([wire(one) for one in requests])
    before = await arrive(running.port, sent, SHARE * capacity, seconds, most=MOST)
    during = await arrive(running.port, sent, TIMES * capacity, seconds, most=MOST)
    after = await arrive(running.port, sent, SHARE * capacity, seconds, most=MOST)
    outcomes = [
        outcome(name, answered, seconds)
        for name, answered in (("before", before), ("overload", during), ("after", after))
    ]
    return outcomes, _recovered(after, 3 * outcomes[0].p99_ms)


def _recovered(after: Sequence[Answered], bound: float) -> float:
    """Seconds until the last request that was refused, or took longer than the bound in milliseconds."""
    return max((one.due for one in after if one.status != OK or one.seconds * 1000 > bound), default=0.0)
