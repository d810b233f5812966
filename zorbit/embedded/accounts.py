"""The account that the embedded PostgreSQL runs as: PostgreSQL refuses to run as root."""

import logging
import os
import pwd
import shlex
import stat
import subprocess
from contextlib import suppress
from pathlib import Path

from zorbit.errors import OperatorError

_ACCOUNT = "pgserver"
_PATIENCE = 60.0  # seconds
ELSE = "or set ZORBIT_DATABASE_URL to a PostgreSQL of your own."

_log = logging.getLogger(__name__)


def account_of(home: Path) -> pwd.struct_passwd | None:
    """Who runs PostgreSQL, which refuses root: the owner of the home, at first an account for that alone."""
    if os.geteuid() != 0:
        return None
    if owner := home.stat().st_uid:
        with suppress(KeyError):  # an owner from another machine or container
            return pwd.getpwuid(owner)
    account = _server_account()
    for path in (*home.rglob("*"), home):
        os.chown(path, account.pw_uid, account.pw_gid, follow_symlinks=False)
    return account


def _server_account() -> pwd.struct_passwd:
    with suppress(KeyError):
        return pwd.getpwnam(_ACCOUNT)
    command = ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", _ACCOUNT]
    path = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}  # one that came by `su` may have no sbin
    try:
        subprocess.run(command, check=True, env=path, capture_output=True, timeout=_PATIENCE)  # noqa: S603
    except (OSError, subprocess.SubprocessError) as error:
        raise OperatorError(
            f"PostgreSQL refuses to run as root, and an account for it cannot be made ({error}): run Zorbit "
            f"as an ordinary user, make the account with `{shlex.join(command)}`, {ELSE}"
        ) from error
    return pwd.getpwnam(_ACCOUNT)


def let_through(account: pwd.struct_passwd, target: Path) -> None:
    """Where a folder above the target is closed to the account, let others pass through it (not list it)."""
    for folder in reversed(target.parents):
        test = ["/usr/bin/env", "test", "-x", str(folder)]
        user, group = account.pw_uid, account.pw_gid
        if subprocess.run(test, user=user, group=group, extra_groups=[], check=False).returncode:  # noqa: S603
            folder.chmod(folder.stat().st_mode | stat.S_IXOTH)
            _log.warning("%s is open to pass through now, for the account %s", folder, account.pw_name)
