"""Others of the same kind: what clients ask besides the four queries, Zorbit against itself.

What costs more than its neighbours for as many objects has left the fast path.
"""

import re
from functools import partial

from bench.answers import objects_in
from bench.peers import Peer, operation
from bench.places import PEERS
from bench.servers import Running
from bench.tasks import Size, Task, parsed
from bench.workload import Request, key, shuffled

_FOLDER = "similar"
PREFIX = "similar."


def similar() -> list[Task]:
    """The tasks."""
    return [_similar(path.stem) for path in sorted((PEERS / "queries" / _FOLDER).glob("*.graphql"))]


def request(name: str, peer: Peer, user: int) -> Request:
    """The operation for a user: its variables are named after what they are ids of."""
    text = operation(_FOLDER, name)
    ids = {
        "post": key(f"p{user}.{user % 12 + 1}.{user % 8 + 1}"),
        "thread": key(f"t{user}.{user % 9 + 1}"),
        "persona": key(f"pe{user}.2"),
    }
    variables = {kind: str(id) for kind, id in ids.items() if re.search(rf"\${kind}: ID!", text)}
    return Request(text, variables, peer.bearer(user))


def _similar(name: str) -> Task:
    return Task(
        PREFIX + name,
        lambda peer: peer.name == "zorbit",
        lambda peer: (request(name, peer, user) for user in shuffled()),
        partial(_checked, name),
        rounds=2,
    )


def _checked(name: str, running: Running) -> Size:
    body = running.ask(request(name, running.peer, 1))
    number = objects_in(parsed(running, name, body)["data"])
    if number < 2:
        raise SystemExit(f"bench: {running.peer.name} finds nothing for {name}: {body[:300]!r}")
    return Size(len(body), number)
