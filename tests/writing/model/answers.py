"""What the server should answer: to what is sent, sent again, and asked."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from tests.writing.model import accounts, posts  # noqa: F401  They add their rules.
from tests.writing.model.rules import RULES, Input, Payload
from tests.writing.model.state import CONTENT, Error, RefusedError, State, error, refuse

OWNERS = ["alice", "bob"]
CALLERS = [*OWNERS, "admin", "service"]
ROLES = dict.fromkeys(OWNERS, "USER") | {"admin": "ADMIN", "service": "SERVICE"}
"""In the beginning."""
ADMINS = {"adjustQuota", "createUser", "deleteUser", "restoreUser", "setUserRole"}
SERVICES = {"markPostPublished"}
RECORDED = {"createUser", "updateViewer", "setUserRole", "adjustQuota"}
"""What is recorded whoever does it, besides deleting and restoring."""


def allowed(role: str, mutation: str) -> bool:
    """Whether a role may send it."""
    if role == "SERVICE":
        return mutation in SERVICES
    return role == "ADMIN" or mutation not in ADMINS


class Model:
    """Answers as the server should."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.sent: dict[tuple[str, str, str], tuple[Input, Payload]] = {}
        self.recorded: list[dict[str, Any]] = []

    def answers(self, caller: str, mutation: str, given: Input, key: str | None) -> list[Any]:
        """The payload, or the code of why there is none; several, where nobody says which."""
        if self.state.rows[caller]["deleted"]:
            return ["UNAUTHENTICATED"]
        if not allowed(self.state.role(caller), mutation):
            return ["FORBIDDEN"]
        self.state.acting = {caller: self.state.role(caller)}
        try:
            payload = self._payload(caller, mutation, given, key)
            return [{name: self.read(caller, *tag) for name, tag in payload.items()} | {"userErrors": []}]
        except RefusedError as refused:
            return [{"userErrors": errors} for errors in refused.reasons]
        finally:
            self.state.acting = {}

    def _payload(self, caller: str, mutation: str, given: Input, key: str | None) -> Payload:
        place = (caller, mutation, key or "")
        if place in self.sent:
            before, payload = self.sent[place]
            refuse([error("IDEMPOTENCY_KEY_REUSED", "idempotencyKey")] if before != given else [])
            return payload
        payload = RULES[mutation](self.state, caller, given)
        self.record(caller, mutation, payload)
        if key is not None:
            self.sent[place] = (given, payload)
        return payload

    def record(self, actor: str, action: str, payload: Payload) -> None:
        """What the audit trail gains."""
        always = action in RECORDED or action.startswith(("delete", "restore"))
        for subject, user in self.changed(payload):
            if always or user != actor:
                entry = {
                    "action": action,
                    "actorRole": self.state.role(actor),
                    "actor": actor,
                    "subject": subject,
                    "user": user,
                }
                self.recorded.append(entry)

    def changed(self, payload: Payload) -> Iterator[tuple[str, str]]:
        """Each row that a payload tells of, and whose it is."""
        for sort, value in payload.values():
            match sort:
                case "row" | "entry":
                    names = [value]
                case "rows":
                    names = value
                case "results":
                    names = [name for name, _, errors in value if not errors]
                case "stored":
                    yield "quota", value[0]
                    continue
                case _:
                    continue
            yield from ((name, self.state.rows[name]["user"]) for name in names)

    # What payloads name, as it is now

    def read(self, caller: str, sort: str, value: Any) -> Any:
        """What the caller reads of it."""
        state = self.state
        found: Any = value
        match sort:
            case "row":
                found = state.shown(caller, value)
            case "rows":
                found = [shown for name in value if (shown := state.shown(caller, name)) is not None]
            case "entry":
                row = state.rows[value]
                restores = state.may(caller, row) and (row["kind"] != "user" or state.role(caller) == "ADMIN")
                found = state.entry(value) if restores else None
            case "quota" | "stored" if not state.sees(caller, state.rows[value[0]]):
                found = None
            case "quota":
                found = state.quota(*value)
            case "stored":
                quota = state.quota(*value)
                found = {name: quota[name] for name in ("type", "used", "limit")}
            case "results":
                found = [self.result(caller, *result) for result in value]
        return found

    def result(self, caller: str, name: str, shown: str, errors: list[Error]) -> dict[str, Any]:
        """What came of one row among several."""
        if errors:
            return {"id": name, shown: None, "userErrors": errors}
        found = self.read(caller, "entry", name) if shown == "trashEntry" else self.state.link(caller, name)
        return {"id": name, shown: found, "userErrors": []}

    # Whatever there is to read

    def reading(self, caller: str, *, whole: bool) -> dict[str, Any]:
        """Everything that a caller can read, or all but what the rest tells already."""
        state = self.state
        role = state.role(caller)
        if role == "SERVICE":
            return {"duePosts": state.due()}
        found: dict[str, Any] = {"viewer": state.shown(caller, caller), "trash": state.trash(caller)}
        if whole or role == "USER":
            found["viewer"] |= self.lists(caller, own=True, whole=whole)
        if whole:
            status = state.subscribed.get(caller)
            found["viewer"]["subscription"] = status and {"status": status}
            found["viewer"]["auditEntries"] = self.audit(caller, own=True)
        if role == "ADMIN":
            gone = [row["id"] for row in state.rows.values() if row["kind"] == "user" and row["deleted"]]
            found |= self.lists(caller, own=False, whole=whole)
            found |= {f"trash_{name}": state.trash(name) for name in OWNERS}
            found["users"] = {name: state.shown(caller, name) for name in state.seen(caller, "user")}
            found["deletedUsers"] = {name: state.entry(name) for name in gone}
            if whole:
                found["auditEntries"] = self.audit(caller, own=False)
        return found

    def lists(self, caller: str, *, own: bool, whole: bool) -> dict[str, Any]:
        """The rows of each kind."""
        return {
            f"{kind}s": {
                name: self.state.shown(caller, name) | (self.state.edges(caller, name) if whole else {})
                for name in self.state.seen(caller, kind, own=own)
            }
            for kind in CONTENT
        }

    def audit(self, caller: str, *, own: bool) -> Any:
        """How often the audit trail tells of what."""
        entries = [entry for entry in self.recorded if not own or entry["user"] == caller]
        return counted(entry | {"actor": self.state.link(caller, entry["actor"])} for entry in entries)


def counted(entries: Iterable[Any]) -> Counter[tuple[str, ...]]:
    """Entries of the audit trail, in no order."""
    return Counter(
        (entry["action"], entry["actorRole"], entry["subject"], (entry["actor"] or {"id": "nobody"})["id"])
        for entry in entries
    )
