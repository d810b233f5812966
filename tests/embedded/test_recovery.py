"""The embedded PostgreSQL after its users or itself were killed, or a first start was cut short."""

import os
import signal
import subprocess
import time
from pathlib import Path

import psycopg

from tests.embedded.servers import USER, User, is_alive, log, postmaster, run, wait_until_dead
from zorbit.embedded import running


def test_a_killed_user_neither_stops_the_server_nor_keeps_it(data_dir: Path) -> None:
    with User(data_dir) as killed, User(data_dir) as other:
        killed.said()
        url = other.said()
        pid = postmaster(data_dir)

        killed.kill()
        killed.wait()
        assert run(url, "SELECT 1") == [(1,)]

        other.leave()
        assert not is_alive(pid)


def test_the_server_of_killed_users_is_joined_and_stopped(data_dir: Path) -> None:
    with User(data_dir) as killed:
        run(killed.said(), "CREATE TABLE killed_user AS SELECT 'kept' AS text")
        pid = postmaster(data_dir)

    with running(data_dir) as url:
        assert postmaster(data_dir) == pid
        assert run(url, "SELECT text FROM killed_user") == [("kept",)]

    assert not is_alive(pid)


def test_committed_rows_are_there_after_everything_was_killed(data_dir: Path) -> None:
    with User(data_dir) as killed:
        run(killed.said(), "CREATE TABLE killed_server AS SELECT 'kept' AS text")
        pid = postmaster(data_dir)
        os.kill(pid, signal.SIGKILL)

    with running(data_dir) as url:
        assert run(url, "SELECT text FROM killed_server") == [("kept",)]
        assert postmaster(data_dir) != pid
    assert "automatic recovery in progress" in log(data_dir)


def test_the_number_of_a_killed_server_may_be_another_programs_by_now(data_dir: Path) -> None:
    home = data_dir / "postgres"
    with User(data_dir) as killed:
        killed.said()
        pid = postmaster(data_dir)
        os.kill(pid, signal.SIGKILL)
        wait_until_dead(pid)
    owner = home.stat().st_uid if os.geteuid() == 0 else None
    with subprocess.Popen(["sleep", "60"], user=owner) as stranger:
        for file in (home / "data/postmaster.pid", home / ".s.PGSQL.5432.lock"):
            file.write_text(file.read_text().replace(str(pid), str(stranger.pid), 1))

        with running(data_dir) as url:
            assert run(url, "SELECT 1") == [(1,)]

        assert stranger.poll() is None
        stranger.kill()


def test_a_start_waits_for_a_busy_backend_of_a_killed_server(data_dir: Path) -> None:
    busy = USER.replace(
        "print(url, flush=True)",
        "import psycopg; connection = psycopg.connect(url); print(connection.info.backend_pid, flush=True); "
        "connection.execute('SELECT count(*) FROM generate_series(1, 1e12)')",
    )
    with User(data_dir, busy) as killed:
        backend = int(killed.said())
        time.sleep(0.3)
        os.kill(postmaster(data_dir), signal.SIGKILL)
        assert is_alive(backend)

    with running(data_dir) as url:
        assert not is_alive(backend)
        assert run(url, "SELECT 1") == [(1,)]


def test_an_unfinished_cluster_is_made_again(fresh_dir: Path) -> None:
    unfinished = fresh_dir / "postgres/data.new"
    unfinished.mkdir(parents=True)
    (unfinished / "PG_VERSION").write_text("18\n")

    with running(fresh_dir, fsync=False) as url:
        assert run(url, "SELECT 1") == [(1,)]

    assert not unfinished.exists()


def test_the_database_is_made_if_the_first_start_was_killed_before(data_dir: Path) -> None:
    with running(data_dir) as url:
        other = url.replace("/zorbit?", "/postgres?")
        with psycopg.connect(other, autocommit=True) as connection:
            connection.execute("DROP DATABASE zorbit")

        with running(data_dir):
            assert run(url, "SELECT current_database()") == [("zorbit",)]
