"""Random mutations: drawn as numbers, which choose among what there is by then."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from tests.writing.model import CONTENT, State
from tests.writing.model_rules import Input

LEFT_OUT = object()
PAST, SOON, LATER = "2020-01-31T09:00:00Z", "2099-01-31T09:00:00Z", "2099-02-28T09:00:00Z"
LONG_AGO = "2020-01-01T00:00:00Z"
ADDRESSES = ["https://www.linkedin.com/feed/1", "https://www.linkedin.com/feed/2", "https://example.com/1"]
LONG_NAME, LONG_POST = "x" * 301, "🙂" * 1501
NAMES = ["One", "Two", "", "Three", LONG_NAME]
TEXTS = ["Words.", "Other words.", "", LONG_POST, "a\0b"]
SYSTEM = "clear_teacher"

# What a field may be given; in an update, it may also be left out. The first of them is what a failure shrinks to.
FIELDS: dict[str, dict[str, list[Any]]] = {
    "thread": {"title": [LEFT_OUT, *NAMES, None], "type": [LEFT_OUT, "POST", "IDEA", None]},
    "message": {"content": TEXTS, "generationTime": [LEFT_OUT, 1.5, None, -1.0]},
    "idea": {
        "title": NAMES,
        "content": TEXTS,
        "keyTakeaways": [LEFT_OUT, ["one", ""], [], None],
        "controversialAngle": [LEFT_OUT, "Is it?", None],
    },
    "post": {
        "content": TEXTS,
        "title": [LEFT_OUT, *NAMES, None],
        "type": [LEFT_OUT, LEFT_OUT, "POST_STACK", "IDEA", "POST", None],
        "imageUrl": [LEFT_OUT, LEFT_OUT, "https://example.com/0.png", None],
        "metadata": [LEFT_OUT, LEFT_OUT, {"model": ["m", None]}, None],
        "messageId": [LEFT_OUT, "message", None],
        "personaId": [LEFT_OUT, "persona", None],
        "templateId": [LEFT_OUT, "template", None],
        "systemPersonaId": [LEFT_OUT, LEFT_OUT, SYSTEM, None, "nobody"],
    },
    "persona": {
        "name": NAMES,
        "defaultPrompt": TEXTS,
        "profession": [LEFT_OUT, "Chef", None],
        "preferences": [LEFT_OUT, {"tone": ["dry", None]}, None],
    },
    "template": {"name": NAMES, "content": TEXTS},
    "comment": {
        "firstName": NAMES,
        "lastName": NAMES,
        "quote": TEXTS,
        "date": [LONG_AGO, SOON, None],
        "title": [LEFT_OUT, "Chef", None],
        "personaId": [LEFT_OUT, "persona", None],
    },
}
REQUIRED = {
    "message": {"content"},
    "idea": {"title", "content"},
    "post": {"content"},
    "persona": {"name", "defaultPrompt"},
    "template": {"name", "content"},
    "comment": {"firstName", "lastName", "quote"},
}


@dataclass(frozen=True)
class Step:
    """A mutation that somebody is to send."""

    mutation: str
    caller: str
    numbers: tuple[int, ...]


class Choice:
    """Chooses by a step's numbers, and the first where there are no more."""

    def __init__(self, state: State, caller: str, numbers: Iterator[int]) -> None:
        self.state = state
        self.caller = caller
        self.numbers = numbers

    def of(self, options: Any) -> Any:
        return options[next(self.numbers, 0) % len(options)]

    def row(self, kind: str) -> str:
        """A row that the caller sees; one time in eight, any; sometimes, one that there is not."""
        return self._near(self.state.seen(self.caller, kind), kind)

    def gone(self, kind: str) -> str:
        """A row that the caller could restore; one time in eight, any."""
        rows = [row for row in self.state.rows.values() if row["kind"] == kind and row["deleted"]]
        return self._near([row["id"] for row in rows if self.state.may(self.caller, row)], kind)

    def _near(self, wanted: list[str], kind: str) -> str:
        number = next(self.numbers, 0)
        if wanted and number % 8 != 7:
            return wanted[-1 - number // 8 % len(wanted)]
        rows = [name for name, row in self.state.rows.items() if row["kind"] == kind]
        return [*rows, "unknown"][-1 - number // 8 % (len(rows) + 1)]

    def values(self, kind: str, *, new: bool) -> Input:
        """Values for a row."""
        found = {}
        for name, options in FIELDS[kind].items():
            if new and name in REQUIRED.get(kind, ()):
                value = self.of([*options[:2] * 4, *options])
            elif new or LEFT_OUT in options:
                value = self.of([*options[:2] * 2, *options])
            else:
                value = self.of([LEFT_OUT, LEFT_OUT, *options[:2] * 3, *options, None])
            if value is not LEFT_OUT:
                found[name] = self.row(value) if name.endswith("Id") and value in FIELDS else value
        return found

    def unchanged(self, name: str) -> Input:
        """`ifUpdatedAt`, or not."""
        return self.of([{}, {}, {}, {"ifUpdatedAt": self.state.stamps.get(name, SOON)}, {"ifUpdatedAt": LONG_AGO}])


Maker = Callable[[Choice], Input]
INPUTS: dict[str, Maker] = {}


def makes(*mutations: str) -> Callable[[Maker], Maker]:
    """Says which mutations' input a function makes."""

    def register(maker: Maker) -> Maker:
        INPUTS.update(dict.fromkeys(mutations, maker))
        return maker

    return register


def creation(kind: str, parent: str | None) -> Maker:
    def make(choice: Choice) -> Input:
        above = {f"{parent}Id": choice.row(parent)} if parent else {}
        return above | choice.values(kind, new=True)

    return make


def update(kind: str) -> Maker:
    def make(choice: Choice) -> Input:
        name = choice.row(kind)
        return {"id": name} | choice.unchanged(name) | choice.values(kind, new=False)

    return make


def removal(kind: str) -> Maker:
    def make(choice: Choice) -> Input:
        name = choice.row(kind)
        return {"id": name} | choice.unchanged(name)

    return make


for _kind in CONTENT:
    _title = _kind.capitalize()
    INPUTS[f"create{_title}"] = creation(_kind, {"message": "thread", "idea": "message"}.get(_kind))
    INPUTS[f"update{_title}"] = update(_kind)
    INPUTS[f"delete{_title}"] = removal(_kind)
    INPUTS[f"restore{_title}"] = lambda choice, kind=_kind: {"id": choice.gone(kind)}


@makes("saveIdea", "unsaveIdea")
def an_idea(choice: Choice) -> Input:
    return {"id": choice.row("idea")}


@makes(
    *("savePost", "unsavePost", "likePost", "dislikePost", "clearPostOpinion"),
    *("publishPost", "unpublishPost", "duplicatePost"),
)
def a_post(choice: Choice) -> Input:
    return {"id": choice.row("post")}


INPUTS |= {
    "duplicatePersona": lambda choice: {"id": choice.row("persona")},
    "createPostFromIdea": lambda choice: {"ideaId": choice.row("idea")},
    "unschedulePost": removal("post"),
    "deleteUser": lambda choice: {"id": choice.row("user")},
    "restoreUser": lambda choice: {"id": choice.gone("user")},
}


@makes("schedulePost", "reschedulePost")
def a_time(choice: Choice) -> Input:
    name = choice.row("post")
    at = choice.of([SOON, LATER, SOON, LATER, PAST])
    return {"id": name, "scheduledOn": at} | choice.unchanged(name)


@makes("markPostPublished")
def a_fact(choice: Choice) -> Input:
    url = choice.of([*ADDRESSES[:2] * 3, *ADDRESSES])
    return {"id": choice.row("post"), "linkedinUrl": url, "linkedinPostedAt": choice.of([LONG_AGO, PAST])}


@makes("recordPosts")
def generated_posts(choice: Choice) -> Input:
    return {"posts": [choice.values("post", new=True) for _ in range(choice.of([1, 2, 3]))]}


@makes("recordIdeas")
def generated_ideas(choice: Choice) -> Input:
    count = choice.of([1, 2, 3])
    return {"messageId": choice.row("message"), "ideas": [choice.values("idea", new=True) for _ in range(count)]}


@makes("recordComment")
def a_generated_comment(choice: Choice) -> Input:
    return choice.values("comment", new=True)


@makes("recordImage")
def an_image(choice: Choice) -> Input:
    url = choice.of(["https://example.com/1.png", "https://example.com/2.png"])
    return {"postId": choice.row("post"), "imageUrl": url} | choice.of([{}, {"imageKey": "images/1"}])


@makes("deleteRows")
def several(choice: Choice) -> Input:
    kinds = [choice.of([*CONTENT, "user"]) for _ in range(choice.of([2, 1, 3, 4]))]
    return {"ids": list(dict.fromkeys(choice.row(kind) for kind in kinds))}


@makes("restoreRows")
def several_gone(choice: Choice) -> Input:
    kinds = [choice.of([*CONTENT, "user"]) for _ in range(choice.of([2, 1, 3, 4]))]
    return {"ids": list(dict.fromkeys(choice.gone(kind) for kind in kinds))}


@makes("createUser")
def an_account(choice: Choice) -> Input:
    email = choice.of(["carol@example.com", "alice@example.com", "BOB@example.com", "dave@example.com"])
    return {"email": email} | choice.of([{}, {"name": "Name"}, {"role": "ADMIN"}])


@makes("setUserRole")
def a_role(choice: Choice) -> Input:
    return {"id": choice.row("user"), "role": choice.of(["USER", "ADMIN", "USER", "SERVICE"])}


@makes("updateViewer")
def a_name(choice: Choice) -> Input:
    return choice.of([{"name": "Ada"}, {"name": None}, {"name": LONG_NAME}]) | choice.unchanged(choice.caller)


@makes("adjustQuota")
def a_limit(choice: Choice) -> Input:
    type = choice.of(list(choice.state.limits))
    return {"userId": choice.row("user"), "type": type, "limit": choice.of([5, 0, 1]), "reason": "A favour."}


@makes("deleteViewer")
def nothing(_choice: Choice) -> Input:
    return {}


# What is sent how often, in proportion.
RARE = {"deleteUser": 1, "deleteViewer": 1, "setUserRole": 1, "createUser": 1, "updateViewer": 1}
OFTEN = {"createPost": 4, "updatePost": 6, "schedulePost": 8, "deletePost": 4, "restorePost": 4}
WEIGHTS = dict.fromkeys(INPUTS, 2) | RARE | OFTEN
SENT = ["wait", *(name for name, weight in WEIGHTS.items() for _ in range(weight))]
AGAIN = ["again", "misuse"]

steps = st.builds(
    Step,
    st.sampled_from([*SENT, *AGAIN * 4]),
    st.sampled_from(["alice"] * 4 + ["bob"] * 3 + ["admin"] * 3 + ["service"]),
    st.lists(st.integers(0, 999), min_size=12, max_size=12).map(tuple),
)
