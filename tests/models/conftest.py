"""A workspace in the database."""

from uuid import UUID

import pytest
from uuid_utils.compat import uuid7

from tests import rows
from tests.models.cases import workspace


@pytest.fixture
def ids(database_url: str) -> dict[str, UUID]:
    """A workspace's rows, by table."""
    ids = {table: uuid7() for table in rows.PLAIN}
    for table, values in workspace(ids).items():
        rows.insert(database_url, table, **values)
    return ids
