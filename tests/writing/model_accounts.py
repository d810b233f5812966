"""What happens to accounts, to several rows at once, and to what is sent again, by the model's rules."""

from typing import Any

from tests.writing.model import CONTENT, FIELDS, Error, RefusedError, Row, State, error, status
from tests.writing.model_posts import RULES
from tests.writing.model_rules import Input, Payload, bring_back, conflict, fresh, remove, rule
from tests.writing.model_values import demand

ADMINS = {"adjustQuota", "createUser", "deleteUser", "restoreUser", "setUserRole"}
SERVICES = {"markPostPublished"}
KINDS = list(FIELDS)
OWNERS = ["alice", "bob"]
CALLERS = [*OWNERS, "admin", "service"]


def allowed(state: State, caller: str, mutation: str) -> bool:
    """Whether the caller's role may send it."""
    role = state.role(caller)
    if role == "SERVICE":
        return mutation in SERVICES
    return role == "ADMIN" or mutation not in ADMINS


def user_named(state: State, caller: str, name: str, place: str = "input.id") -> Row:
    return state.find(caller, "user", name, place)


def taken(state: State, email: str, place: str) -> None:
    """Refuse an address that a live user has."""
    for user in state.live_users():
        if user["email"].lower() == email.lower():
            raise RefusedError(error("CONFLICT", place, current={"id": user["id"]}))


def spare(state: State, user: Row, place: str | None) -> None:
    """Refuse to take the last admin away."""
    if state.live_users("ADMIN") == [user]:
        raise RefusedError(error("LAST_ADMIN", place))


@rule("createUser")
def create_user(state: State, caller: str, given: Input) -> Payload:
    demand(state, caller, "user", given, {})
    taken(state, given["email"], "input.email")
    values = {"role": "USER"} | given
    return {"user": ("row", state.add("user", None, **values))}


@rule("updateViewer")
def update_viewer(state: State, caller: str, given: Input) -> Payload:
    user = state.find(caller, "user", caller)
    values = {key: value for key, value in given.items() if key != "ifUpdatedAt"}
    demand(state, caller, "user", values, user)
    fresh(state, caller, user, given)
    state.write(caller, **values)
    return {"viewer": ("row", caller)}


@rule("setUserRole")
def set_role(state: State, caller: str, given: Input) -> Payload:
    user = user_named(state, caller, given["id"])
    if given["role"] != "ADMIN":
        spare(state, user, "input.id")
    state.write(user["id"], role=given["role"])
    return {"user": ("row", user["id"])}


@rule("deleteUser")
def delete_user(state: State, caller: str, given: Input) -> Payload:
    user = user_named(state, caller, given["id"])
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
    state.write(user["id"], deleted=True)
    return {"deletedId": ("plain", user["id"]), "trashEntry": ("entry", user["id"])}


@rule("restoreUser")
def restore_user(state: State, caller: str, given: Input) -> Payload:
    user = state.rows.get(given["id"])
    if user is None or user["kind"] != "user" or not user["deleted"]:
        raise RefusedError(error("NOT_FOUND", "input.id"))
    taken(state, user["email"], "email")
    state.write(user["id"], deleted=False)
    return {"user": ("row", user["id"])}


@rule("adjustQuota")
def adjust(state: State, caller: str, given: Input) -> Payload:
    user = user_named(state, caller, given["userId"], "input.userId")["id"]
    if user not in state.subscribed:
        raise RefusedError(error("SUBSCRIPTION_REQUIRED"))
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
            raise RefusedError(error("NOT_FOUND", place))
        remove(state, row)

    refusals = each(state, given["ids"][::1], delete, reverse=True)
    return {"results": ("results", [(name, "entry", refusals[name]) for name in given["ids"]])}


@rule("restoreRows")
def restore_rows(state: State, caller: str, given: Input) -> Payload:
    """Parents before children; in what order does matter to personas, the oldest of which comes first."""

    def restore(name: str, place: str) -> None:
        row = state.rows.get(name)
        if row is None or row["kind"] == "user":
            raise RefusedError(error("NOT_FOUND", place))
        bring_back(state, caller, row, place)

    refusals = each(state, given["ids"], restore, reverse=False)
    return {"results": ("results", [(name, "node", refusals[name]) for name in given["ids"]])}


def each(state: State, names: list[str], act: Any, *, reverse: bool) -> dict[str, list[Error]]:
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
            refusals[name] = refused.errors
    return refusals


# Sending


class Model:
    """Answers as the server should."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.sent: dict[tuple[str, str, str], tuple[Input, Payload]] = {}

    def answer(self, caller: str, mutation: str, given: Input, key: str | None) -> dict[str, Any] | str:
        """The payload, or the code of why there is none."""
        if self.state.rows[caller]["deleted"]:
            return "UNAUTHENTICATED"
        if not allowed(self.state, caller, mutation):
            return "FORBIDDEN"
        try:
            payload = self._answer(caller, mutation, given, key)
        except RefusedError as refused:
            return {"userErrors": refused.errors}
        return {name: self.read(caller, *tag) for name, tag in payload.items()} | {"userErrors": []}

    def _answer(self, caller: str, mutation: str, given: Input, key: str | None) -> Payload:
        place = (caller, mutation, key or "")
        if place in self.sent:
            before, payload = self.sent[place]
            if before != given:
                raise RefusedError(error("IDEMPOTENCY_KEY_REUSED", "idempotencyKey"))
            return payload
        payload = RULES[mutation](self.state, caller, given)
        if key is not None:
            self.sent[place] = (given, payload)
        return payload

    def read(self, caller: str, sort: str, value: Any) -> Any:
        """What the caller reads now of what a payload names."""
        state = self.state
        match sort:
            case "row":
                return state.shown(caller, value)
            case "rows":
                return [shown for name in value if (shown := state.shown(caller, name)) is not None]
            case "entry":
                return state.entry(value) if state.may(caller, state.rows[value]) else None
            case "quota":
                return state.quota(*value)
            case "stored":
                quota = state.quota(*value)
                return {name: quota[name] for name in ("type", "used", "limit")}
            case "results":
                return [self.result(caller, *result) for result in value]
        return value

    def result(self, caller: str, name: str, sort: str, errors: list[Error]) -> dict[str, Any]:
        """What came of one row among several."""
        shown = None
        if not errors:
            shown = self.read(caller, "entry", name) if sort == "entry" else self.node(caller, name)
        key = "trashEntry" if sort == "entry" else "node"
        return {"id": name, key: shown, "userErrors": errors}

    def node(self, caller: str, name: str) -> Any:
        return self.state.link(caller, name)

    # Reading

    def reading(self, caller: str, *, whole: bool) -> dict[str, Any]:
        """Everything that a caller can read, or all but what the rest tells already."""
        state = self.state
        role = state.role(caller)
        if role == "SERVICE":
            return {"duePosts": state.due()}

        def lists(*, own: bool) -> dict[str, Any]:
            return {
                f"{kind}s": {
                    name: state.shown(caller, name) | (state.edges(caller, name) if whole else {})
                    for name in state.seen(caller, kind, own=own)
                }
                for kind in CONTENT
            }

        found: dict[str, Any] = {"viewer": state.shown(caller, caller), "trash": state.trash(caller)}
        if whole or role == "USER":
            found["viewer"] |= lists(own=True)
        if role == "ADMIN":
            gone = [row["id"] for row in state.rows.values() if row["kind"] == "user" and row["deleted"]]
            found |= lists(own=False) | {f"trash_{name}": state.trash(name) for name in OWNERS}
            found["users"] = {name: state.shown(caller, name) for name in state.seen(caller, "user")}
            found["deletedUsers"] = {name: state.entry(name) for name in gone}
        return found
