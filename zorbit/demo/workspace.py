"""The whole workspace, user by user: which rows there are depends on the users' numbers alone."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from random import Random
from uuid import UUID

from zorbit import models
from zorbit.demo.billing import write_billing
from zorbit.demo.conversations import write_conversations
from zorbit.demo.library import write_comments, write_library
from zorbit.demo.plans import add_plans, is_yearly
from zorbit.demo.profiles import DEMO, FORMER, OTHERS, Author, author, terms
from zorbit.demo.quotas import write_quotas
from zorbit.demo.rows import Rows
from zorbit.demo.scene import Scene
from zorbit.demo.usage import Ledger

ADMIN_EMAIL = "admin@example.com"
PUBLISHER_EMAIL = "publisher@example.com"
STAFF = (
    (ADMIN_EMAIL, "Demo Admin", models.Role.ADMIN),
    (PUBLISHER_EMAIL, "Demo Publisher", models.Role.SERVICE),
)
# Plans and staff are older than every user.
AGE = timedelta(days=500)


@dataclass(frozen=True, slots=True)
class Calendar:
    """Now, and the midnight before it.

    Everything told of the past hangs on that midnight: two workspaces of one day differ in due posts alone.
    """

    now: datetime

    @property
    def day(self) -> datetime:
        """The first instant of the day, in UTC."""
        return self.now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def write_workspace(rows: Rows, users: int, now: datetime) -> Iterator[None]:
    """Add everything to `rows`, pausing after each user so that they can be written or counted."""
    calendar = Calendar(now)
    plans = _write_base(rows, calendar)
    yield
    for index in range(users):
        _write_author(rows, author(index), calendar, plans)
        yield


def total(users: int) -> int:
    """How many rows `write_workspace` adds for `users`, one or more, told from a few of them."""
    turns, rest = divmod(users - 1, len(OTHERS))
    return _size(1 + rest) + turns * (_size(1 + len(OTHERS)) - _size(1))


@cache
def _size(users: int) -> int:
    rows = Rows()
    for _ in write_workspace(rows, users, datetime(2026, 1, 15, tzinfo=UTC)):
        rows.discard()
    return rows.counts.total()


def _write_base(rows: Rows, calendar: Calendar) -> dict[str, UUID]:
    """Add the plans, the staff and an author who has left; answer the plans' ids by name."""
    rng = Random("zorbit demo")  # noqa: S311 - the same again is the point
    at = calendar.day - AGE
    plans = add_plans(rows, rng, at)
    for number, (email, name, role) in enumerate(STAFF, start=1):
        rows.add(models.User, rng, at + timedelta(hours=number), email=email, name=name, role=role.value)
    _write_author(rows, FORMER, calendar, plans)
    return plans


def _write_author(rows: Rows, author: Author, calendar: Calendar, plans: dict[str, UUID]) -> None:
    """Add an ordinary user and everything that belongs to one."""
    profile = author.profile
    rng = Random(f"zorbit demo {author.index}")  # noqa: S311 - the same again is the point
    hour = timedelta(seconds=rng.uniform(6 * 3600, 18 * 3600))
    dates = terms(profile, calendar.day, hour, yearly=is_yearly(profile.plan))
    at = dates.start - timedelta(minutes=rng.uniform(15, 45))
    user_id = rows.add(
        models.User,
        rng,
        at,
        email=author.email,
        name=author.name,
        role=models.Role.USER.value,
        dodo_customer_id=None if profile.plan == "Free" else f"cus_demo_{author.index + 1}",
        deleted_at=calendar.day - timedelta(days=3) + hour if author is FORMER else None,
    )
    scene = Scene(
        rows, rng, author.index, profile, dates, calendar.now, calendar.day, user_id, Ledger(profile.plan)
    )
    write_billing(scene, plans[profile.plan])
    write_library(scene)
    write_comments(scene)
    write_conversations(scene)
    if profile is DEMO:
        last = dates.windows[-1]
        at = last.stop - timedelta(minutes=rng.uniform(60, 90))
        scene.ledger.exhaust(models.QuotaType.IMAGE_CREATION, at, last, "Images for a carousel")
    write_quotas(scene)
