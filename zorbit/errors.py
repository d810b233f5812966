"""Refusals: what a caller is told when something may not be done.

A refusal is part of the contract: it carries a code that programs can act on and a message for people.
Everything else that goes wrong is a fault, which callers see only as INTERNAL_SERVER_ERROR with a request id.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID


class Code(StrEnum):
    """Machine-readable reasons, as they stand in `extensions.code`."""

    BAD_USER_INPUT = "BAD_USER_INPUT"
    UNAUTHENTICATED = "UNAUTHENTICATED"
    FORBIDDEN = "FORBIDDEN"
    RATE_LIMITED = "RATE_LIMITED"
    UNAVAILABLE = "SERVICE_UNAVAILABLE"


class UserErrorCode(StrEnum):
    """Machine-readable reasons for which a mutation changed nothing, as they stand in its payload."""

    BAD_USER_INPUT = "BAD_USER_INPUT"
    NOT_FOUND = "NOT_FOUND"
    CONFLICT = "CONFLICT"
    QUOTA_EXHAUSTED = "QUOTA_EXHAUSTED"
    SUBSCRIPTION_REQUIRED = "SUBSCRIPTION_REQUIRED"
    RESTORE_BLOCKED = "RESTORE_BLOCKED"
    LAST_ADMIN = "LAST_ADMIN"
    IDEMPOTENCY_KEY_REUSED = "IDEMPOTENCY_KEY_REUSED"


class Refused(Exception):  # noqa: N818 - a refusal is an answer, not an error of the program
    """The request was refused."""

    code: ClassVar[Code | UserErrorCode]

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


class NotFound(Refused):
    """There is no such row, or it is not yours."""

    code = UserErrorCode.NOT_FOUND


class Conflict(Refused):
    """The present state does not allow it."""

    code = UserErrorCode.CONFLICT

    def __init__(self, message: str, *, field: str | None = None, current: Any = None) -> None:
        """`current` is the row that stands against it, as (table, id), where the caller may see it."""
        super().__init__(message, field=field)
        self.current: tuple[Any, UUID] | None = current


class QuotaExhausted(Refused):
    """The quota does not suffice."""

    code = UserErrorCode.QUOTA_EXHAUSTED

    def __init__(self, message: str, *, user_id: UUID, type: str, resets_at: datetime | None) -> None:
        """Whose quota it is, of which type, and when it is counted anew."""
        super().__init__(message)
        self.user_id = user_id
        self.type = type
        self.resets_at = resets_at


class SubscriptionRequired(Refused):
    """This needs a subscription that holds."""

    code = UserErrorCode.SUBSCRIPTION_REQUIRED


class RestoreBlocked(Refused):
    """It is part of something that is deleted: restore that first."""

    code = UserErrorCode.RESTORE_BLOCKED

    def __init__(self, blocked_by: Sequence[Any], *, field: str | None = None) -> None:
        """The deleted ancestors, outermost first."""
        super().__init__(field=field)
        self.blocked_by = blocked_by


class LastAdmin(Refused):
    """The last admin can be neither deleted nor demoted."""

    code = UserErrorCode.LAST_ADMIN


class KeyReused(Refused):
    """The idempotency key was sent before, with other arguments."""

    code = UserErrorCode.IDEMPOTENCY_KEY_REUSED


class Several(Exception):  # noqa: N818 - refusals are answers
    """Everything that is wrong with an input, at once."""

    def __init__(self, refusals: Iterable[Refused]) -> None:
        """`refusals` are those of single fields."""
        self.refusals = list(refusals)
        super().__init__("; ".join(map(str, self.refusals)))


class OperatorError(Exception):
    """Something an operator has to put right; the message says what, and how.

    The command line prints the message alone, without a traceback.
    """
