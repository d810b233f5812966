"""Folders for embedded servers, and another account."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.embedded.servers import end_server
from zorbit.embedded import running


@pytest.fixture
def fresh_dir() -> Iterator[Path]:
    """Short, and open to other accounts, as the folders of `tmp_path` are not."""
    with tempfile.TemporaryDirectory(prefix="zorbit-test-") as folder:
        path = Path(folder)
        path.chmod(0o755)
        yield path
        for home in (path / "postgres", *path.glob("*/postgres")):
            end_server(home)


@pytest.fixture(scope="package")
def used_dir() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="zorbit-test-") as folder:
        Path(folder).chmod(0o755)
        with running(Path(folder)):
            pass
        yield Path(folder)


@pytest.fixture
def data_dir(used_dir: Path) -> Iterator[Path]:
    """With the cluster of the tests before, whose making is most of the time of a first start."""
    yield used_dir
    end_server(used_dir / "postgres")


@pytest.fixture
def nobody() -> str:
    if os.geteuid() != 0:
        pytest.skip("only root can become another user")
    return "nobody"
