"""What each mutation is sent with, chosen at random among what there is by then."""

from collections.abc import Callable

from tests.writing.model.choices import ADDRESSES, LATER, LONG_AGO, LONG_NAME, PAST, SOON, Choice
from tests.writing.model.rules import Input
from tests.writing.model.state import CONTENT

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


def removal(kind: str, *statuses: str) -> Maker:
    def make(choice: Choice) -> Input:
        name = choice.row(kind, *statuses)
        return {"id": name} | choice.unchanged(name)

    return make


def restoration(kind: str) -> Maker:
    return lambda choice: {"id": choice.gone(kind)}


for _kind in CONTENT:
    _title = _kind.capitalize()
    INPUTS[f"create{_title}"] = creation(_kind, {"message": "thread", "idea": "message"}.get(_kind))
    INPUTS[f"update{_title}"] = update(_kind)
    INPUTS[f"delete{_title}"] = removal(_kind)
    INPUTS[f"restore{_title}"] = restoration(_kind)


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
    "unschedulePost": removal("post", "SCHEDULED"),
    "deleteUser": lambda choice: {"id": choice.row("user")},
    "restoreUser": restoration("user"),
}


def timing(*statuses: str) -> Maker:
    def make(choice: Choice) -> Input:
        name = choice.row("post", *statuses)
        at = choice.of([SOON, LATER, SOON, LATER, PAST])
        return {"id": name, "scheduledOn": at} | choice.unchanged(name)

    return make


INPUTS |= {"schedulePost": timing("DRAFT", "READY"), "reschedulePost": timing("SCHEDULED")}


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
    return {
        "messageId": choice.row("message"),
        "ideas": [choice.values("idea", new=True) for _ in range(count)],
    }


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
    return {"email": email} | choice.of([{}, {"name": "Name"}, {"role": "ADMIN"}, {"role": None}])


@makes("setUserRole")
def a_role(choice: Choice) -> Input:
    return {"id": choice.row("user"), "role": choice.of(["USER", "ADMIN", "USER", "SERVICE"])}


@makes("updateViewer")
def a_name(choice: Choice) -> Input:
    return {"name": choice.of(["Ada", None, LONG_NAME])} | choice.unchanged(choice.caller)


@makes("adjustQuota")
def a_limit(choice: Choice) -> Input:
    type = choice.of(list(choice.state.limits))
    return {"userId": choice.row("user"), "type": type, "limit": choice.of([5, 0, 1]), "reason": "A favour."}


@makes("deleteViewer")
def nothing(_choice: Choice) -> Input:
    return {}
