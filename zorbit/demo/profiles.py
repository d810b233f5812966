"""Who lives in the workspace, and how each stands with what is paid for."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from zorbit.models import SubscriptionStatus
from zorbit.services.cycles import Cycle, cycle_at, months_after

DEMO_EMAIL = "demo@example.com"
TRIAL = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Profile:
    """How a user stands; the numbers of rows follow from it alone."""

    plan: str
    status: SubscriptionStatus
    months: int
    """Finished months of the subscription."""
    days: int
    """Days since the last of them."""
    threads: tuple[int, ...]
    """Conversations in each cycle that left traces, the oldest first."""


@dataclass(frozen=True, slots=True)
class Author:
    """An ordinary user."""

    index: int
    email: str
    name: str | None
    profile: Profile


# The demo user's; then everybody's in turn. Days leave room on both sides of a month's end: whichever day
# it is, a cycle is some days old and has some to go, and what is past due is within its grace.
DEMO = Profile("Pro", SubscriptionStatus.ACTIVE, 5, 11, (4, 5, 5))
OTHERS = (
    Profile("Pro", SubscriptionStatus.TRIALING, 0, 9, (3,)),
    Profile("Starter", SubscriptionStatus.PAST_DUE, 12, 4, (3, 3, 3)),
    Profile("Team", SubscriptionStatus.CANCELED, 7, 13, (3, 3, 3)),
    Profile("Pro", SubscriptionStatus.EXPIRED, 4, 20, (3, 3, 2)),
    Profile("Free", SubscriptionStatus.ACTIVE, 6, 12, (3, 3, 3)),
    Profile("Pro", SubscriptionStatus.ACTIVE, 3, 10, (3, 3, 3)),
    Profile("Team", SubscriptionStatus.ACTIVE, 8, 14, (3, 4, 4)),
    Profile("Pro", SubscriptionStatus.ACTIVE, 9, 15, (3, 3, 4)),
)
FORMER = Author(
    -1, "former@example.com", "Former Author", Profile("Pro", SubscriptionStatus.EXPIRED, 2, 20, (1, 1))
)
"""The one who has left."""

_KNOWN: tuple[tuple[str, str | None], ...] = (
    (DEMO_EMAIL, "Demo Author"),
    ("trial@example.com", "Trial Author"),
    ("editor@example.com", "Sample Editor"),
    ("marketing@example.com", "Sample Marketing Team"),
    ("recruiting@example.com", None),
)


def author(index: int) -> Author:
    """Ordinary user `index`, counted from 0; how many rows there are depends on the profile alone."""
    profile = DEMO if index == 0 else OTHERS[(index - 1) % len(OTHERS)]
    unknown = (f"author{index + 1}@example.com", f"Sample Author {index + 1}")
    email, name = _KNOWN[index] if index < len(_KNOWN) else unknown
    return Author(index, email, name, profile)


@dataclass(frozen=True, slots=True)
class Window:
    """A cycle, and how much of it has passed."""

    cycle: Cycle
    stop: datetime
    is_running: bool


@dataclass(frozen=True, slots=True)
class Terms:
    """The dates of a subscription."""

    start: datetime
    renewal: datetime
    end: datetime | None
    canceled_at: datetime | None
    trial_ends_at: datetime | None
    windows: list[Window]


def terms(profile: Profile, day: datetime, hour: timedelta, *, yearly: bool) -> Terms:
    """The dates that make `profile` true on `day`; `hour` is the time of day at which all began."""
    start = months_after(day - timedelta(days=profile.days) + hour, -profile.months)
    if profile.status is SubscriptionStatus.TRIALING:
        trial = Cycle(start, start + TRIAL)
        return Terms(start, trial.end, None, None, trial.end, [Window(trial, day, is_running=True)])

    running = cycle_at(start, day)
    renewal = months_after(start, 12) if yearly else running.end
    end: datetime | None = None
    canceled_at: datetime | None = None
    if profile.status is SubscriptionStatus.CANCELED:
        end, canceled_at = renewal, day - timedelta(days=3) + hour
    if profile.status is SubscriptionStatus.PAST_DUE:
        renewal = running.start
    if profile.status is SubscriptionStatus.EXPIRED:
        end = renewal = running.start
        canceled_at = end - timedelta(days=8)
    return Terms(start, renewal, end, canceled_at, None, _windows(profile, start, running, day))


def _windows(profile: Profile, start: datetime, running: Cycle, day: datetime) -> list[Window]:
    """The cycles that left traces, the oldest first."""
    windows = [] if profile.status is SubscriptionStatus.EXPIRED else [Window(running, day, is_running=True)]
    first = running.start
    while len(windows) < len(profile.threads):
        cycle = cycle_at(start, first - timedelta(microseconds=1))
        windows.insert(0, Window(cycle, cycle.end, is_running=False))
        first = cycle.start
    return windows
