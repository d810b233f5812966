"""Whoever writes, and what races need."""

from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from tests.rows import insert
from tests.writing.billing.accounts import Account
from zorbit import db
from zorbit.config import Settings
from zorbit.db import Database

CONNECTIONS = 40


@pytest.fixture(scope="package")
async def pool(worker_database: str, settings: Settings) -> AsyncIterator[Database]:
    """As many connections as a race needs, kept for the next."""
    patient = {"pool_size": CONNECTIONS, "pool_timeout": 30, "statement_timeout": 30, "lock_timeout": 30}
    connected = db.connect(worker_database, settings.model_copy(update=patient))
    yield connected
    await connected.close()


@pytest.fixture
def subscriber(database_url: str) -> UUID:
    """A user with a subscription that holds."""
    user = insert(database_url, "User")
    insert(database_url, "Subscription", userId=user, planId=insert(database_url, "Plan"))
    return user


@pytest.fixture
def admin(database_url: str) -> UUID:
    """The only admin."""
    return insert(database_url, "User", role="admin")


@pytest.fixture
def user(database_url: str) -> UUID:
    """Somebody without a subscription."""
    return insert(database_url, "User")


@pytest.fixture
def plan(database_url: str) -> UUID:
    """A monthly plan."""
    return insert(database_url, "Plan", name="Pro", price="29.00", postGenerationLimit=100)


@pytest.fixture
def member(database_url: str, database: Database) -> Account:
    """Somebody without a subscription, at times of the test's own."""
    return Account(database_url, database, insert(database_url, "User"))
