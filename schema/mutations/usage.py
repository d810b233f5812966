"""Usage, written: an admin's adjustments of quotas."""

from collections.abc import Mapping
from typing import Any

from schema.access import Access
from schema.payloads import QUOTA, row
from schema.writing import Writing, mutation
from schema.written import id_of, value
from zorbit.models import QuotaType, UsageQuota
from zorbit.services import adjustments
from zorbit.services.adjustments import LIMIT_LIMIT, REASON_LIMIT
from zorbit.services.values import Values


@mutation(
    "For admins: set a limit of a user's current cycle, also below what is used already; the next cycle has "
    "the plan's again. The user needs a subscription that holds.",
    Access.ADMINS,
    takes=id_of("user_id", "Whose quota.")
    | value("type", QuotaType, "Which limit.", required=True)
    | value("limit", int, f"How much may be used in this cycle: 0 to {LIMIT_LIMIT}.", required=True)
    | value(
        "reason",
        str,
        f"Why: 1 to {REASON_LIMIT} characters, kept in the audit trail, where the user reads it too.",
        required=True,
    ),
    gives=QUOTA | row("usage_quota", UsageQuota, "The cycle as it is stored now."),
    recorded=True,
)
async def adjust_quota(writing: Writing, values: Values) -> Mapping[str, Any]:
    """What is used stays."""
    quota, before = await adjustments.adjust(writing.session, values, writing.terms)
    writing.note(type=quota.type.name, limit=[before, quota.limit], reason=values["reason"])
    return {"quota": (quota.user_id, quota.type), "usage_quota": quota}
