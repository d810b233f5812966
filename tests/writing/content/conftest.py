"""Those who schedule and post."""

from uuid import UUID

import pytest

from tests.rows import insert


@pytest.fixture
def owner(database_url: str) -> UUID:
    """A user who may schedule two posts a month."""
    user = insert(database_url, "User")
    insert(
        database_url, "Subscription", userId=user, planId=insert(database_url, "Plan", postSchedulingLimit=2)
    )
    return user
