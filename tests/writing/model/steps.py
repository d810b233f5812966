"""Random walks: which mutations are sent, by whom, and in which vein."""

from random import Random

from tests.writing.model.answers import CALLERS, allowed
from tests.writing.model.choices import Choice
from tests.writing.model.inputs import INPUTS
from tests.writing.model.state import CONTENT, FIELDS, State

AGAIN, MISUSE = "again", "misuse"
"""What was sent before; something else under the key of what was sent before."""
WEIGHTS = {"alice": 4, "bob": 3, "admin": 3, "service": 1}


def over(*kinds: str) -> list[str]:
    """What is done to any kind of row."""
    return [
        f"{verb}{kind.capitalize()}" for kind in kinds for verb in ("create", "update", "delete", "restore")
    ]


ROWS = ["deleteRows", "restoreRows"]
# Among all of the mutations few would meet: a walk keeps to some of them, mostly.
VEINS = {
    "trees": [*over("thread", "message", "idea"), *ROWS, "recordIdeas", "createPostFromIdea", "saveIdea"],
    "posts": [*over("post"), *(name for name in INPUTS if "Post" in name and "record" not in name)],
    "library": [
        *over("persona", "template", "comment"),
        *ROWS,
        "duplicatePersona",
        "createPost",
        "updatePost",
    ],
    "quotas": [
        *("recordPosts", "recordIdeas", "recordComment", "recordImage", "adjustQuota", *ROWS),
        *("schedulePost", "unschedulePost", "deletePost", "restorePost", "createPost"),
        *("createPersona", "duplicatePersona", "deletePersona", "restorePersona"),
    ],
    "accounts": [
        *(
            "createUser",
            "updateViewer",
            "deleteViewer",
            "setUserRole",
            "deleteUser",
            "restoreUser",
            "restoreUser",
        ),
        *("schedulePost", "deletePost", "restorePost", "recordPosts", "createThread", "deleteThread"),
    ],
    "anything": list(INPUTS),
}


def step(state: State, vein: str, random: Random) -> tuple[str, str]:
    """A mutation and its caller; what is sure to be refused whatever it says is sent seldom."""
    names = random.choice([VEINS[vein], VEINS[vein], VEINS[vein], list(INPUTS), [AGAIN, AGAIN, MISUSE]])
    mutation = random.choice(names)
    live = [name for name in CALLERS if not state.rows[name]["deleted"] and may_send(state, name, mutation)]
    if not live or random.random() < 0.05:
        return mutation, random.choice(CALLERS)
    return mutation, random.choice([name for name in live for _ in range(WEIGHTS[name])])


def may_send(state: State, caller: str, mutation: str) -> bool:
    return mutation not in INPUTS or allowed(state.role(caller), mutation)


def sensible(choice: Choice, mutation: str) -> str:
    """The mutation; where nothing could be restored, one that deletes, mostly."""
    kind = mutation.removeprefix("restore").lower()
    if kind not in FIELDS or choice.restorable(kind) or choice.random.random() < 0.1:
        return mutation
    kinds = [other for other in CONTENT if choice.restorable(other)]
    return f"restore{choice.of(kinds).capitalize()}" if kinds else f"delete{kind.capitalize()}"
