"""Invariants of quotas and their entries."""

from typing import Any

from sqlalchemy import String, and_, cast, func, or_, select
from sqlalchemy.orm import aliased
from sqlmodel import col

from zorbit.doctor.invariants import Offenders, found, invariant, told
from zorbit.models import AuditEntry, Persona, QuotaType, Subscription, UsageLog, UsageQuota
from zorbit.services.quotas import is_current
from zorbit.services.spending import CARRIED_OVER
from zorbit.visibility import stored


@invariant
def used_is_sum() -> Offenders:
    """What a quota has used is the sum of its entries."""
    sums = (
        stored(UsageLog)
        .with_only_columns(col(UsageLog.quota_id), func.sum(col(UsageLog.amount)).label("amount"))
        .group_by(col(UsageLog.quota_id))
        .subquery()
    )
    spent = func.coalesce(sums.c.amount, 0)
    rows = stored(UsageQuota).outerjoin(sums, sums.c.quota_id == col(UsageQuota.id))
    wrong = rows.where(col(UsageQuota.used) != spent)
    return found(UsageQuota, wrong, "used ", UsageQuota.used, ", but its entries come to ", spent)


@invariant
def used_within_limit() -> Offenders:
    """No more is used than the limit or what was carried over, unless the limit was lowered since."""
    carried = func.coalesce(
        stored(UsageLog)
        .where(col(UsageLog.quota_id) == col(UsageQuota.id), col(UsageLog.description) == CARRIED_OVER)
        .with_only_columns(func.sum(col(UsageLog.amount)))
        .scalar_subquery(),
        0,
    )
    # An admin lowers it, or a smaller plan that takes over in a cycle that has begun; both are on record.
    is_adjusted = col(AuditEntry.subject_id) == col(UsageQuota.id)
    is_another_plan = and_(
        col(AuditEntry.user_id) == col(UsageQuota.user_id),
        col(AuditEntry.subject_type) == Subscription.__name__,
        col(AuditEntry.created_at) >= col(UsageQuota.billing_cycle_start),
    )
    lowered = [stored(AuditEntry).where(way).exists() for way in (is_adjusted, is_another_plan)]
    used, limit = col(UsageQuota.used), col(UsageQuota.limit)
    wrong = stored(UsageQuota).where(used > limit, used > carried, ~or_(*lowered))
    return found(UsageQuota, wrong, "used ", used, " of ", limit)


@invariant
def cycles_apart() -> Offenders:
    """No two quotas of one user and type cover the same instant."""
    start = col(UsageQuota.billing_cycle_start)
    latest_end = func.max(col(UsageQuota.billing_cycle_end)).over(
        partition_by=[col(UsageQuota.user_id), col(UsageQuota.type)],
        order_by=[start, col(UsageQuota.id)],
        rows=(None, -1),
    )
    cycles = (
        stored(UsageQuota)
        .with_only_columns(col(UsageQuota.id), start.label("start"), latest_end.label("latest_end"))
        .subquery()
    )
    wrong = select(cycles).where(cycles.c.start < cycles.c.latest_end)
    problem = ("begins ", cycles.c.start, ", before another ends: ", cycles.c.latest_end)
    return told(wrong, UsageQuota, cycles.c.id, *problem)


@invariant
def entries_owned() -> Offenders:
    """An entry names the user whose quota it counts against."""
    rows = stored(UsageLog).join(UsageQuota, col(UsageQuota.id) == col(UsageLog.quota_id))
    wrong = rows.where(col(UsageLog.user_id) != cast(col(UsageQuota.user_id), String))
    return found(UsageLog, wrong, "not the user of quota ", UsageQuota.id, ": ", UsageQuota.user_id)


@invariant
def entries_typed() -> Offenders:
    """An entry is of the type of its quota."""
    rows = stored(UsageLog).join(UsageQuota, col(UsageQuota.id) == col(UsageLog.quota_id))
    wrong = rows.where(col(UsageLog.type) != col(UsageQuota.type))
    return found(UsageLog, wrong, UsageLog.type, ", but quota ", UsageQuota.id, " is ", UsageQuota.type)


@invariant
def refunds_answer_spends() -> Offenders:
    """What is given back was spent in the same cycle on the same subject, or carried over into it."""
    spend: Any = aliased(UsageLog, stored(UsageLog).subquery())
    carried = and_(spend.subject_id.is_(None), spend.description.is_not_distinct_from(CARRIED_OVER))
    answers = or_(spend.subject_id.is_not_distinct_from(col(UsageLog.subject_id)), carried)
    wrong = (
        stored(UsageLog)
        .join(spend, spend.id == col(UsageLog.refund_of_id))
        .where(or_(spend.quota_id != col(UsageLog.quota_id), spend.amount <= 0, ~answers))
    )
    return found(UsageLog, wrong, "gives back ", spend.id, ", which is no spend of its own")


@invariant
def refunds_within_spends() -> Offenders:
    """No entry is given back by more than it spent."""
    refund: Any = aliased(
        UsageLog, stored(UsageLog).where(col(UsageLog.refund_of_id).is_not(None)).subquery()
    )
    sums = (
        select(refund.refund_of_id, func.sum(refund.amount).label("amount"))
        .group_by(refund.refund_of_id)
        .subquery()
    )
    rows = stored(UsageLog).join(sums, sums.c.refund_of_id == col(UsageLog.id))
    wrong = rows.where(col(UsageLog.amount) + sums.c.amount < 0)
    return found(UsageLog, wrong, "spent ", UsageLog.amount, ", given back ", -sums.c.amount)


@invariant
def personas_counted() -> Offenders:
    """The running cycle's persona quota has used as many as the user has personas outside the trash."""
    personas = (
        stored(Persona)
        .where(~col(Persona.is_deleted))
        .with_only_columns(col(Persona.user_id), func.count().label("count"))
        .group_by(col(Persona.user_id))
        .subquery()
    )
    count = func.coalesce(personas.c.count, 0)
    rows = stored(UsageQuota).outerjoin(personas, personas.c.user_id == col(UsageQuota.user_id))
    is_standing = col(UsageQuota.type) == QuotaType.PERSONA
    wrong = rows.where(is_standing, is_current(func.now()), col(UsageQuota.used) != count)
    return found(UsageQuota, wrong, "used ", UsageQuota.used, ", but there are ", count)
