"""The plans: three that can be subscribed to, and one that is only kept by those who have it."""

from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from zorbit.demo.rows import Rows
from zorbit.models import Plan, PlanInterval, QuotaType
from zorbit.services.quotas import PLAN_LIMITS

PLANS: dict[str, dict[str, Any]] = {
    "Starter": {
        "description": "No longer offered; replaced by Free and Pro.",
        "price": Decimal("12.00"),
        "features": None,
        "dodo_product_id": "prod_demo_starter",
        "is_active": False,
    },
    "Free": {"description": None, "price": Decimal("0.00"), "features": Jsonb(["Try everything"])},
    "Pro": {
        "description": "For people who write every week.",
        "price": Decimal("29.00"),
        "features": Jsonb(["Scheduling", "Ten personas", "Images"]),
        "dodo_product_id": "prod_demo_pro",
    },
    "Team": {
        "description": "For teams, paid by the year.",
        "price": Decimal("290.00"),
        "interval": PlanInterval.YEAR.value,
        "features": Jsonb(["Everything in Pro", "Room for more personas", "One invoice a year"]),
        "dodo_product_id": "prod_demo_team",
    },
}
LIMITS: dict[str, dict[QuotaType, int]] = {
    name: dict(zip(QuotaType, limits, strict=True))
    for name, limits in {
        # In the order of QuotaType: posts, ideas, comments, scheduled, personas, images.
        "Starter": (30, 60, 10, 15, 4, 10),
        "Free": (10, 20, 5, 10, 4, 5),
        "Pro": (100, 200, 50, 40, 10, 20),
        "Team": (400, 800, 200, 150, 40, 100),
    }.items()
}


def is_yearly(plan: str) -> bool:
    """Whether `plan` is paid by the year."""
    return PLANS[plan].get("interval") == PlanInterval.YEAR


def add_plans(rows: Rows, rng: Random, at: datetime) -> dict[str, UUID]:
    """Add the plans and answer their ids by name."""
    return {
        name: rows.add(Plan, rng, at + timedelta(minutes=7 * place), name=name, **values, **_limits(name))
        for place, (name, values) in enumerate(PLANS.items())
    }


def _limits(plan: str) -> dict[str, int]:
    return {PLAN_LIMITS[type]: limit for type, limit in LIMITS[plan].items()}
