"""What was used of the plan, noted as it happens."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from zorbit.demo.plans import LIMITS
from zorbit.demo.profiles import Window
from zorbit.models import QuotaType


@dataclass(frozen=True, slots=True)
class Entry:
    """One spend, or a refund where `amount` is negative."""

    at: datetime
    amount: int
    description: str | None
    metadata: dict[str, Any] | None = None
    subject_id: UUID | None = None
    """What it was spent on, or is given back for."""


@dataclass(slots=True)
class Ledger:
    """Everything that one user spent."""

    plan: str
    entries: dict[QuotaType, list[Entry]] = field(default_factory=lambda: defaultdict(list))

    def note(
        self,
        type: QuotaType,
        at: datetime,
        description: str | None,
        *,
        amount: int = 1,
        subject_id: UUID | None = None,
        **metadata: Any,
    ) -> None:
        """Something was used, or given back where `amount` is negative."""
        self.entries[type].append(Entry(at, amount, description, metadata or None, subject_id))

    def exhaust(self, type: QuotaType, at: datetime, window: Window, description: str) -> None:
        """All that is left in `window` was used at once."""
        left = LIMITS[self.plan][type] - sum(entry.amount for entry in self.within(type, window))
        self.entries[type].append(Entry(at, left, description, {"count": left}))

    def within(self, type: QuotaType, window: Window) -> list[Entry]:
        """What was spent of `type` in `window`, in order."""
        cycle = window.cycle
        found = [entry for entry in self.entries[type] if cycle.start <= entry.at < cycle.end]
        return sorted(found, key=lambda entry: entry.at)

    def before(self, type: QuotaType, window: Window) -> int:
        """What the spends before `window` come to."""
        return sum(entry.amount for entry in self.entries[type] if entry.at < window.cycle.start)
