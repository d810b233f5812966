"""One user's part of the workspace while it is made."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any, TypeVar
from uuid import UUID

from zorbit import models
from zorbit.demo.profiles import Profile, Terms
from zorbit.demo.rows import Rows, Table
from zorbit.demo.usage import Ledger

T = TypeVar("T")


@dataclass(slots=True)
class Scene:
    """A user, the dates that hold, and what was made so far."""

    rows: Rows
    rng: Random
    index: int
    profile: Profile
    terms: Terms
    now: datetime
    day: datetime
    user_id: UUID
    ledger: Ledger
    personas: list[UUID] = field(default_factory=list)
    templates: list[UUID] = field(default_factory=list)

    def add(self, table: Table, at: datetime, **values: Any) -> UUID:
        """Add a row of this user's."""
        if "user_id" not in values and table is not models.InvoiceItem:
            values["user_id"] = self.user_id
        return self.rows.add(table, self.rng, at, **values)

    def after(self, at: datetime, low: float, high: float) -> datetime:
        """A moment between `low` and `high` minutes after `at`."""
        return at + timedelta(minutes=self.rng.uniform(low, high))

    def awake(self, at: datetime) -> datetime:
        """`at`, or if that is at night, the next morning."""
        if 7 <= at.hour < 19:
            return at
        morning = at.replace(hour=7, minute=0, second=0) + timedelta(days=at.hour >= 19)
        return self.after(morning, 0, 180)

    def spread(self, start: datetime, stop: datetime, count: int) -> list[datetime]:
        """`count` moments from `start` to `stop`, one in the first part of each of `count` equal slots."""
        slot = (stop - start) / count
        return [start + slot * (place + self.rng.uniform(0.05, 0.35)) for place in range(count)]

    def turn(self, choices: Sequence[T], number: int) -> T:
        """The choices in turn, every user beginning with another one."""
        return choices[(number + self.index) % len(choices)]
