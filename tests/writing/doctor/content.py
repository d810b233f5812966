"""Rows that break the invariants of content."""

from tests.rows import NOW, insert
from tests.writing.doctor.breaches import Offenders, breach, post, user
from zorbit.services.personas import system_personas


@breach
def posted_posts_whole(url: str) -> Offenders:
    posted = {
        "isPostedOnLinkedin": True,
        "published": True,
        "linkedinUrl": "https://x",
        "linkedinPostedAt": NOW,
    }
    post(url, **posted)
    lacking = ({"published": False}, {"linkedinUrl": None}, {"linkedinPostedAt": None})
    return [("Post", post(url, **posted | one)) for one in lacking]


@breach
def scheduled_posts_ready(url: str) -> Offenders:
    post(url, scheduledOn=NOW, published=True)
    return [("Post", post(url, scheduledOn=NOW))]


@breach
def scheduled_posts_live(url: str) -> Offenders:
    scheduled = {"scheduledOn": NOW, "published": True}
    posted = {"isPostedOnLinkedin": True, "linkedinUrl": "https://x", "linkedinPostedAt": NOW}
    post(url, **scheduled, **posted, isDeleted=True)
    orphan = post(url, **scheduled, userId=user(url, isDeleted=True))
    return [("Post", post(url, **scheduled, isDeleted=True)), ("Post", orphan)]


@breach
def scheduled_posts_fit(url: str) -> Offenders:
    scheduled = {"scheduledOn": NOW, "published": True}
    longest, too_long = "🙂" * 1500, "🙂" * 1500 + "x"
    post(url, content=longest, **scheduled)
    post(url, content=too_long)
    post(url, content=too_long, type="idea", **scheduled)
    return [
        ("Post", post(url, content=too_long, **scheduled)),
        ("Post", post(url, content="x" * 3001, **scheduled)),
        ("Post", post(url, content=" \n", **scheduled)),
    ]


@breach
def one_opinion(url: str) -> Offenders:
    """More than are shown."""
    return [("Post", post(url, isLiked=True, isDisliked=True)) for _ in range(23)]


@breach
def one_voice(url: str) -> Offenders:
    owner = user(url)
    persona = insert(url, "Persona", userId=owner)
    known = next(iter(system_personas()))
    post(url, systemPersonaId=known)
    return [("Post", post(url, userId=owner, personaId=persona, systemPersonaId=known))]


@breach
def system_personas_known(url: str) -> Offenders:
    return [("Post", post(url, systemPersonaId="nobody-has-heard-of"))]


@breach
def deletions_stamped(url: str) -> Offenders:
    owner = user(url)
    insert(url, "Thread", userId=owner, isDeleted=True, deletedAt=NOW)
    return [
        ("Thread", insert(url, "Thread", userId=owner, isDeleted=True)),
        ("Thread", insert(url, "Thread", userId=owner, deletedAt=NOW)),
    ]


@breach
def admin_left(url: str) -> Offenders:
    return [("User", user(url, role="admin", isDeleted=True)) for _ in range(2)]


@breach
def keys_answered(url: str) -> Offenders:
    caller = user(url)
    insert(url, "IdempotencyKey", callerId=caller, outcome={"deletedId": "x"})
    return [("IdempotencyKey", insert(url, "IdempotencyKey", callerId=caller))]
