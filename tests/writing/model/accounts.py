"""What happens to accounts, and to several rows at once, by the model's rules."""

from collections.abc import Callable

from tests.writing.model.rules import Input, Payload, bring_back, remove, rule, stale
from tests.writing.model.state import CONTENT, FIELDS, Error, RefusedError, Row, State, error, refuse, status
from tests.writing.model.values import faults

KINDS = list(FIELDS)


def taken(state: State, email: str, place: str) -> None:
    """Refuse an address that a live user has."""
    for user in state.live_users():
        if user["email"].lower() == email.lower():
            refuse([error("CONFLICT", place, current={"id": user["id"]})])


def spare(state: State, user: Row, place: str | None) -> None:
    """Refuse to take the last admin away."""
    if state.live_users("ADMIN") == [user]:
        refuse([error("LAST_ADMIN", place)])


@rule("createUser")
def create_user(state: State, caller: str, given: Input) -> Payload:
    refuse(faults("user", given))
    taken(state, given["email"], "input.email")
    values = {"role": "USER"} | given
    return {"user": ("row", state.add("user", None, **values))}


@rule("updateViewer")
def update_viewer(state: State, caller: str, given: Input) -> Payload:
    user = state.find(caller, "user", caller)
    values = {key: value for key, value in given.items() if key != "ifUpdatedAt"}
    refuse(faults("user", values), stale(state, caller, user, given))
    state.write(caller, **values)
    return {"viewer": ("row", caller)}


@rule("setUserRole")
def set_role(state: State, caller: str, given: Input) -> Payload:
    user = state.find(caller, "user", given["id"])
    if given["role"] != "ADMIN":
        spare(state, user, "input.id")
    state.write(user["id"], role=given["role"])
    return {"user": ("row", user["id"])}


@rule("deleteUser")
def delete_user(state: State, caller: str, given: Input) -> Payload:
    user = state.find(caller, "user", given["id"])
    return end(state, user, "input.id")


@rule("deleteViewer")
def delete_viewer(state: State, caller: str, given: Input) -> Payload:
    return end(state, state.rows[caller], None)


def end(state: State, user: Row, place: str | None) -> Payload:
    """Delete an account."""
    spare(state, user, place)
    for row in state.rows.values():
        if row["kind"] == "post" and row["user"] == user["id"] and status(row) == "SCHEDULED":
            state.unschedule(row)
    if user["id"] in state.subscribed:
        state.subscribed[user["id"]] = "CANCELED"
    state.write(user["id"], deleted=True)
    return {"deletedId": ("plain", user["id"]), "trashEntry": ("entry", user["id"])}


@rule("restoreUser")
def restore_user(state: State, caller: str, given: Input) -> Payload:
    user = state.rows.get(given["id"])
    if user is None or user["kind"] != "user" or not user["deleted"]:
        raise RefusedError([[error("NOT_FOUND", "input.id")]])
    taken(state, user["email"], "email")
    state.write(user["id"], deleted=False)
    return {"user": ("row", user["id"])}


@rule("adjustQuota")
def adjust(state: State, caller: str, given: Input) -> Payload:
    user = state.find(caller, "user", given["userId"], "input.userId")["id"]
    if user not in state.subscribed:
        refuse([error("SUBSCRIPTION_REQUIRED")])
    state.begun.add((user, given["type"]))
    state.adjusted[user, given["type"]] = given["limit"]
    quota = (user, given["type"])
    return {"quota": ("quota", quota), "usageQuota": ("stored", quota)}


# Several rows at once


@rule("deleteRows")
def delete_rows(state: State, caller: str, given: Input) -> Payload:
    """Children before parents, so that both are deleted."""

    def delete(name: str, place: str) -> None:
        row = state.rows.get(name)
        if row is None or row["kind"] == "user" or not state.sees(caller, row):
            raise RefusedError([[error("NOT_FOUND", place)]])
        remove(state, row)

    refusals = each(state, given["ids"], delete, reverse=True)
    return {"results": ("results", [(name, "trashEntry", refusals[name]) for name in given["ids"]])}


@rule("restoreRows")
def restore_rows(state: State, caller: str, given: Input) -> Payload:
    """Parents before children; in what order does matter to personas, the oldest of which comes first."""

    def restore(name: str, place: str) -> None:
        bring_back(state, caller, name, CONTENT, place)

    refusals = each(state, given["ids"], restore, reverse=False)
    return {"results": ("results", [(name, "node", refusals[name]) for name in given["ids"]])}


def each(
    state: State, names: list[str], act: Callable[[str, str], None], *, reverse: bool
) -> dict[str, list[Error]]:
    """Act on each by itself; the refusals."""
    places = {name: f"input.ids.{index}" for index, name in enumerate(names)}
    age = {name: index for index, name in enumerate(state.rows)}

    def depth(name: str) -> tuple[int, int]:
        row = state.rows.get(name)
        return (KINDS.index(row["kind"]), age[name]) if row else (0, 0)

    refusals: dict[str, list[Error]] = {}
    for name in sorted(names, key=depth, reverse=reverse):
        refusals[name] = []
        try:
            act(name, places[name])
        except RefusedError as refused:
            refusals[name] = refused.reasons[0]
    return refusals
