"""What peers are measured at, and the four queries of the workload as such tasks."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from bench.answers import Reference, canonical, difference, objects_in
from bench.machine import average
from bench.peers import Peer
from bench.servers import Running
from bench.workload import READS, Request, shuffled


@dataclass(frozen=True, slots=True)
class Size:
    """How much an answer is."""

    bytes: float
    objects: int


def _nothing() -> None:
    """Where nothing is to be put back."""


@dataclass(frozen=True, slots=True)
class Task:
    """Something that peers are measured at."""

    name: str
    is_for: Callable[[Peer], bool]
    requests: Callable[[Peer], Iterable[Request]]
    check: Callable[[Running], Size]
    """Asks a few times; raises SystemExit for a wrong answer."""
    settle: Callable[[], None] = _nothing
    """After a measurement: looks whether all is well, and puts things back."""
    rounds: int = 1000
    """Quiet rounds that will do."""


def reads(reference: Reference) -> list[Task]:
    """The workload."""
    return [_read(query, reference) for query in READS]


def _read(query: str, reference: Reference) -> Task:
    return Task(
        query,
        lambda peer: query in peer.reads,
        lambda peer: (peer.request(query, user) for user in shuffled(of=reference.users)),
        lambda running: _compared(running, query, reference),
    )


def _compared(running: Running, query: str, reference: Reference) -> Size:
    users = reference.samples()
    answers = {user: running.ask(running.peer.request(query, user)) for user in users}
    for user, body in answers.items():
        got, wanted = canonical(parsed(running, query, body)), reference.answer(query, user)
        if got != wanted:
            place = difference(wanted, got)
            raise SystemExit(f"bench: {running.peer.name} answers {query} of user {user} wrongly, at {place}")
    size = average(len(body) for body in answers.values())
    return Size(size, objects_in(reference.answer(query, users[0])["data"]))


def parsed(running: Running, task: str, body: bytes) -> Any:
    """An answer; raises SystemExit where it is none, or tells of errors."""
    try:
        answer = json.loads(body)
    except ValueError:
        answer = None
    if not isinstance(answer, dict) or answer.get("errors") or "data" not in answer:
        raise SystemExit(f"bench: {running.peer.name} fails at {task}: {body[:600]!r}")
    return answer
