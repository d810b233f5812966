"""For each invariant of the doctor rows that break it, and beside them rows that come close."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from tests.rows import NOW, execute, insert
from zorbit.services.personas import system_personas
from zorbit.services.spending import CARRIED_OVER

SECRET = "what nobody but its author may read"
DAY = timedelta(days=1)
DROPPED = [
    ("Comment", "fk_Comment_userId_personaId"),
    ("Invoice", "ck_Invoice_paid_has_date"),
    ("InvoiceItem", "ck_InvoiceItem_amount_is_product"),
    ("PaymentMethod", "ck_PaymentMethod_removed_is_not_default"),
    ("Post", "ck_Post_one_opinion"),
    ("Post", "ck_Post_one_persona"),
    ("Post", "ck_Post_posted_is_whole"),
    ("Post", "ck_Post_scheduled_is_ready"),
    ("Post", "fk_Post_userId_personaId"),
    ("Subscription", "ck_Subscription_canceled_has_end"),
    ("Subscription", "ck_Subscription_trial_has_end"),
]
UNINDEXED = [("Invoice", "uq_Invoice_open_plan"), ("PaymentMethod", "uq_PaymentMethod_default")]
SWITCHED_OFF = [("InvoiceItem", "zorbit_check_invoice_sum"), ("Thread", "zorbit_stamp_deletion")]

Offenders = list[tuple[str, UUID | None]]
BREACHES: dict[str, Callable[[str], Offenders]] = {}
"""By invariant: what writes rows that break it, and answers with those of them that must be named."""


def breach(write: Callable[[str], Offenders]) -> Callable[[str], Offenders]:
    BREACHES[write.__name__] = write
    return write


def user(url: str, **values: Any) -> UUID:
    return insert(url, "User", **values)


def post(url: str, **values: Any) -> UUID:
    return insert(url, "Post", **{"userId": user(url), "content": SECRET} | values)


def quota(url: str, *entries: dict[str, Any], used: int | None = None, **values: Any) -> UUID:
    """A quota with its entries, and what they come to unless told otherwise."""
    owner = values.setdefault("userId", user(url))
    total = sum(entry.get("amount", 1) for entry in entries)
    made = insert(url, "UsageQuota", used=total if used is None else used, **values)
    for entry in entries:
        given = {"userId": str(owner), "type": values.get("type", "post_generation"), "quotaId": made}
        insert(url, "UsageLog", **given | entry)
    return made


def invoice(url: str, **values: Any) -> UUID:
    return insert(url, "Invoice", **{"userId": user(url)} | values)


def subscription(url: str, **values: Any) -> UUID:
    return insert(url, "Subscription", **{"userId": user(url), "planId": insert(url, "Plan")} | values)


@breach
def guards_stand(url: str) -> Offenders:
    for table, name in DROPPED:
        execute(url, f'ALTER TABLE "{table}" DROP CONSTRAINT "{name}"')
    for _, name in UNINDEXED:
        execute(url, f'DROP INDEX "{name}"')
    for table, name in SWITCHED_OFF:
        execute(url, f'ALTER TABLE "{table}" DISABLE TRIGGER "{name}"')
    return [(table, None) for table, _ in DROPPED + UNINDEXED + SWITCHED_OFF]


@breach
def references_kept(url: str) -> Offenders:
    others = insert(url, "Persona", userId=user(url))
    comment = insert(url, "Comment", userId=user(url), personaId=uuid7())
    return [("Comment", comment), ("Post", post(url, personaId=others))]


@breach
def used_is_sum(url: str) -> Offenders:
    return [("UsageQuota", quota(url, used=3)), ("UsageQuota", quota(url, {"amount": 2}, used=1))]


@breach
def used_within_limit(url: str) -> Offenders:
    adjusted = quota(url, {"amount": 5}, limit=3)
    insert(url, "AuditEntry", subjectType="UsageQuota", subjectId=adjusted)
    changed, too_early = user(url), user(url)
    for owner, moment in ((changed, NOW), (too_early, NOW - 4 * DAY)):
        insert(url, "AuditEntry", subjectType="Subscription", userId=owner, createdAt=moment)
    quota(url, {"amount": 5}, limit=3, userId=changed)
    carried = {"amount": 5, "description": CARRIED_OVER}
    past: dict[str, Any] = {"billingCycleStart": NOW - 40 * DAY, "billingCycleEnd": NOW - 10 * DAY}
    past["resetDate"] = past["billingCycleEnd"]
    quota(url, carried, type="persona", limit=3, **past)
    return [
        ("UsageQuota", quota(url, {"amount": 5}, limit=3)),
        ("UsageQuota", quota(url, {"amount": 5}, limit=3, userId=too_early)),
        ("UsageQuota", quota(url, carried, {}, type="persona", limit=3, **past)),
    ]


@breach
def cycles_apart(url: str) -> Offenders:
    owner = user(url)
    bounds = [(-40, -10), (-10, 20), (19, 49), (49, 79)]
    made = [
        quota(
            url,
            userId=owner,
            billingCycleStart=NOW + start * DAY,
            billingCycleEnd=NOW + end * DAY,
            resetDate=NOW + end * DAY,
        )
        for start, end in bounds
    ]
    return [("UsageQuota", made[2])]


def entry_of(url: str, **values: Any) -> UUID:
    """An entry of another quota than its own words say."""
    owner = user(url)
    target = quota(url, userId=owner, used=1)
    return insert(url, "UsageLog", **{"userId": str(owner), "quotaId": target} | values)


@breach
def entries_owned(url: str) -> Offenders:
    return [("UsageLog", entry_of(url, userId=str(user(url))))]


@breach
def entries_typed(url: str) -> Offenders:
    return [("UsageLog", entry_of(url, type="image_creation"))]


@breach
def refunds_answer_spends(url: str) -> Offenders:
    first, second = uuid7(), uuid7()
    spend, elsewhere, of_other, carried = uuid7(), uuid7(), uuid7(), uuid7()
    quota(url, {"id": spend, "subjectId": first})
    quota(
        url,
        {"subjectId": first},
        {"id": elsewhere, "amount": -1, "subjectId": first, "refundOfId": spend},
    )
    paid = uuid7()
    quota(
        url,
        {"id": paid, "subjectId": first},
        {"id": of_other, "amount": -1, "subjectId": second, "refundOfId": paid},
    )
    quota(
        url,
        {"id": carried, "amount": 2, "description": CARRIED_OVER},
        {"amount": -1, "subjectId": first, "refundOfId": carried},
    )
    return [("UsageLog", elsewhere), ("UsageLog", of_other)]


@breach
def refunds_within_spends(url: str) -> Offenders:
    carried = uuid7()
    refunds = [{"amount": -1, "subjectId": uuid7(), "refundOfId": carried} for _ in range(2)]
    quota(url, {"id": carried, "description": CARRIED_OVER}, {"amount": 4}, *refunds)
    return [("UsageLog", carried)]


@breach
def personas_counted(url: str) -> Offenders:
    owner = user(url)
    insert(url, "Persona", userId=owner)
    insert(url, "Persona", userId=owner, isDeleted=True)
    quota(url, {}, type="persona", userId=owner)
    none, many = quota(url, {}, type="persona"), user(url)
    insert(url, "Persona", userId=many)
    return [("UsageQuota", none), ("UsageQuota", quota(url, {}, {}, type="persona", userId=many))]


@breach
def invoices_add_up(url: str) -> Offenders:
    whole, wrong = invoice(url), invoice(url, amount="30.00")
    for id in (whole, wrong):
        insert(url, "InvoiceItem", invoiceId=id)
    invoice(url, amount="31.00")
    return [("Invoice", wrong)]


@breach
def items_multiply(url: str) -> Offenders:
    return [("InvoiceItem", insert(url, "InvoiceItem", invoiceId=invoice(url), quantity=2))]


@breach
def paid_invoices_dated(url: str) -> Offenders:
    invoice(url, status="paid", paidDate=NOW)
    return [("Invoice", invoice(url, status="paid"))]


@breach
def one_open_offer(url: str) -> Offenders:
    offer = {"userId": user(url), "planId": insert(url, "Plan")}
    for status in ("paid", "open", "void"):
        invoice(url, status=status, paidDate=NOW, **offer)
    invoice(url, userId=offer["userId"])
    return [("Invoice", invoice(url, **offer))]


@breach
def one_default_method(url: str) -> Offenders:
    none, two, removed, gone, one = (user(url) for _ in range(5))
    for owner, values in (
        (none, {}),
        (two, {"isDefault": True}),
        (two, {"isDefault": True}),
        (removed, {"isDefault": True, "removedAt": NOW}),
        (gone, {"removedAt": NOW}),
        (one, {"isDefault": True}),
        (one, {}),
        (one, {"removedAt": NOW}),
    ):
        insert(url, "PaymentMethod", userId=owner, **values)
    return [("User", none), ("User", two), ("User", removed)]


@breach
def trials_end(url: str) -> Offenders:
    subscription(url, status="trialing", trialEndsAt=NOW)
    return [("Subscription", subscription(url, status="trialing"))]


@breach
def cancellations_end(url: str) -> Offenders:
    subscription(url, status="canceled", endDate=NOW)
    return [("Subscription", subscription(url, status="canceled"))]


@breach
def periods_forward(url: str) -> Offenders:
    return [("Subscription", subscription(url, startDate=NOW, renewalDate=NOW))]


@breach
def deleted_users_canceled(url: str) -> Offenders:
    subscription(url, userId=user(url, isDeleted=True), status="canceled", endDate=NOW)
    return [("Subscription", subscription(url, userId=user(url, isDeleted=True)))]


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
