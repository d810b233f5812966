"""Forecasts, held against histories that go on after them.

Four kinds of users, 100 of each with a cycle of 30 days: steady (1 to 5 a day at any hour), bursty (10 to 30
bursts of 2 to 10 within an hour), weekday-heavy (2 to 7 a working day from nine to five, a tenth of that at
weekends) and front-loaded (half of it in the first 5 to 9 days). The error is that of the projected use,
relative to the use at the cycle's end, on average:

                  first 5 %   (used / elapsed)   25 %   50 %   75 %
    steady              57 %              66 %   16 %    9 %    5 %
    bursty              81 %             120 %   37 %   24 %   12 %
    weekday-heavy       66 %              90 %   14 %   11 %    5 %
    front-loaded        52 %             180 %   90 %   53 %   23 %

Whoever uses most at first is projected too high until late: a pace tells nothing of its own end.
"""

from bisect import bisect_left
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from zorbit.checks import INTEGER_LIMIT
from zorbit.services.forecasts import Forecast, forecast
from zorbit.services.usage import CurrentCycle

DAYS = 30
DAY, MICROSECOND = timedelta(days=1), timedelta(microseconds=1)
START = datetime(2026, 3, 1, tzinfo=UTC)
END = START + DAYS * DAY
USERS = 100
EARLY = [step / 200 for step in range(1, 11)]
"""Up to 5 % of the cycle."""

History = list[float]
"""When one was used, in days since the cycle began."""


def steady(random: Random) -> History:
    return uses(random, random.uniform(1, 5), DAYS)


def bursty(random: Random) -> History:
    bursts = [random.uniform(0, DAYS) for _ in range(random.randint(10, 30))]
    return [burst + random.uniform(0, 1 / 24) for burst in bursts for _ in range(random.randint(2, 10))]


def weekday_heavy(random: Random) -> History:
    weekday, hour, rate = random.randrange(7), random.random(), random.uniform(2, 7)
    every = uses(random, rate, DAYS + 1)
    kept = [use for use in every if (weekday + int(use)) % 7 < 5 or random.random() < 0.1]
    # Any time of a day is pressed into its working hours; the cycle begins at any hour.
    return [int(use) + (9 + 8 * (use % 1)) / 24 - hour for use in kept]


def front_loaded(random: Random) -> History:
    mean = random.uniform(8, 15)
    return [random.expovariate(1 / mean) for _ in range(random.randint(40, 160))]


def uses(random: Random, rate: float, days: float) -> History:
    """One at a time, `rate` a day."""
    found = [random.expovariate(rate)]
    while found[-1] < days:
        found.append(found[-1] + random.expovariate(rate))
    return found[:-1]


def histories(kind: Callable[[Random], History]) -> list[History]:
    random = Random(kind.__name__)
    return [sorted(use for use in kind(random) if 0 <= use < DAYS) for _ in range(USERS)]


def projected(used: int, elapsed: float) -> float:
    now = START + elapsed * DAY
    return forecast(CurrentCycle(START, END, used), now, used=used, limit=1000).projected_use


def used_over_elapsed(used: int, elapsed: float) -> float:
    return used / elapsed * DAYS


def error(estimate: Callable[[int, float], float], made: list[History], *fractions: float) -> float:
    errors = [
        abs(estimate(bisect_left(history, fraction * DAYS), fraction * DAYS) - len(history)) / len(history)
        for history in made
        for fraction in fractions
    ]
    return sum(errors) / len(errors)


@pytest.mark.parametrize(
    ("kind", "bounds"),
    [
        (steady, (0.20, 0.12, 0.07)),
        (bursty, (0.40, 0.27, 0.15)),
        (weekday_heavy, (0.20, 0.13, 0.07)),
        (front_loaded, (0.95, 0.60, 0.27)),
    ],
)
def test_the_error_shrinks_as_the_cycle_goes_on(
    kind: Callable[[Random], History], bounds: tuple[float, float, float]
) -> None:
    made = histories(kind)

    errors = [error(projected, made, fraction) for fraction in (0.25, 0.5, 0.75)]

    assert errors == sorted(errors, reverse=True)
    assert [found <= bound for found, bound in zip(errors, bounds, strict=True)] == [True] * 3, errors


@pytest.mark.parametrize("kind", [steady, bursty, weekday_heavy, front_loaded])
def test_the_first_hours_tell_more_than_used_over_elapsed(kind: Callable[[Random], History]) -> None:
    made = histories(kind)

    assert error(projected, made, *EARLY) < 0.9 * error(used_over_elapsed, made, *EARLY)


@pytest.mark.parametrize(
    ("elapsed", "change", "used", "limit", "expected"),
    [
        # The pace is 2 a day, from 10 used in 4 days and the prior's one.
        (4, 10, 10, 100, Forecast(62, None)),
        (4, 10, 10, 62, Forecast(62, None)),
        (4, 10, 10, 61, Forecast(62, START + 29.5 * DAY)),
        (4, 10, 10, 11, Forecast(62, START + 4.5 * DAY)),
        (4, 10, 10, 10, Forecast(62, START + 4 * DAY)),
        (4, 10, 10, 5, Forecast(62, START + 4 * DAY)),
        # Nothing used projects nothing, and exhausts only what never was.
        (0, 0, 0, 10, Forecast(0, None)),
        (15, 0, 0, 10, Forecast(0, None)),
        (15, 0, 0, 0, Forecast(0, START + 15 * DAY)),
        # A standing limit goes on from how many there are; fewer, but never less than none.
        (9, 1, 6, 10, Forecast(8, None)),
        (9, 1, 6, 7, Forecast(8, START + 19 * DAY)),
        (9, 0, 6, 7, Forecast(6, None)),
        (9, -1, 6, 7, Forecast(4, None)),
        (9, -5, 1, 7, Forecast(0, None)),
        (9, -5, 7, 7, Forecast(0, START + 9 * DAY)),
    ],
)
def test_the_rest_of_the_cycle_goes_on_at_its_own_pace(
    elapsed: float, change: int, used: int, limit: int, expected: Forecast
) -> None:
    cycle = CurrentCycle(START, END, change)

    assert forecast(cycle, START + elapsed * DAY, used=used, limit=limit) == expected


@pytest.mark.parametrize(
    ("now", "used", "expected"),
    [
        # 31,000,000,000 would be no Int.
        (START, 10**9, Forecast(INTEGER_LIMIT, START + DAY)),
        # 62,000,000,000 days would be no timedelta.
        (END - MICROSECOND, 1, Forecast(1, None)),
    ],
)
def test_no_pace_is_too_fast_or_too_slow(now: datetime, used: int, expected: Forecast) -> None:
    cycle = CurrentCycle(START, END, used)

    assert forecast(cycle, now, used=used, limit=2 * 10**9) == expected
