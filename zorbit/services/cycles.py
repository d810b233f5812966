"""Billing cycles: monthly on every plan, half open, in UTC."""

import calendar
from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True)
class Cycle:
    """start <= t < end."""

    start: datetime
    end: datetime


def months_after(anchor: datetime, months: int) -> datetime:
    """`anchor` plus calendar months, in UTC: 31 January, 28 February, 31 March.

    Each is counted from the anchor, never from the one before: February's short end must not stay.
    """
    anchor = anchor.astimezone(UTC)
    years, month = divmod(anchor.month - 1 + months, 12)
    year, month = anchor.year + years, month + 1
    return anchor.replace(year=year, month=month, day=min(anchor.day, calendar.monthrange(year, month)[1]))


def cycle_at(anchor: datetime, now: datetime) -> Cycle:
    """The cycle that `now` lies in, of those counted from `anchor`, the start of the paid period."""
    anchor, now = anchor.astimezone(UTC), now.astimezone(UTC)
    number = (now.year - anchor.year) * 12 + now.month - anchor.month
    if months_after(anchor, number) > now:
        number -= 1
    return Cycle(months_after(anchor, number), months_after(anchor, number + 1))
