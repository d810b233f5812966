"""What each mutation of content does, by the model's rules.

A rule changes the state or raises RefusedError. It gives what its payload names: rows, trash entries and
quotas, to be read when the payload is, and plain facts.
"""

from collections.abc import Callable
from typing import Any

from tests.writing.model import CONTENT, PARENTS, REFERENCES, RefusedError, Row, State, error, status
from tests.writing.model_values import DEFAULTS, demand, stored, units, wrong

Input = dict[str, Any]
Payload = dict[str, tuple[str, Any]]
Rule = Callable[[State, str, Input], Payload]

RULES: dict[str, Rule] = {}
FIXED = ("title", "content", "imageUrl", "imageKey", "type", "message", "persona", "template", "systemPersona")
"""What does not change in a posted post."""
GENERATED = {"post": "POST_GENERATION", "idea": "IDEA_GENERATION", "comment": "COMMENT_GENERATION"}
SCHEDULING = "POST_SCHEDULING"


def rule(name: str) -> Callable[[Rule], Rule]:
    """Says which mutation a function is the rule of."""
    return lambda function: RULES.setdefault(name, function)


def conflict(state: State, caller: str, row: Row, place: str = "input.id") -> RefusedError:
    """The present state does not allow it."""
    return RefusedError(error("CONFLICT", place, current=state.link(caller, row["id"])))


def fresh(state: State, caller: str, row: Row, given: Input) -> None:
    """Refuse a write to what was changed since it was read."""
    if given.get("ifUpdatedAt") not in (None, state.stamps.get(row["id"])):
        raise conflict(state, caller, row, "input.ifUpdatedAt")


def owner_of(state: State, caller: str, kind: str, given: Input) -> str:
    """Whose a new row is: its parent's owner's, else the caller's; nobody's, where the parent isn't seen."""
    if kind not in PARENTS:
        return caller
    parent = state.rows.get(given[f"{PARENTS[kind]}Id"])
    return parent["user"] if parent and state.sees(caller, parent) else "nobody"


def plain(kind: str) -> Row:
    """A row of which nothing is given."""
    return dict.fromkeys((*REFERENCES.get(kind, ()), "systemPersona", "content")) | DEFAULTS.get(kind, {})


# Any kind of row


def creating(kind: str) -> Rule:
    def create(state: State, caller: str, given: Input) -> Payload:
        owner = owner_of(state, caller, kind, given)
        demand(state, owner, kind, given, plain(kind))
        if kind == "persona":
            state.spend(owner, "PERSONA")
        name = state.add(kind, owner, **DEFAULTS.get(kind, {}) | stored(kind, given))
        return {kind: ("row", name)} | (quota_of(kind, owner) if kind == "persona" else {})

    return create


def updating(kind: str) -> Rule:
    def update(state: State, caller: str, given: Input) -> Payload:
        row = state.find(caller, kind, given["id"])
        values = {key: value for key, value in given.items() if key not in {"id", "ifUpdatedAt"}}
        demand(state, row["user"], kind, values, row)
        fresh(state, caller, row, given)
        written = stored(kind, values)
        if kind == "post" and row["isPostedOnLinkedin"] and any(row[key] != written.get(key, row[key]) for key in FIXED):
            raise conflict(state, caller, row)
        state.write(row["id"], **written)
        return {kind: ("row", row["id"])}

    return update


def deleting(kind: str) -> Rule:
    def delete(state: State, caller: str, given: Input) -> Payload:
        row = state.find(caller, kind, given["id"])
        fresh(state, caller, row, given)
        refunded = remove(state, row)
        payload: Payload = {"deletedId": ("plain", row["id"]), "trashEntry": ("entry", row["id"])}
        if kind in {"post", "persona"}:
            payload |= {"refunded": ("plain", refunded)} | quota_of(kind, row["user"])
        return payload

    return delete


def restoring(kind: str) -> Rule:
    def restore(state: State, caller: str, given: Input) -> Payload:
        row = state.rows.get(given["id"])
        if row is None or row["kind"] != kind:
            raise RefusedError(error("NOT_FOUND", "input.id"))
        bring_back(state, caller, row)
        return {kind: ("row", row["id"])} | (quota_of(kind, row["user"]) if kind == "persona" else {})

    return restore


def remove(state: State, row: Row) -> bool:
    """Put a row into the trash; whether anything was given back."""
    refunded = row["kind"] == "persona" and row["user"] in state.subscribed
    if row["kind"] == "post" and not row["isPostedOnLinkedin"]:
        refunded = state.unschedule(row)
    state.write(row["id"], deleted=True)
    return refunded


def bring_back(state: State, caller: str, row: Row, place: str = "input.id") -> None:
    """Take a row out of the trash."""
    if not row["deleted"] or not state.may(caller, row):
        raise RefusedError(error("NOT_FOUND", place))
    if blocking := state.blocking(row):
        raise RefusedError(error("RESTORE_BLOCKED", blockedBy=blocking))
    if row["kind"] == "persona":
        state.spend(row["user"], "PERSONA")
    state.write(row["id"], deleted=False)


def quota_of(kind: str, user: str) -> Payload:
    """The quota that a payload tells of."""
    types = {"persona": "PERSONA", "post": SCHEDULING}
    return {"quota": ("quota", (user, types[kind]))} if kind in types else {}


for _kind in CONTENT:
    _title = _kind.capitalize()
    RULES[f"create{_title}"] = creating(_kind)
    RULES[f"update{_title}"] = updating(_kind)
    RULES[f"delete{_title}"] = deleting(_kind)
    RULES[f"restore{_title}"] = restoring(_kind)
