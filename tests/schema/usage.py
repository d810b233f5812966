"""Cycles with their entries, and what `usage` tells of them."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from tests.conftest import Client
from tests.rows import insert, insert_many

DAY = timedelta(days=1)
START, END = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC)
HISTORY = "day spent refunded net"
HISTORY_AND_FORECAST = f"history {{ {HISTORY} }} forecast {{ projectedUse exhaustsAt }}"
TYPE = "post_generation"


def quota(url: str, user: UUID, start: datetime = START, end: datetime = END, **values: Any) -> UUID:
    """A stored cycle."""
    cycle = {"billingCycleStart": start, "billingCycleEnd": end, "resetDate": end}
    return insert(url, "UsageQuota", userId=user, **cycle | {"type": TYPE} | values)


def log(url: str, quota: UUID, *entries: tuple[datetime, int], **values: Any) -> None:
    """Entries of a cycle: when, how much."""
    own = {"quotaId": quota, "userId": "whoever", "type": TYPE} | values
    insert_many(
        url, "UsageLog", [own | {"createdAt": moment, "amount": amount} for moment, amount in entries]
    )


async def usage(client: Client, user: UUID, selection: str, type: str = "POST_GENERATION") -> Any:
    """What the field gives of the selection."""
    data = await client.data(f"{{ viewer {{ usage(type: {type}) {{ {selection} }} }} }}", by=user)
    return data["viewer"]["usage"]
