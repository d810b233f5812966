"""What one caller's texts that nobody has sent before cost the others."""

import http.client
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from statistics import median

from bench import tokens
from bench.growth.points import keep
from bench.load import press, write_requests
from bench.peers import PEERS
from bench.servers import Running, all_running
from bench.workload import Request, shuffled, user_id

STRANGER, TEXT = (
    1999,
    "{{ viewer {{ a{0}: id posts(first: 20) {{ nodes {{ id title persona {{ name }} }} }} }} }}",
)
RATE = 20
"""Of the stranger's requests, a second."""

Text = Callable[[int], str]
BESIDE: dict[str, Text | None] = {
    "nobody": None,
    "one text": lambda _number: TEXT.format(0),
    "distinct texts": TEXT.format,
}


@dataclass(frozen=True, slots=True)
class Latency:
    """Of `point` at one connection, in milliseconds."""

    beside: str
    p50_ms: float
    p99_ms: float


def distinct(number: int) -> Iterator[Request]:
    """So many texts that nobody has sent before."""
    return (Request(TEXT.format(index), {}, user_id(STRANGER)) for index in range(number))


def strangers(url: str, seconds: float, rounds: int) -> None:
    """How long the others wait beside a stranger; medians of `rounds`."""
    peer, numbers = PEERS["zorbit"], count(1_000_000)
    requests = write_requests("beside-strangers", (peer.request("point", user) for user in shuffled()))
    found: dict[str, list[Latency]] = {name: [] for name in BESIDE}
    with all_running([peer], url) as [running]:
        press(running, requests, 1, seconds)
        for _ in range(rounds):
            for name, text in BESIDE.items():
                with _sending(running, text, numbers):
                    answered = press(running, requests, 1, seconds)
                found[name].append(Latency(name, answered["p50_us"] / 1000, answered["p99_us"] / 1000))
                print(found[name][-1], flush=True)
    keep(
        "strangers",
        [
            Latency(name, median(one.p50_ms for one in each), median(one.p99_ms for one in each))
            for name, each in found.items()
        ],
        rate=RATE,
        seconds=seconds,
        rounds=rounds,
    )


@contextmanager
def _sending(running: Running, text: Text | None, numbers: Iterator[int]) -> Iterator[None]:
    """A stranger sends RATE texts a second, as long as the block."""
    if text is None:
        yield
        return
    over = threading.Event()
    failed: list[bytes] = []
    thread = threading.Thread(target=_send, args=(running, text, numbers, over, failed))
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
    if failed:
        raise SystemExit(f"bench: a stranger's request failed: {failed[0][:300]!r}")


def _send(
    running: Running, text: Text, numbers: Iterator[int], over: threading.Event, failed: list[bytes]
) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", running.port, timeout=10)
    headers = {
        "Content-Type": "application/json",
        "Authorization": f"Bearer {tokens.sign(user_id(STRANGER))}",
    }
    due = time.monotonic()
    while not over.wait(max(0.0, due - time.monotonic())):
        connection.request("POST", "/graphql", json.dumps({"query": text(next(numbers))}), headers)
        body = connection.getresponse().read()
        if b'"errors"' in body:
            failed.append(body)
        due += 1 / RATE
    connection.close()
