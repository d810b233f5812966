"""What the server holds in memory while it answers a great many requests."""

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from bench import machine
from bench.growth.points import keep
from bench.growth.strangers import distinct
from bench.load import press, write_requests
from bench.peers import PEERS
from bench.rounds import CONNECTIONS
from bench.servers import Running, all_running
from bench.workload import Request, shuffled

REQUESTS = {"point": 1_000_000, "nested": 50_000, "distinct texts": 20_000}
_STEPS = 50
_SHORTEST = (
    5.0  # seconds of a step: at its end wrk leaves 16 requests unanswered, which the server goes on with
)


@dataclass(frozen=True, slots=True)
class Reading:
    """After so many requests, the resident memory of the process."""

    task: str
    requests: int
    resident_mb: float


def memory(url: str, share: float, minutes: float) -> None:
    """Readings over `share` of the requests, for so many minutes each at most; a new server for each query."""
    found: list[Reading] = []
    for task, number in REQUESTS.items():
        with all_running([PEERS["zorbit"]], url) as [running]:
            found += _readings(running, task, _requests(task, number), int(number * share), minutes)
        keep("memory", found)


def _requests(task: str, number: int) -> Iterable[Request]:
    if task == "distinct texts":
        return distinct(number)
    return (PEERS["zorbit"].request(task, user) for user in shuffled())


def _readings(
    running: Running, task: str, asked: Iterable[Request], number: int, minutes: float
) -> Iterator[Reading]:
    requests = write_requests(f"memory-{task.replace(' ', '-')}", asked)
    end = time.monotonic() + minutes * 60
    done, seconds = 0, _SHORTEST
    yield Reading(task, 0, machine.resident_mb(running.pid)[0])
    while done < number and time.monotonic() < end:
        answered = press(running, requests, CONNECTIONS, seconds)["requests"]
        done += answered
        yield Reading(task, done, machine.resident_mb(running.pid)[0])
        print(f"{task}: {done} requests, {machine.resident_mb(running.pid)[0]:.1f} MB", flush=True)
        seconds = max(_SHORTEST, round(number / _STEPS / max(answered / seconds, 1)))
