"""Why a mutation changed nothing: an interface, and a type where a client can act on more than a code."""

from datetime import datetime
from typing import Annotated, Any, cast
from uuid import UUID

import strawberry
from strawberry.types import Info

from schema.enums import describe
from schema.fields import field
from schema.graph import Node
from schema.trash import DeletedAncestor
from schema.usage import QuotaState, load_quotas
from zorbit import models
from zorbit.context import Context
from zorbit.errors import Refused, UserErrorCode
from zorbit.models import QuotaType
from zorbit.services import plans

describe(
    UserErrorCode,
    "Why a mutation changed nothing.",
    {
        "BAD_USER_INPUT": "A value is not allowed; `field` names it, the message the limit.",
        "NOT_FOUND": "What `field` names is unknown, deleted or another's.",
        "CONFLICT": "The present state does not allow it, or the row was changed since `ifUpdatedAt`.",
        "QUOTA_EXHAUSTED": "Too little is left of a quota.",
        "SUBSCRIPTION_REQUIRED": "It needs a subscription that holds.",
        "RESTORE_BLOCKED": "It is part of something that is deleted: restore that first.",
        "LAST_ADMIN": "The last admin can be neither deleted nor demoted.",
        "IDEMPOTENCY_KEY_REUSED": "The idempotency key was sent before, with other arguments.",
    },
)


@strawberry.interface(description="Why a mutation changed nothing.")
class UserError:
    """What every reason has."""

    code: UserErrorCode = strawberry.field(description="The reason, for programs.")
    message: str = strawberry.field(description="The reason, for people.")
    field: list[str] | None = strawberry.field(
        description='Where in the arguments it is: `["input", "title"]`; null where no field is at fault.'
    )


@strawberry.type(description="A reason that its code and its field say all about.")
class Refusal(UserError):
    """Nothing beyond the interface."""


@strawberry.type(description="The present state does not allow it.")
class Conflict(UserError):
    """What stands against it."""

    current_row: strawberry.Private[tuple[type[models.Row], UUID] | None]

    @field("The row as it is now; null where there is none that the caller may see.")
    async def current(self, info: Info[Context, None]) -> Node | None:
        """Read after the refusal."""
        if self.current_row is None:
            return None
        return cast("Node | None", await info.context.loaders.row(*self.current_row))


@strawberry.type(description="Too little is left of a quota.")
class QuotaExhausted(UserError):
    """Which quota, and when it is counted anew."""

    user_id: strawberry.Private[UUID]
    type: strawberry.Private[QuotaType]
    resets_at: datetime | None = strawberry.field(description="When counting begins anew.")

    @field("The quota as it is now.")
    async def quota(self, info: Info[Context, None]) -> QuotaState:
        """Read after the refusal."""
        return next(
            state for state in await load_quotas(info.context, self.user_id) if state.type is self.type
        )


@strawberry.type(description="It needs a subscription that holds.")
class SubscriptionRequired(UserError):
    """What can be subscribed to."""

    @field("The plans that can be subscribed to, the cheapest first.")
    async def plans(
        self, info: Info[Context, None]
    ) -> list[Annotated["Plan", strawberry.lazy("schema.billing")]]:  # type: ignore[name-defined] # noqa: F821 - lazy
        """All that are active."""
        return cast("list[Any]", await info.context.loaders.once(plans.on_offer))


@strawberry.type(description="It is part of something that is deleted.")
class RestoreBlocked(UserError):
    """What must be restored first."""

    blocked_by: list[DeletedAncestor] = strawberry.field(description="The deleted rows, outermost first.")


TYPES = [Refusal, Conflict, QuotaExhausted, SubscriptionRequired, RestoreBlocked]
MORE: dict[str, tuple[Any, dict[str, str]]] = {
    "Conflict": (Conflict, {"current_row": "current"}),
    "QuotaExhausted": (QuotaExhausted, {"user_id": "user_id", "type": "type", "resets_at": "resets_at"}),
    "SubscriptionRequired": (SubscriptionRequired, {}),
    "RestoreBlocked": (RestoreBlocked, {"blocked_by": "blocked_by"}),
}
"""The GraphQL type of each refusal that says more, and which of its attributes go where."""


def shown(refused: Refused) -> UserError:
    """A refusal as a client sees it."""
    made, attributes = MORE.get(type(refused).__name__, (Refusal, {}))
    error = made(
        code=UserErrorCode(refused.code),
        message=str(refused),
        field=refused.field.split(".") if refused.field else None,
        **{name: getattr(refused, attribute) for name, attribute in attributes.items()},
    )
    return cast("UserError", error)
