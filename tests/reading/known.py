"""What questions are made with: ids, cursors and values that there are, and some that there are not."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from tests.reading.data import INSTANTS, TEXTS
from tests.reading.twins import Twins
from tests.rows import NOW, fetch
from tests.schema.lists import LISTS, Edge, Order
from tests.schema.workspace import Workspace
from tests.schema.worlds import World
from zorbit import models

Ordered = tuple[str, str] | None
"""A list's order as it is asked for: (field, direction), or none."""

Values = tuple[list[Any], list[Any]]
"""Those that may be given, and those that are refused."""

WORDS = ["quill", "Alpha", "ünïcode", "ada", "Post", "x", "idea", "number"]
SEARCHES = [*WORDS, '"quill ada"', "quill -bob", "alpha or beta", "", '"', "- -", "😀", "nowhere"]
BAD_IDS = ["", "0", "not-an-id", "{0191d3a2-7c1e-7b6a-9b1f-2f6c1d8e4a57}", "0191d3a27c1e7b6a9b1f2f6c1d8e4a57"]
BAD_CURSORS = ["", "x", "bm90IGEgY3Vyc29y", "WyJjcmVhdGVkX2F0LSJd", "💥", "a" * 5_000]
ZONED = "2026-03-01T10:00:00.000001+01:00"
BAD_MOMENTS = ["yesterday", "2026-03-01", "2026-03-01T09:00:00", "2026-02-30T00:00:00Z", ""]
DATES = [f"2026-{month:02}-{day:02}" for month in (3, 10, 11, 12) for day in (1, 15, 25)]
DECIMALS = ["29.00", "29.0", "0.1", "100", "99999999.99", "-1"]


@dataclass(frozen=True)
class Known:
    """What there is in one world."""

    callers: dict[str, UUID | None]
    ids: dict[str, list[str]]
    """By type, whosever they are, live and deleted."""
    cursors: dict[tuple[str, Ordered], list[str]]
    """By list (`User.posts`) and order."""
    values: dict[str, Values]
    """By an argument's name or a scalar's."""

    def _repr_pretty_(self, printer: Any, _cycle: bool) -> None:
        """Short: it is told with every failure."""
        printer.text("Known(...)")


async def known(twins: Twins, world: World, workspace: Workspace) -> Known:
    """What there is; cursors are those that the reference gives."""
    callers: dict[str, UUID | None] = {
        **{name: UUID(world.people[name]) for name in ("root", "bob", "ada", "bot")},
        "owner": workspace.owner,
        "nobody": None,
    }
    admin = UUID(world.people["root"])
    cursors: dict[tuple[str, Ordered], list[str]] = {}
    for edge in LISTS:
        for order in edge.orders:
            cursors[str(edge), ordered(order)] = await _cursors(twins, edge, order, admin, workspace)
    ids = {
        table.__name__: [
            str(id) for (id,) in fetch(twins.url, f'SELECT id FROM "{table.__name__}" ORDER BY id')
        ]
        for table in models.TABLES
    }
    return Known(callers, ids, cursors, _values(twins.url, [id for some in ids.values() for id in some]))


def ordered(order: Order) -> Ordered:
    return None if order is None else (order["field"], order["direction"])


async def _cursors(twins: Twins, edge: Edge, order: Order, admin: UUID, workspace: Workspace) -> list[str]:
    given: dict[str, Any] = {} if order is None else {"orderBy": order}
    if edge.field == "trash":
        given["userId"] = str(workspace.owner)
    found = await edge.of(
        twins.client, admin, workspace.parent(edge.parent), "edges { cursor }", first=8, **given
    )
    return [made["cursor"] for made in found["edges"]]


def _values(url: str, ids: list[str]) -> dict[str, Values]:
    moments = [moment.isoformat() for moment in (*INSTANTS, NOW)]
    emails = [email for (email,) in fetch(url, 'SELECT email FROM "User" ORDER BY id')]
    return {
        "search": (SEARCHES, ["x" * 301, "\0"]),
        "email": ([*emails, *(email.upper() for email in emails[:3]), "nobody@example.com"], ["", "\0"]),
        "document": (["{ viewer { id } }", "query A { plans { totalCount } }"], ["", "{", "{ nothing }"]),
        "JSON": ([{}, {"n": 1}], ["{}", 1]),
        "ID": ([*ids, str(uuid4())], BAD_IDS),
        "String": ([*TEXTS, *WORDS], ["\0", "\ud800"]),
        "DateTime": ([*moments, *(moment.replace("+00:00", "Z") for moment in moments), ZONED], BAD_MOMENTS),
        "Date": (DATES, BAD_MOMENTS),
        "Decimal": (DECIMALS, ["1e5", "", "NaN"]),
        "Int": ([0, 1, 2, 7, -1, 2**31 - 1], [2**31]),
        "Float": ([0, 0.1, 2.5, 1e-300, -1, 1e300], []),
        "Boolean": ([False, True], []),
    }
