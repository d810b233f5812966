"""Subscriptions whose periods, as time goes by, have just ended."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from tests.writing.billing.accounts import subscription
from zorbit.services.cycles import months_after

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def ago(time: timedelta) -> datetime:
    """The moment so long ago."""
    return datetime.now(UTC) - time


def period(months: int = 1, *, ended: timedelta = HOUR) -> dict[str, datetime]:
    """A period of so many months that ended so long ago, or up to three days earlier at a month's end."""
    start = months_after(ago(ended), -months)
    return {"startDate": start, "renewalDate": months_after(start, months)}


def status(url: str, user: UUID) -> str:
    """That of the user's subscription."""
    found: str = subscription(url, user)["status"]
    return found
