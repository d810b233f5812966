"""Those whose rows are deleted."""

import pytest

from tests.writing.deletion.desk import Desk, settle


@pytest.fixture
def desk(database_url: str) -> Desk:
    """A subscriber with a row of each kind."""
    return settle(database_url)
