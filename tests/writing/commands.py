"""`zorbit` commands over a test's database, in this process."""

import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO

import pytest

from zorbit import cli


@dataclass(frozen=True)
class Ended:
    """What a command printed, and the code, or the line, that it ended with."""

    out: str
    err: str
    code: int | str | None


def zorbit(url: str, *arguments: str) -> Ended:
    out, err = StringIO(), StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        patch.setenv("ZORBIT_DATABASE_URL", url)
        patch.setattr(sys, "argv", ["zorbit", *arguments])
        with pytest.raises(SystemExit) as end:
            cli.main()
    return Ended(out.getvalue(), err.getvalue(), end.value.code)
