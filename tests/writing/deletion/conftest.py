"""Those whose rows are deleted."""

from uuid import UUID

import pytest

from tests.rows import insert
from tests.writing.deletion.desk import Desk, settle


@pytest.fixture
def owner(database_url: str) -> UUID:
    """Somebody whose rows these are."""
    return insert(database_url, "User")


@pytest.fixture
def desk(database_url: str) -> Desk:
    """A subscriber with a row of each kind."""
    return settle(database_url)
