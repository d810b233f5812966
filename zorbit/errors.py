"""Refusals: what a caller is told when something may not be done.

A refusal is part of the contract: it carries a code that programs can act on and a message for people.
Everything else that goes wrong is a fault, which callers see only as INTERNAL_SERVER_ERROR with a request id.
"""

from enum import StrEnum
from typing import ClassVar


class Code(StrEnum):
    """Machine-readable reasons, as they stand in `extensions.code`."""

    BAD_USER_INPUT = "BAD_USER_INPUT"
    UNAUTHENTICATED = "UNAUTHENTICATED"
    FORBIDDEN = "FORBIDDEN"
    UNAVAILABLE = "SERVICE_UNAVAILABLE"


class Refused(Exception):  # noqa: N818 - a refusal is an answer, not an error of the program
    """The request was refused."""

    code: ClassVar[Code]

    def __init__(self, message: str | None = None, *, field: str | None = None) -> None:
        """`field` names the input that is at fault, as the client spelt it (`where.title.eq`)."""
        super().__init__(message or type(self).__doc__)
        self.field = field

    @property
    def extensions(self) -> dict[str, object]:
        """What stands beside the message in the answer."""
        extensions: dict[str, object] = {"code": self.code.value}
        return extensions if self.field is None else extensions | {"field": self.field}


class BadInput(Refused):
    """The input is not valid."""

    code = Code.BAD_USER_INPUT


class Unauthenticated(Refused):
    """Sign in: this needs `Authorization: Bearer <token>`."""

    code = Code.UNAUTHENTICATED


class Forbidden(Refused):
    """Your role may not do this."""

    code = Code.FORBIDDEN


class Unavailable(Refused):
    """The database cannot be reached. Try again shortly."""

    code = Code.UNAVAILABLE


class OperatorError(Exception):
    """Something an operator has to put right; the message says what, and how.

    The command line prints the message alone, without a traceback.
    """
