"""What hostile clients send, all of it at once; what good clients send meanwhile."""

import random
from collections.abc import Iterator
from itertools import count

from bench.growth.strangers import TEXT
from bench.hostile.arrivals import post, wire
from bench.peers import PEERS
from bench.workload import READS, Request, shuffled, user_id

TEXTS = 1_000_000
"""So many a minute at most."""
HOSTILE = tuple(range(1990, 2001))
"""Users who mean harm; good ones are the others."""
ADDRESS = "127.0.0.66"
"""Where hostile clients come from."""

_DEEP = "{ viewer " + "{ posts { nodes { user " * 30 + "{ id }" + " } } }" * 30 + " }"
_BOMB = (
    "{ viewer { ...f0 } } "
    + " ".join(f"fragment f{n} on User {{ a: id ...f{n + 1} ...f{n + 1} }}" for n in range(60))
    + " fragment f60 on User { id }"
)
_WIDE = "{ viewer { " + " ".join(f"a{n}: email" for n in range(3000)) + " } }"
_DEAR = """{ viewer { threads(first: 100) { totalCount nodes { title messages(first: 30) { totalCount nodes { content
    posts(first: 3) { nodes { content } } } } } } posts(first: 100, search: "content") { totalCount nodes { content } } } }"""
_INTROSPECTION = "{ __schema { types { name fields { name args { name } type { name ofType { name } } } } } }"
_WRONG = (
    'mutation { createPost(input: {content: "", personaId: "x"}) { post { id } userErrors { message } } }'
)
_DENSE = "query {name} {{ viewer {{ ...f0 }} }} {fragments} fragment f97 on User {{ id }}"
_FRAGMENTS = " ".join(f"fragment f{n} on User {{ email ...f{n + 1} }}" for n in range(97))
_SHAPES = (
    "query ($n: Int!) { viewer { "
    + " ".join(f"a{n}: posts(first: $n) {{ nodes {{ id }} }}" for n in range(39))
    + " } }"
)
_CONDITIONS = "query ($w: PostWhere!) { viewer { posts(where: $w) { nodes { id } } } }"
_FORGED = "authorization: Bearer eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJ4In0."


def good() -> Iterator[bytes]:
    """The workload's queries in turn, of users in turn, without end."""
    peer = PEERS["zorbit"]
    users = [user for user in shuffled() if user not in HOSTILE]
    made = [wire(peer.request(query, user)) for user in users for query in READS]
    while True:
        yield from made


def hostile(minute: int, *, dear: bool) -> Iterator[bytes]:
    """Bytes, tokens and operations that mean harm, in turn, without end; each minute's new texts are its own.

    With `dear` ones there are pages of thousands of rows among them, and new texts that are meant to be dear: a
    step of either takes 15 milliseconds.
    """
    chance = random.Random(minute)  # noqa: S311 - nothing secret
    for number in count(minute * TEXTS):
        user = user_id(chance.choice(HOSTILE))
        yield wire(Request(TEXT.format(number), {}, user))
        yield post(b'{"query": "{ viewer')
        yield post(b"[" * 20_000)
        yield post(b'{"query":' + b" " * 200_000 + b'"{ __typename }"}')
        yield post(b'{"query":"{ __typename }"}', f"{_FORGED}{chance.randbytes(64).hex()}\r\n")
        yield post(b'{"query":"{ viewer { id } }"}', "authorization: Basic eA==\r\n")
        for text in (_DEEP, _BOMB, _WIDE, _DEAR, _INTROSPECTION, _WRONG):
            yield wire(Request(text, {}, user))
        yield wire(Request("query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", {"ids": ["x"] * 2_400}, user))
        yield wire(Request(_CONDITIONS, {"w": {"or": [{"title": {"eq": "x"}}] * 70}}, user))
        if dear:
            yield wire(Request(_SHAPES, {"n": number % 100}, user))
            yield wire(Request(_DENSE.format(name=f"q{number}", fragments=_FRAGMENTS), {}, user))
        yield post(b'{"query":"{ __typename }"}', path="/graphql/../metrics")
