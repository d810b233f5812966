"""What each mutation of content does, by the model's rules.

A rule changes the state or raises RefusedError. It gives what its payload names: rows, trash entries and
quotas, to be read when the payload is, and plain facts.
"""

from collections.abc import Callable
from typing import Any

from tests.writing.model.state import (
    CONTENT,
    PARENTS,
    REFERENCES,
    Error,
    RefusedError,
    Row,
    State,
    error,
    refuse,
)
from tests.writing.model.values import DEFAULTS, faults, stored, wrong

Input = dict[str, Any]
Payload = dict[str, tuple[str, Any]]
Rule = Callable[[State, str, Input], Payload]

RULES: dict[str, Rule] = {}
FIXED = {
    *("title", "content", "imageUrl", "imageKey", "type"),
    *("message", "persona", "template", "systemPersona"),
}
"""What does not change in a posted post."""
GENERATED = {"post": "POST_GENERATION", "idea": "IDEA_GENERATION", "comment": "COMMENT_GENERATION"}
SCHEDULING = "POST_SCHEDULING"


def rule(name: str) -> Callable[[Rule], Rule]:
    """Says which mutation a function is the rule of."""
    return lambda function: RULES.setdefault(name, function)


def conflict(state: State, caller: str, row: Row, place: str = "input.id") -> list[Error]:
    """The present state does not allow it."""
    return [error("CONFLICT", place, current=state.link(caller, row["id"]))]


def stale(state: State, caller: str, row: Row, given: Input) -> list[Error]:
    """Why not to write what was changed since it was read."""
    fresh = given.get("ifUpdatedAt") in {None, state.stamps.get(row["id"])}
    return [] if fresh else conflict(state, caller, row, "input.ifUpdatedAt")


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
        refuse(wrong(state, owner, kind, given, plain(kind)))
        if kind == "persona":
            state.spend(owner, "PERSONA")
        name = state.add(kind, owner, **DEFAULTS.get(kind, {}) | stored(kind, given))
        return {kind: ("row", name)} | (told_of(owner, "PERSONA") if kind == "persona" else {})

    return create


def updating(kind: str) -> Rule:
    def update(state: State, caller: str, given: Input) -> Payload:
        values = {key: value for key, value in given.items() if key not in {"id", "ifUpdatedAt"}}
        if missing := state.missing(caller, kind, given["id"]):
            refuse(missing, faults(kind, values))
        row = state.rows[given["id"]]
        written = stored(kind, values)
        is_fixed = (
            kind == "post"
            and row["isPostedOnLinkedin"]
            and any(row[key] != written.get(key, row[key]) for key in FIXED)
        )
        refuse(
            wrong(state, row["user"], kind, values, row),
            stale(state, caller, row, given),
            conflict(state, caller, row) if is_fixed else [],
        )
        state.write(row["id"], **written)
        return {kind: ("row", row["id"])}

    return update


def deleting(kind: str) -> Rule:
    def delete(state: State, caller: str, given: Input) -> Payload:
        row = state.find(caller, kind, given["id"])
        refuse(stale(state, caller, row, given))
        refunded = remove(state, row)
        payload: Payload = {"deletedId": ("plain", row["id"]), "trashEntry": ("entry", row["id"])}
        if kind in {"post", "persona"}:
            type = "PERSONA" if kind == "persona" else SCHEDULING
            payload |= {"refunded": ("plain", refunded)} | told_of(row["user"], type)
        return payload

    return delete


def restoring(kind: str) -> Rule:
    def restore(state: State, caller: str, given: Input) -> Payload:
        row = bring_back(state, caller, given["id"], [kind])
        return {kind: ("row", row["id"])} | (told_of(row["user"], "PERSONA") if kind == "persona" else {})

    return restore


def remove(state: State, row: Row) -> bool:
    """Put a row into the trash; whether anything was given back."""
    refunded = row["kind"] == "persona" and (row["user"], "PERSONA") in state.begun
    if row["kind"] == "post" and not row["isPostedOnLinkedin"]:
        refunded = state.unschedule(row)
    state.write(row["id"], deleted=True)
    return refunded


def bring_back(state: State, caller: str, name: str, kinds: list[str], place: str = "input.id") -> Row:
    """Take a row out of the trash."""
    row = state.rows.get(name)
    if row is None or row["kind"] not in kinds or not row["deleted"] or not state.may(caller, row):
        raise RefusedError([[error("NOT_FOUND", place)]])
    if blocking := state.blocking(row):
        refuse([error("RESTORE_BLOCKED", blockedBy=blocking)])
    if row["kind"] == "persona":
        state.spend(row["user"], "PERSONA")
    state.write(name, deleted=False)
    return row


def told_of(user: str, type: str) -> Payload:
    """The quota that a payload tells of."""
    return {"quota": ("quota", (user, type))}


for _kind in CONTENT:
    _title = _kind.capitalize()
    RULES[f"create{_title}"] = creating(_kind)
    RULES[f"update{_title}"] = updating(_kind)
    RULES[f"delete{_title}"] = deleting(_kind)
    RULES[f"restore{_title}"] = restoring(_kind)
