"""The embedded PostgreSQL: real servers, started, shared and stopped."""

import os
import signal
import subprocess
from pathlib import Path

import psycopg
import pytest

from tests.embedded.servers import User, is_alive, log, postmaster, run, sockets_of, wait_until_dead
from zorbit import embedded
from zorbit.embedded import running


def test_data_outlives_a_stop_and_the_next_start_needs_no_recovery(fresh_dir: Path) -> None:
    with running(fresh_dir) as url:
        run(url, "CREATE TABLE note AS SELECT 'kept' AS text")
        pid = postmaster(fresh_dir)
        assert is_alive(pid)
    assert not is_alive(pid)

    with running(fresh_dir) as url:
        assert run(url, "SELECT current_database(), text FROM note") == [("zorbit", "kept")]
        assert postmaster(fresh_dir) != pid

    assert "database system was shut down at" in log(fresh_dir)
    assert "recovery" not in log(fresh_dir)


def test_settings_fit_an_embedded_server(data_dir: Path) -> None:
    with running(data_dir) as url:
        settings = dict(run(url, "SELECT name, setting FROM pg_settings"))
        letters = run(url, "SELECT letter FROM unnest('{b,a,ä,Z,_}'::text[]) letter ORDER BY letter")
        upper = run(url, "SELECT upper('straße ä')")

    assert settings["listen_addresses"] == ""
    assert settings["max_connections"] == "200"
    assert settings["TimeZone"] == "UTC"
    assert settings["server_version_num"] >= "180000"
    assert settings["fsync"] == settings["synchronous_commit"] == settings["full_page_writes"] == "on"
    assert letters == [("Z",), ("_",), ("a",), ("b",), ("ä",)]
    assert upper == [("STRAßE Ä",)]


def test_durability_may_be_given_up_for_speed(data_dir: Path) -> None:
    with running(data_dir, fsync=False) as url:
        settings = dict(run(url, "SELECT name, setting FROM pg_settings"))

    assert settings["fsync"] == settings["synchronous_commit"] == settings["full_page_writes"] == "off"


def test_errors_of_statements_are_not_logged_and_each_start_begins_a_new_log(data_dir: Path) -> None:
    with running(data_dir) as url, pytest.raises(psycopg.errors.DivisionByZero):
        run(url, "SELECT 1 / 0 AS secret")
    first = log(data_dir)

    with running(data_dir):
        pass

    assert "secret" not in first
    assert "division" not in first
    assert (data_dir / "postgres/log.old").read_text() == first
    assert log(data_dir).count("database system is ready") == 1


def test_the_last_of_two_processes_stops_the_server(data_dir: Path) -> None:
    with User(data_dir) as first, User(data_dir) as second:
        url = first.said()
        assert second.said() == url
        pid = postmaster(data_dir)

        first.leave()
        assert run(url, "SELECT 1") == [(1,)]
        assert is_alive(pid)

        second.leave()
        assert not is_alive(pid)


def test_the_server_runs_on_for_a_second_block_in_the_same_process(data_dir: Path) -> None:
    with running(data_dir) as url:
        with running(data_dir) as inner:
            assert inner == url
        assert run(url, "SELECT 1") == [(1,)]


def test_five_processes_start_at_once_on_a_fresh_folder(fresh_dir: Path) -> None:
    users = [User(fresh_dir) for _ in range(5)]
    try:
        urls = [user.said() for user in users]
        answers = [run(url, "SELECT current_database()") for url in urls]
        pid = postmaster(fresh_dir)
        for user in users:
            user.leave()
    finally:
        for user in users:
            user.__exit__()

    assert len(set(urls)) == 1
    assert answers == [[("zorbit",)]] * 5
    assert not is_alive(pid)


def test_ctrl_c_leaves_the_server_to_the_process_that_uses_it(data_dir: Path) -> None:
    with User(data_dir) as user:
        user.said()
        pid = postmaster(data_dir)

        os.killpg(user.pid, signal.SIGINT)

        assert user.said() == "still there"
        user.leave()
        assert not is_alive(pid)
        assert log(data_dir).count("received fast shutdown request") == 1


def test_an_error_in_the_block_passes_unchanged_and_the_server_is_stopped(data_dir: Path) -> None:
    with pytest.raises(PermissionError, match=r"^mine$"), running(data_dir):
        raise PermissionError("mine")

    assert log(data_dir).endswith("database system is shut down\n")


def test_a_path_that_is_odd_in_a_shell_or_a_url_works(fresh_dir: Path) -> None:
    with running(fresh_dir / "blank, $(quote) \" ' ü", fsync=False) as url:
        assert run(url, "SELECT current_database()") == [("zorbit",)]


def test_a_path_too_long_for_a_socket_works_and_leaves_nothing_behind(fresh_dir: Path) -> None:
    long = fresh_dir / ("x" * 120)
    with User(long) as killed:
        url = killed.said()
        pid = postmaster(long)
        first = sockets_of(url)
        assert first.stat().st_mode & 0o777 == 0o700
        with User(long) as other:
            assert other.said() == url
        os.kill(pid, signal.SIGKILL)
        wait_until_dead(pid)

    with running(long) as url:
        second = sockets_of(url)
        assert run(url, "SELECT 1") == [(1,)]

    assert first != second
    assert not first.exists()
    assert not second.exists()


def test_programs_of_postgresql_are_at_hand() -> None:
    versions = [
        subprocess.run([embedded.binaries() / name, "--version"], check=True, capture_output=True, text=True)
        for name in ("psql", "pg_dump", "pg_restore")
    ]

    assert [" 18." in version.stdout for version in versions] == [True] * 3
