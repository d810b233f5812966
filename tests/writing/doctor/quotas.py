"""Rows that break the invariants of quotas."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from tests.rows import NOW, insert
from tests.writing.doctor.breaches import Offenders, breach, user
from zorbit.services.spending import CARRIED_OVER

DAY = timedelta(days=1)


def quota(url: str, *entries: dict[str, Any], used: int | None = None, **values: Any) -> UUID:
    """A quota with its entries, and what they come to unless told otherwise."""
    owner = values.setdefault("userId", user(url))
    total = sum(entry.get("amount", 1) for entry in entries)
    made = insert(url, "UsageQuota", used=total if used is None else used, **values)
    for entry in entries:
        given = {"userId": str(owner), "type": values.get("type", "post_generation"), "quotaId": made}
        insert(url, "UsageLog", **given | entry)
    return made


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
