"""Databases that the demo has filled, each once, to read only."""

from collections.abc import Callable, Iterator
from datetime import datetime

import pytest

from tests.conftest import recreate, renamed
from tests.demo.workspaces import DAYS, NOW, PROFILES, World
from tests.rows import execute
from zorbit import demo


@pytest.fixture(scope="package")
def copies(
    postgres: str, worker_database: str, worker_id: str
) -> Iterator[Callable[[str, int, datetime], str]]:
    """Makes databases of their own for tests that only read: each is filled once."""
    made: list[str] = []

    def make(name: str, users: int, now: datetime) -> str:
        made.append(f"zorbit_demo_{name}_{worker_id}")
        recreate(postgres, made[-1], template=f"zorbit_template_{worker_id}")
        url = renamed(postgres, made[-1])
        demo.fill(url, users=users, now=now)
        return url

    yield make
    for name in made:
        execute(postgres, f'DROP DATABASE "{name}"')


@pytest.fixture(scope="package")
def filled(copies: Callable[[str, int, datetime], str]) -> str:
    """A database with the default workspace, to read only."""
    return copies("default", 5, NOW)


@pytest.fixture(scope="package", params=[NOW, *DAYS], ids=str)
def world(copies: Callable[[str, int, datetime], str], request: pytest.FixtureRequest) -> World:
    """Workspaces of different days, with every profile that there is; to read only."""
    now: datetime = request.param
    return World(copies(f"{now:%Y%m%d}", PROFILES, now), now)
