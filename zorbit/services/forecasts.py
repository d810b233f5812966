"""Forecasts: what a cycle comes to if it goes on at its own pace.

The pace is a Gamma-Poisson rate with a prior of one day without use: the change so far over the time so far
plus one day. A few uses in the first hours then don't count for the whole month, and nothing used projects
nothing. The prior knows no limit: that of a plan without bounds would drown what was seen.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from zorbit.checks import as_integer
from zorbit.services.usage import CurrentCycle

DAY = timedelta(days=1)
PRIOR = DAY
"""How much time without use the pace begins with."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """What the current cycle comes to."""

    projected_use: int
    exhausts_at: datetime | None
    """When the limit is reached, if before the cycle's end."""


def forecast(cycle: CurrentCycle, now: datetime, *, used: int, limit: int) -> Forecast:
    """The rest of the cycle at the pace of its change so far."""
    pace = cycle.change / ((now - cycle.start + PRIOR) / DAY)
    days_left = (cycle.end - now) / DAY
    projected = round(used + pace * days_left)
    days = _days_until(limit - used, pace)
    # Compared as numbers: a slow pace takes longer than a timedelta can be.
    exhausts_at = now + days * DAY if days is not None and days < days_left else None
    return Forecast(as_integer(max(projected, 0)), exhausts_at)


def _days_until(left: int, pace: float) -> float | None:
    """How long what is left lasts; None where it isn't used up."""
    if left <= 0:
        return 0
    return left / pace if pace > 0 else None
