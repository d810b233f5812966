"""Who is in the world, and what they have: everybody rows of every kind."""

from datetime import timedelta
from functools import partial

from tests.rows import NOW
from tests.schema.worlds import Row, World

PEOPLE = {"ada": "user", "bob": "user", "eve": "user", "root": "admin", "bot": "service", "carol": "user"}
READERS = ("ada", "bob", "eve", "root")
"""Those whom the graph answers; bot is a service, and carol is deleted with live rows beneath her."""
BOTH = (False, True)


def populated(url: str) -> World:
    """The world, written."""
    world = World(url)
    for name, role in PEOPLE.items():
        email = f"{name}@example.com"
        world.people[name] = world.add("User", name, email=email, role=role, isDeleted=name == "carol")
    # His address was taken over by somebody who lives.
    world.people["dan"] = world.add("User", "dan", email="Ada@Example.com", role="user", isDeleted=True)
    for is_active in BOTH:
        world.add("Plan", "house", isActive=is_active)
    for name in PEOPLE:
        # Each has own plans: the present one, the next one, and one that was offered. bob's can still be
        # subscribed to, the others' were withdrawn.
        plan, coming, offered = (world.add("Plan", "house", isActive=name == "bob") for _ in range(3))
        status = "expired" if name == "eve" else "active"
        user = world.people[name]
        world.add("Subscription", name, userId=user, planId=plan, nextPlanId=coming, status=status)
        _write(world, name)
        _pay(world, name, offered)
        _use(world, name)
        # What was done to carol is told of after her; its subject is somebody whom its readers may see.
        subject = world.people["root" if name == "carol" else name]
        world.add("AuditEntry", name, userId=user, actorId=user, subjectType="User", subjectId=subject)
    world.write()
    return world


def _write(world: World, name: str) -> None:
    """Conversations and what comes of them: each live and deleted, below each parent live and deleted."""
    add = partial(world.add, whose=name, userId=world.people[name])
    personas = [add("Persona", isDeleted=is_deleted) for is_deleted in BOTH]
    templates = [add("Template", isDeleted=is_deleted) for is_deleted in BOTH]
    threads = [add("Thread", isDeleted=is_deleted) for is_deleted in BOTH]
    messages = [
        add("ChatMessage", threadId=thread, isDeleted=is_deleted) for thread in threads for is_deleted in BOTH
    ]
    for is_deleted in BOTH:
        for message in messages:
            add("ContentIdea", chatMessageId=message, isDeleted=is_deleted)
            add("Post", chatMessageId=message, isDeleted=is_deleted)
        for persona in (None, *personas):
            add("Comment", personaId=persona, isDeleted=is_deleted)
            add("Post", personaId=persona, isDeleted=is_deleted)
        for persona, template in zip(personas, templates, strict=True):
            whole: Row = {"personaId": persona, "templateId": template, "chatMessageId": messages[0]}
            for late in (timedelta(hours=1), timedelta(hours=25), timedelta(hours=-1)):
                add("Post", **whole, isDeleted=is_deleted, published=True, scheduledOn=NOW - late)
            add("Post", **whole, isDeleted=is_deleted, scheduledOn=NOW - timedelta(hours=1), **POSTED)


POSTED: Row = {
    "published": True,
    "isPostedOnLinkedin": True,
    "linkedinUrl": "https://example.com/post",
    "linkedinPostedAt": NOW,
}


def _pay(world: World, name: str, plan: str) -> None:
    add = partial(world.add, whose=name, userId=world.people[name])
    default = add("PaymentMethod", isDefault=True)
    removed = add("PaymentMethod", removedAt=NOW)
    add("PaymentMethod", removedAt=NOW)
    for method in (None, default, removed):
        # One offer of a plan may be open at a time.
        invoice = add("Invoice", paymentMethodId=method, planId=plan if method == default else None)
        for _ in range(2):
            world.add("InvoiceItem", name, invoiceId=invoice, unitPrice="14.50", amount="14.50")


def _use(world: World, name: str) -> None:
    start, end = NOW - timedelta(days=3), NOW + timedelta(days=27)
    for cycle in (timedelta(0), timedelta(days=-30)):
        quota = world.add(
            "UsageQuota",
            name,
            userId=world.people[name],
            used=3,
            billingCycleStart=start + cycle,
            billingCycleEnd=end + cycle,
            resetDate=end + cycle,
        )
        # The user is only text here, and may be wrong: the quota's owner is the authority.
        for user in (world.people[name], world.people["ada"], world.people["bob"]):
            world.add("UsageLog", name, quotaId=quota, userId=user)
