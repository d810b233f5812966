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
WARM = 5.0
"""Seconds."""
BOUND = 3.0
"""Of the usual 99th percentile: what is slower is not as before."""
MOST = 800
"""Connections; the server takes 900."""


async def overload(running: Running, seconds: float) -> list[Outcome]:
    """Before, meanwhile and after, for so many `seconds` each."""
    requests = [PEERS["zorbit"].request("nested", user) for user in shuffled()]
    file = write_requests("overload", requests)
    press(running, file, CONNECTIONS, WARM)
    found = press(running, file, CONNECTIONS, WARM)
    capacity = found["requests"] / found["duration_us"] * 1e6
    sent = cycle([wire(one) for one in requests])
    before = await arrive(running.port, sent, SHARE * capacity, seconds, most=MOST)
    during = await arrive(running.port, sent, TIMES * capacity, seconds, most=MOST)
    after = await arrive(running.port, sent, SHARE * capacity, seconds, most=MOST)
    usual = outcome("before", before, seconds)
    return [
        usual,
        outcome("overload", during, seconds),
        outcome("after", after, seconds, _recovered(after, BOUND * usual.p99_ms)),
    ]


def _recovered(after: Sequence[Answered], bound: float) -> float:
    """Seconds until the last request that was refused, or took longer than the bound in milliseconds."""
    return max((one.due for one in after if one.status != OK or one.seconds * 1000 > bound), default=0.0)
