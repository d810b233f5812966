"""What a running PostgreSQL says of itself in its folder, and what a killed one left there."""

import re
from pathlib import Path


def pid_file(home: Path) -> list[str]:
    """What the server says of itself, or said before it was killed."""
    try:
        return (home / "data" / "postmaster.pid").read_text(errors="surrogateescape").splitlines()
    except FileNotFoundError:
        return []


def socket_folder(home: Path) -> Path | None:
    """Where its socket is; it may be gone."""
    lines = pid_file(home)
    return Path(lines[4]) if len(lines) > 4 and lines[4] else None


def postmaster(home: Path) -> int | None:
    """The server's process, unless its number is another program's by now."""
    number = "".join(pid_file(home)[:1]).lstrip("-")  # negative if somebody runs `postgres --single` by hand
    if not number.isdecimal():
        return None
    try:
        status = Path("/proc", number, "stat").read_text()
    except OSError:
        # Where there is no /proc, PostgreSQL's own check has to do.
        return None if Path("/proc/self").exists() else int(number)
    return int(number) if re.search(r"\(postgres\) [^ZX]", status) else None
