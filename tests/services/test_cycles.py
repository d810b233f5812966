"""Billing cycles: months counted from the anchor, half open, without a gap."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zorbit.services.cycles import Cycle, cycle_at, months_after

MICROSECOND = timedelta(microseconds=1)


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc, arg-type] # year, month, day at least


moments = st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - Hypothesis adds the zone
zones = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@pytest.mark.parametrize(
    ("anchor", "months", "expected"),
    [
        (utc(2026, 1, 31), 0, utc(2026, 1, 31)),
        (utc(2026, 1, 31), 1, utc(2026, 2, 28)),
        (utc(2026, 1, 31), 2, utc(2026, 3, 31)),
        (utc(2026, 1, 31), 3, utc(2026, 4, 30)),
        (utc(2026, 1, 31), 12, utc(2027, 1, 31)),
        (utc(2026, 1, 31), -2, utc(2025, 11, 30)),
        (utc(2028, 1, 31), 1, utc(2028, 2, 29)),
        (utc(2028, 1, 30), 1, utc(2028, 2, 29)),
        (utc(2028, 2, 29), 12, utc(2029, 2, 28)),
        (utc(2028, 2, 29), 48, utc(2032, 2, 29)),
        (utc(2028, 2, 29), -1, utc(2028, 1, 29)),
        (utc(2100, 1, 29), 1, utc(2100, 2, 28)),
        (utc(2000, 1, 29), 1, utc(2000, 2, 29)),
        (utc(2026, 12, 15), 1, utc(2027, 1, 15)),
        (utc(2026, 1, 15), -1, utc(2025, 12, 15)),
        (utc(2026, 12, 31), 2, utc(2027, 2, 28)),
        (utc(2026, 1, 31, 23, 59, 59, 999_999), 1, utc(2026, 2, 28, 23, 59, 59, 999_999)),
    ],
)
def test_months_are_counted_from_the_anchor(anchor: datetime, months: int, expected: datetime) -> None:
    assert months_after(anchor, months) == expected


def test_a_month_later_is_counted_in_utc() -> None:
    # 1 March in Tokyo, still 28 February in UTC.
    anchor = datetime(2026, 3, 1, 8, 30, tzinfo=timezone(timedelta(hours=9)))

    later = months_after(anchor, 1)

    assert later == utc(2026, 3, 28, 23, 30)
    assert later.tzinfo is UTC


@pytest.mark.parametrize(
    ("now", "start", "end"),
    [
        (utc(2026, 1, 31), utc(2026, 1, 31), utc(2026, 2, 28)),
        (utc(2026, 2, 28) - MICROSECOND, utc(2026, 1, 31), utc(2026, 2, 28)),
        (utc(2026, 2, 28), utc(2026, 2, 28), utc(2026, 3, 31)),
        (utc(2026, 3, 30), utc(2026, 2, 28), utc(2026, 3, 31)),
        (utc(2026, 3, 31), utc(2026, 3, 31), utc(2026, 4, 30)),
        (utc(2026, 12, 31), utc(2026, 12, 31), utc(2027, 1, 31)),
        (utc(2027, 1, 31) - MICROSECOND, utc(2026, 12, 31), utc(2027, 1, 31)),
        (utc(2028, 2, 29), utc(2028, 2, 29), utc(2028, 3, 31)),
        (utc(2028, 2, 28), utc(2028, 1, 31), utc(2028, 2, 29)),
        (utc(2026, 1, 31) - MICROSECOND, utc(2025, 12, 31), utc(2026, 1, 31)),
        (utc(2025, 11, 30), utc(2025, 11, 30), utc(2025, 12, 31)),
    ],
)
def test_the_cycle_of_a_moment_with_an_anchor_on_the_31st(
    now: datetime, start: datetime, end: datetime
) -> None:
    assert cycle_at(utc(2026, 1, 31), now) == Cycle(start, end)


def test_the_hour_of_the_anchor_divides_its_day() -> None:
    anchor = utc(2026, 1, 15, 12, 30)

    before = cycle_at(anchor, utc(2026, 2, 15, 12, 30) - MICROSECOND)
    after = cycle_at(anchor, utc(2026, 2, 15, 12, 30))

    assert before == Cycle(anchor, utc(2026, 2, 15, 12, 30))
    assert after == Cycle(utc(2026, 2, 15, 12, 30), utc(2026, 3, 15, 12, 30))


@given(anchor=moments, now=moments)
def test_a_moment_lies_in_its_cycle(anchor: datetime, now: datetime) -> None:
    cycle = cycle_at(anchor, now)

    assert cycle.start <= now < cycle.end
    assert timedelta(days=28) <= cycle.end - cycle.start <= timedelta(days=31)
    assert cycle.start.timetz() == cycle.end.timetz() == anchor.timetz()


@given(anchor=moments, now=moments)
def test_the_anchor_begins_a_cycle(anchor: datetime, now: datetime) -> None:
    cycle = cycle_at(anchor, now)

    months = (cycle.start.year - anchor.year) * 12 + cycle.start.month - anchor.month
    assert cycle == Cycle(months_after(anchor, months), months_after(anchor, months + 1))
    assert cycle_at(anchor, anchor).start == anchor


@given(anchor=moments, now=moments)
def test_cycles_follow_one_another_without_a_gap(anchor: datetime, now: datetime) -> None:
    cycle = cycle_at(anchor, now)

    following, preceding = cycle_at(anchor, cycle.end), cycle_at(anchor, cycle.start - MICROSECOND)

    assert following.start == cycle.end
    assert preceding.end == cycle.start
    assert cycle_at(anchor, cycle.start) == cycle_at(anchor, cycle.end - MICROSECOND) == cycle


@given(anchor=moments, now=moments, anchor_zone=zones, zone=zones)
def test_zones_change_nothing(anchor: datetime, now: datetime, anchor_zone: timezone, zone: timezone) -> None:
    cycle = cycle_at(anchor.astimezone(anchor_zone), now.astimezone(zone))

    assert cycle == cycle_at(anchor, now)
    assert cycle.start.tzinfo is cycle.end.tzinfo is UTC


@given(anchor=moments, months=st.integers(-600, 600))
def test_the_day_of_a_month_is_the_anchors_or_the_months_last(anchor: datetime, months: int) -> None:
    later = months_after(anchor, months)

    assert (later.year * 12 + later.month) - (anchor.year * 12 + anchor.month) == months
    assert later.day == anchor.day or (later.day < anchor.day and (later + timedelta(days=1)).day == 1)
