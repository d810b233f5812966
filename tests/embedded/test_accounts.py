"""The embedded PostgreSQL and the machine's other accounts."""

import os
import pwd
from pathlib import Path

import pytest

from tests.embedded.servers import CONNECT, User, is_alive, postmaster, run
from zorbit.embedded import running


def test_another_user_cannot_connect(data_dir: Path, nobody: str) -> None:
    with running(data_dir) as url:
        with User(url, CONNECT, nobody) as other:
            refusal = other.leave()

        assert run(url, "SELECT 1") == [(1,)]
    assert "Permission denied" in refusal


def test_an_ordinary_user_runs_the_server_as_itself_and_root_may_join(fresh_dir: Path, nobody: str) -> None:
    account = pwd.getpwnam(nobody)
    os.chown(fresh_dir, account.pw_uid, account.pw_gid)
    with User(fresh_dir, account=nobody) as user:
        url = user.said()
        pid = postmaster(fresh_dir)
        assert Path(f"/proc/{pid}").stat().st_uid == account.pw_uid

        with running(fresh_dir) as joined:
            assert joined == url
            user.leave()
            assert run(url, "SELECT 1") == [(1,)]
        assert not is_alive(pid)

    with running(fresh_dir):
        assert Path(f"/proc/{postmaster(fresh_dir)}").stat().st_uid == account.pw_uid
    with User(fresh_dir, account=nobody) as user:
        assert user.said() == url
        user.leave()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the server as another account")
def test_closed_folders_above_are_opened_for_passing_only(fresh_dir: Path) -> None:
    closed = fresh_dir / "closed"
    closed.mkdir(mode=0o700)
    before = fresh_dir.stat().st_mode

    with running(closed / "deeper", fsync=False) as url:
        assert run(url, "SELECT 1") == [(1,)]

    assert closed.stat().st_mode & 0o777 == 0o701
    assert fresh_dir.stat().st_mode == before
