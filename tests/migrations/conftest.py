"""Empty databases, and one that was brought up revision by revision."""

from collections.abc import Callable, Iterator
from itertools import count

import pytest

from tests import rows
from tests.conftest import recreate, renamed
from tests.migrations.dumps import REVISIONS, Schema, dump, migrate


@pytest.fixture(scope="package")
def database(postgres: str, worker_id: str) -> Iterator[Callable[[], str]]:
    """Makes empty databases."""
    names: list[str] = []
    numbers = count()

    def make() -> str:
        names.append(f"zorbit_migrations_{worker_id}_{next(numbers)}")
        recreate(postgres, names[-1])
        return renamed(postgres, names[-1])

    yield make
    for name in names:
        rows.execute(postgres, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def empty(database: Callable[[], str]) -> str:
    """An empty database."""
    return database()


@pytest.fixture(scope="package")
def ladder(database: Callable[[], str]) -> tuple[str, dict[str, Schema]]:
    """A database that was brought up revision by revision, and its schema after each."""
    url = database()
    schemas = {"base": dump(url)}
    for revision in REVISIONS:
        migrate(url, revision)
        schemas[revision] = dump(url)
    return url, schemas
