"""Which values may be written, by the model's rules."""

from typing import Any

from tests.writing.model.state import FIELDS, REFERENCES, Error, Row, State, error, status

NAME, TEXT, POST = 300, 100_000, 3000
LIMITS = {
    "thread": {"title": NAME},
    "message": {"content": TEXT},
    "idea": {"title": NAME, "content": TEXT, "controversialAngle": TEXT},
    "post": {"title": NAME, "content": TEXT},
    "persona": {"name": NAME, "defaultPrompt": TEXT, "profession": TEXT},
    "template": {"name": NAME, "content": TEXT},
    "comment": {"firstName": NAME, "lastName": NAME, "quote": TEXT, "title": NAME},
    "user": {"name": NAME},
}
NEVER_NULL = {
    "thread": (),
    "message": ("content",),
    "idea": ("title", "content"),
    "post": ("content", "type"),
    "persona": ("name", "defaultPrompt"),
    "template": ("name", "content"),
    "comment": ("firstName", "lastName", "quote", "date"),
    "user": ("role",),
}
DEFAULTS: dict[str, dict[str, Any]] = {
    "thread": {"type": "POST"},
    "idea": {"isSaved": False},
    "post": {
        "type": "POST",
        **dict.fromkeys(("isSaved", "isLiked", "isDisliked", "published", "isPostedOnLinkedin"), False),
    },
}


def units(text: str) -> int:
    """UTF-16 code units."""
    return len(text.encode("utf-16-le")) // 2


def faults(kind: str, given: dict[str, Any], place: str = "input") -> list[Error]:
    """What is wrong with values, each by itself."""
    return [
        error("BAD_USER_INPUT", f"{place}.{name}")
        for name, value in given.items()
        if (value is None and name in NEVER_NULL[kind])
        or (isinstance(value, str) and ("\0" in value or len(value) > LIMITS[kind].get(name, TEXT)))
        or (name == "imageUrl" and value is not None and not value.startswith("https://"))
        or (name == "generationTime" and value is not None and value < 0)
    ]


def strangers(
    state: State, owner: str, kind: str, given: dict[str, Any], place: str = "input"
) -> list[Error]:
    """Which references lead to nothing that the row's owner has."""
    return [
        error("NOT_FOUND", f"{place}.{name}Id")
        for name in REFERENCES.get(kind, ())
        if (other := given.get(f"{name}Id")) is not None and not has(state, owner, name, other)
    ]


def has(state: State, owner: str, kind: str, name: str) -> bool:
    """Whether it is a live row of the owner's."""
    row = state.rows.get(name)
    return row is not None and row["kind"] == kind and row["user"] == owner and state.live(row)


def stored(kind: str, given: dict[str, Any]) -> dict[str, Any]:
    """What an input writes, by the row's keys."""
    names = {f"{name}Id": name for name in REFERENCES.get(kind, ())} | {"systemPersonaId": "systemPersona"}
    written = {names.get(name, name): value for name, value in given.items()}
    return {name: value for name, value in written.items() if name in (*FIELDS[kind], *names.values())}


def post_faults(given: dict[str, Any], row: Row, place: str = "input") -> list[Error]:
    """What is wrong with a post as it would be."""
    after = row | {
        key: value for key, value in stored("post", given).items() if (key, value) != ("type", None)
    }
    found = []
    if after["type"] == "POST" and after["content"] is not None and units(after["content"]) > POST:
        found.append(error("BAD_USER_INPUT", f"{place}.content"))
    is_scheduled = "id" in row and status(row) == "SCHEDULED"
    if is_scheduled and after["content"] is not None and not after["content"].strip():
        found.append(error("BAD_USER_INPUT", f"{place}.content"))
    if given.get("systemPersonaId") == "nobody":
        found.append(error("BAD_USER_INPUT", f"{place}.systemPersonaId"))
    if after["persona"] is not None and after["systemPersona"] is not None:
        found.append(error("BAD_USER_INPUT", f"{place}.systemPersonaId"))
    return found


def wrong(
    state: State, owner: str, kind: str, given: dict[str, Any], row: Row, place: str = "input"
) -> list[Error]:
    """All that is wrong with values that are to be written over `row`."""
    found = faults(kind, given, place) + strangers(state, owner, kind, given, place)
    return found + post_faults(given, row, place) if kind == "post" else found
