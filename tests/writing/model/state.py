"""What Zorbit's documents promise, as plain dicts: rows, quotas, and who sees what of them.

Rows go by short names ("post-3"), from which whoever compares finds their ids.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

Row = dict[str, Any]
Error = dict[str, Any]

PARENTS = {"message": "thread", "idea": "message"}
REFERENCES = {
    "message": ("thread",),
    "idea": ("message",),
    "post": ("message", "persona", "template"),
    "comment": ("persona",),
}
LISTS = {
    "thread": {"messages": "message"},
    "message": {"ideas": "idea", "posts": "post"},
    "persona": {"posts": "post", "comments": "comment"},
    "template": {"posts": "post"},
}
FIELDS = {
    "user": ("email", "name", "role"),
    "thread": ("title", "type"),
    "message": ("content", "generationTime"),
    "idea": ("title", "content", "keyTakeaways", "controversialAngle", "isSaved"),
    "post": (
        *("title", "content", "type", "imageUrl", "imageKey", "metadata", "systemPersona"),
        *("isSaved", "isLiked", "isDisliked", "published", "scheduledOn"),
        *("isPostedOnLinkedin", "linkedinUrl", "linkedinPostedAt"),
    ),
    "persona": ("name", "defaultPrompt", "profession", "preferences"),
    "template": ("name", "content"),
    "comment": ("firstName", "lastName", "quote", "title", "date"),
}
CONTENT = [kind for kind in FIELDS if kind != "user"]
TITLES: dict[str, tuple[str | None, str | None]] = {
    "user": ("email", None),
    "thread": ("title", None),
    "message": (None, "content"),
    "idea": ("title", None),
    "post": ("title", "content"),
    "persona": ("name", None),
    "template": ("name", None),
    "comment": (None, "quote"),
}
"""What a row in the trash is recognised by: one whole, else the other's beginning."""


class RefusedError(Exception):
    """Nothing is changed, for one of these reasons: where several hold, nobody says which is told."""

    def __init__(self, reasons: list[list[Error]]) -> None:
        self.reasons = [ordered(errors) for errors in reasons]


def refuse(*reasons: list[Error]) -> None:
    """Refuse, if there is any reason to. What is to be told at once is one reason."""
    if any(reasons):
        raise RefusedError([errors for errors in reasons if errors])


def ordered(errors: Iterable[Error]) -> list[Error]:
    """In what order they come is nobody's concern."""
    return sorted(errors, key=lambda error: (error["field"] or [], error["code"]))


def error(code: str, field: str | None = None, **more: Any) -> Error:
    """A refusal; `field` is a path with dots."""
    return {"code": code, "field": field and field.split("."), **more}


@dataclass
class State:
    """All that is stored."""

    limits: dict[str, int]
    """The plan's, by type."""
    past: str
    """What was scheduled no later than that is due or missed."""
    missed: str
    """What was scheduled no later than that is missed."""
    resets_at: str
    rows: dict[str, Row] = field(default_factory=dict)
    subscribed: dict[str, str] = field(default_factory=dict)
    """The status of each user's subscription; all of them hold."""
    used: Counter[tuple[str, str]] = field(default_factory=Counter)
    adjusted: dict[tuple[str, str], int] = field(default_factory=dict)
    paid: set[str] = field(default_factory=set)
    """Posts whose scheduling was paid and can be given back."""
    begun: set[tuple[str, str]] = field(default_factory=set)
    """The quotas that have a row: something was spent, or adjusted."""
    stamps: dict[str, str] = field(default_factory=dict)
    """`updatedAt` of what was seen last: the only thing that can't be foretold."""
    acting: dict[str, str] = field(default_factory=dict)
    """The role in which a request was begun: it ends in that, though the request may change it."""
    numbers: Counter[str] = field(default_factory=Counter)

    # Rows

    def add(self, kind: str, user: str | None, name: str | None = None, /, **values: Any) -> str:
        """A new row's name."""
        self.numbers[kind] += 1
        name = name or f"{kind}-{self.numbers[kind]}"
        plain = dict.fromkeys((*FIELDS[kind], *REFERENCES.get(kind, ())))
        made = {"id": name, "kind": kind, "user": user or name, "deleted": False, "version": 0}
        self.rows[name] = plain | made | values
        return name

    def write(self, name: str, /, **values: Any) -> None:
        """Change a row, or nothing."""
        row = self.rows[name]
        if any(row[key] != value for key, value in values.items()):
            row.update(values, version=row["version"] + 1)

    def above(self, row: Row) -> list[Row]:
        """What a row is part of, outermost first."""
        if row["kind"] == "user":
            return []
        kind = PARENTS.get(row["kind"])
        parent = self.rows[row[kind] if kind else row["user"]]
        return [*self.above(parent), parent]

    def live(self, row: Row) -> bool:
        return not any(part["deleted"] for part in [*self.above(row), row])

    def live_users(self, role: str | None = None) -> list[Row]:
        users = [row for row in self.rows.values() if row["kind"] == "user" and not row["deleted"]]
        return [user for user in users if role in (None, user["role"])]

    def role(self, viewer: str) -> str:
        return self.acting.get(viewer) or str(self.rows[viewer]["role"])

    def may(self, viewer: str, row: Row) -> bool:
        """Whether the row is the viewer's to read and write, were it not for deletion."""
        role = self.role(viewer)
        return role == "ADMIN" or (role == "USER" and row["user"] == viewer)

    def sees(self, viewer: str, row: Row) -> bool:
        return self.may(viewer, row) and self.live(row)

    def missing(self, viewer: str, kind: str, name: str, place: str = "input.id") -> list[Error]:
        """Why not, if the viewer sees no such row."""
        row = self.rows.get(name)
        seen = row is not None and row["kind"] == kind and self.sees(viewer, row)
        return [] if seen else [error("NOT_FOUND", place)]

    def find(self, viewer: str, kind: str, name: str, place: str = "input.id") -> Row:
        """A row that the viewer sees."""
        refuse(self.missing(viewer, kind, name, place))
        return self.rows[name]

    # What is read

    def shown(self, viewer: str, name: str) -> Any:
        """A row as the viewer reads it; None where he doesn't see it."""
        row = self.rows[name]
        if not self.sees(viewer, row):
            return None
        kind = row["kind"]
        found = {"id": name} | {key: row[key] for key in FIELDS[kind]}
        if kind == "user":
            return found | {"quotas": self.quotas(name)}
        found["user"] = {"id": row["user"]}
        for reference in REFERENCES.get(kind, ()):
            found[reference] = self.link(viewer, row[reference])
        if kind == "post":
            found["systemPersona"] = row["systemPersona"] and {"id": row["systemPersona"]}
            found["status"] = status(row)
        return found

    def edges(self, viewer: str, name: str) -> dict[str, Any]:
        """The lists below a row."""
        kind = self.rows[name]["kind"]
        return {
            edge: {
                other: {"id": other} for other in self.seen(viewer, child) if self.rows[other][kind] == name
            }
            for edge, child in LISTS.get(kind, {}).items()
        }

    def link(self, viewer: str, name: str | None) -> Any:
        """What leads to another row."""
        return {"id": name} if name and self.sees(viewer, self.rows[name]) else None

    def seen(self, viewer: str, kind: str, *, own: bool = False) -> list[str]:
        """All rows of a kind that the viewer sees."""
        return [
            name
            for name, row in self.rows.items()
            if row["kind"] == kind and self.sees(viewer, row) and (not own or row["user"] == viewer)
        ]

    def entry(self, name: str) -> Any:
        """How a deleted row lies in the trash; None where it isn't deleted."""
        row = self.rows[name]
        if not row["deleted"]:
            return None
        named, text = TITLES[row["kind"]]
        title = row[named] if named else None
        if title is None and text:
            title = row[text][:100]
        return {"id": name, "type": row["kind"].upper(), "title": title, "blockedBy": self.blocking(row)}

    def blocking(self, row: Row) -> list[dict[str, str]]:
        """The deleted rows that a row is part of, outermost first."""
        return [
            {"id": part["id"], "type": part["kind"].upper()} for part in self.above(row) if part["deleted"]
        ]

    def trash(self, user: str) -> dict[str, Any]:
        """A user's deleted rows."""
        gone = [row for row in self.rows.values() if row["deleted"] and row["kind"] != "user"]
        return {row["id"]: self.entry(row["id"]) for row in gone if row["user"] == user}

    def due(self) -> dict[str, Any]:
        """What a publisher has to post."""
        posts = [row for row in self.rows.values() if row["kind"] == "post" and self.live(row)]
        return {
            post["id"]: {
                "post": {name: post[name] for name in ("id", "title", "content", "scheduledOn")},
                "ownerEmail": self.rows[post["user"]]["email"],
            }
            for post in posts
            if status(post) == "SCHEDULED"
            and self.missed < post["scheduledOn"] <= self.past
            and post["user"] in self.subscribed
        }

    # Quotas

    def quota(self, user: str, type: str) -> dict[str, Any]:
        """The state of a user's quota."""
        holds = user in self.subscribed
        limit = self.adjusted.get((user, type), self.limits[type]) if holds else 0
        used = self.personas(user) if type == "PERSONA" else self.used[user, type]
        return {
            "type": type,
            "used": used,
            "limit": limit,
            "remaining": max(0, limit - used),
            "hasQuota": used < limit,
            "resetsAt": self.resets_at if holds else None,
        }

    def quotas(self, user: str) -> dict[str, Any]:
        return {type: self.quota(user, type) for type in self.limits}

    def personas(self, user: str) -> int:
        rows = [row for row in self.rows.values() if row["kind"] == "persona" and not row["deleted"]]
        return sum(row["user"] == user for row in rows)

    def spend(self, user: str, type: str, amount: int = 1) -> None:
        """Use that much, or be refused; of PERSONA, the rows themselves are what is used."""
        if user not in self.subscribed:
            refuse([error("SUBSCRIPTION_REQUIRED")])
        quota = self.quota(user, type)
        if quota["used"] + amount > quota["limit"]:
            refuse([error("QUOTA_EXHAUSTED", quota=quota, resetsAt=quota["resetsAt"])])
        self.begun.add((user, type))
        if type != "PERSONA":
            self.used[user, type] += amount

    def unschedule(self, post: Row) -> bool:
        """Whether anything was given back."""
        self.write(post["id"], scheduledOn=None)
        refunded = post["id"] in self.paid
        if refunded:
            self.paid.remove(post["id"])
            self.used[post["user"], "POST_SCHEDULING"] -= 1
        return refunded


def status(post: Row) -> str:
    """How far a post has come."""
    if post["isPostedOnLinkedin"]:
        return "POSTED"
    if post["scheduledOn"] is not None:
        return "SCHEDULED"
    return "READY" if post["published"] else "DRAFT"
