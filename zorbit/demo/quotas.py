"""Quotas, added up from what was noted."""

from datetime import datetime, timedelta
from uuid import UUID

from psycopg.types.json import Jsonb

from zorbit.demo.plans import LIMITS
from zorbit.demo.profiles import Window
from zorbit.demo.scene import Scene
from zorbit.demo.usage import Entry
from zorbit.models import QuotaType, UsageLog, UsageQuota
from zorbit.services.spending import CARRIED_OVER


def write_quotas(scene: Scene) -> None:
    """Add the quotas of every cycle and their logs."""
    for window in scene.terms.windows:
        at = window.cycle.start
        for type in QuotaType:
            # The job that begins a cycle needs a moment for each row.
            at += timedelta(milliseconds=scene.rng.uniform(10, 30))
            entries = _carried_over(scene, type, window, at) + scene.ledger.within(type, window)
            quota_id = _write_quota(scene, type, window, at, entries)
            _write_entries(scene, type, quota_id, entries)


def _write_entries(scene: Scene, type: QuotaType, quota_id: UUID, entries: list[Entry]) -> None:
    """Add the log; what is given back names its spend, or the entry that a persona was carried over by."""
    spends: dict[UUID | None, UUID] = {}
    for entry in entries:
        is_refund = entry.amount < 0
        id = scene.add(
            UsageLog,
            entry.at,
            type=type.value,
            description=entry.description,
            metadata_=Jsonb(entry.metadata) if entry.metadata else None,
            user_id=str(scene.user_id),
            amount=entry.amount,
            quota_id=quota_id,
            subject_id=entry.subject_id,
            refund_of_id=(spends.get(entry.subject_id) or spends[None]) if is_refund else None,
        )
        if not is_refund:
            spends[entry.subject_id] = id


def _carried_over(scene: Scene, type: QuotaType, window: Window, at: datetime) -> list[Entry]:
    """Personas last: those that there are when a cycle begins are its first entry."""
    count = scene.ledger.before(type, window) if type is QuotaType.PERSONA else 0
    return [Entry(at, count, CARRIED_OVER)] if count else []


def _write_quota(scene: Scene, type: QuotaType, window: Window, at: datetime, entries: list[Entry]) -> UUID:
    return scene.add(
        UsageQuota,
        at,
        updated_at=entries[-1].at if entries else None,
        type=type.value,
        used=sum(entry.amount for entry in entries),
        limit=LIMITS[scene.profile.plan][type],
        reset_date=window.cycle.end,
        billing_cycle_start=window.cycle.start,
        billing_cycle_end=window.cycle.end,
    )
