"""The curves: cost by rows an answer, by users in the database, by processes."""

from collections.abc import Sequence
from functools import partial

from bench import database
from bench.answers import Reference, canonical, difference, objects_in
from bench.growth.points import Point, keep, points
from bench.peers import PEERS, Kind, Peer, operation
from bench.postgres import Server
from bench.rounds import Options
from bench.servers import Running, all_running
from bench.tasks import Size, Task, parsed, reads
from bench.workload import Request

PAGES = ((1, 10), (1, 30), (1, 100), (3, 100), (10, 100), (30, 100), (100, 100))
"""Users, and posts of each: 10 to 10,000 rows."""
BESIDE = ("zorbit-admin", "mercurius-dl", "yoga", "postgraphile", "floor")


def rows(server: Server, url: str, options: Options) -> None:
    """One query, the newest posts of the newest users, with ever larger pages."""
    found: list[Point] = []
    with all_running([PEERS[name] for name in BESIDE], url) as running:
        reference = running[-1]
        for first, each in PAGES:
            task = _many(first, each, reference)
            found += points(server, running, [task], options, first * each)
    keep("rows", found, pages=PAGES)


def _many(first: int, each: int, reference: Running) -> Task:
    return Task(
        "many",
        lambda _peer: True,
        lambda peer: [_request(peer, first, each)],
        partial(_compared, first, each, reference),
    )


def _request(peer: Peer, first: int, each: int) -> Request:
    text = "many" if peer.kind is Kind.FLOOR else operation(peer.dialect, "many")
    return Request(text, {"first": first, "each": each}, peer.bearer(1))


def _compared(first: int, each: int, reference: Running, running: Running) -> Size:
    body = running.ask(_request(running.peer, first, each))
    right = reference.ask(_request(reference.peer, first, each))
    wanted, got = canonical(parsed(reference, "many", right)), canonical(parsed(running, "many", body))
    if wanted != got:
        raise SystemExit(f"bench: {running.peer.name} answers wrongly, at {difference(wanted, got)}")
    return Size(len(body), objects_in(got["data"]))


def users(server: Server, counts: Sequence[int], whole: int, options: Options) -> None:
    """The workload's queries over databases of different sizes, each made for it and dropped after it.

    Of more than `whole` users only so many have all their rows, the others a quarter of them; the former are asked for.
    """
    found: list[Point] = []
    sizes = {}
    for count in counts:
        name = f"zorbit_{count}"  # one that an interrupted run has left is taken over
        database.prepared(server, name, count, min(count, whole))
        sizes[count] = round(database.size_mb(server, name))
        peers = [PEERS["zorbit"], PEERS["floor"]]
        with server.connect(name) as connection, all_running(peers, server.url(name)) as running:
            tasks = reads(Reference(connection, min(count, whole)))
            found += points(server, running, tasks, options, count)
        database.drop(server, name)
        keep("users", found, size_mb=sizes, whole=whole)


def workers(server: Server, url: str, counts: Sequence[int], options: Options) -> None:
    """The workload's queries, by one process and by more."""
    found: list[Point] = []
    with server.connect(database.NAME) as connection:
        tasks = reads(Reference(connection))
        for count in counts:
            with all_running([PEERS["zorbit"]], url, {"ZORBIT_WORKERS": str(count)}) as running:
                found += points(server, running, tasks, options, count)
    keep("workers", found)
