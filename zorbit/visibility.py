"""Who may see which rows: the only place that knows owners, deletion and deleted ancestors.

A row is visible when it and every ancestor that it is part of are live, and it belongs to the viewer (an
admin sees everybody's). Every read of user data starts from `visible()` or `trashed()`; what is invisible is
absent everywhere, so that "not yours" and "not there" are the same.
"""

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, Select, exists, false, func, inspect, or_, select, true
from sqlalchemy.orm import InstrumentedAttribute, aliased
from sqlalchemy.orm.util import AliasedClass
from sqlmodel import col

from zorbit import models
from zorbit.models import Role

T = TypeVar("T", bound=models.Row)

# What each row is part of: the column that leads to its parent. A post is not part of its message, persona or
# template: it outlives their deletion. Plans are nobody's.
PART_OF: dict[type[models.Row], Any] = {
    models.Thread: models.Thread.user_id,
    models.ChatMessage: models.ChatMessage.thread_id,
    models.ContentIdea: models.ContentIdea.chat_message_id,
    models.Post: models.Post.user_id,
    models.Persona: models.Persona.user_id,
    models.Template: models.Template.user_id,
    models.Comment: models.Comment.user_id,
    models.Subscription: models.Subscription.user_id,
    models.PaymentMethod: models.PaymentMethod.user_id,
    models.Invoice: models.Invoice.user_id,
    models.InvoiceItem: models.InvoiceItem.invoice_id,
    models.UsageQuota: models.UsageQuota.user_id,
    models.UsageLog: models.UsageLog.quota_id,
}


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who is asking: a live user, or nobody."""

    id: UUID | None
    role: Role | None

    @property
    def is_signed_in(self) -> bool:
        """Whether the caller is known."""
        return self.id is not None

    @property
    def is_person(self) -> bool:
        """Whether the caller has data; a service has none, whatever rows bear its id."""
        return self.role in {Role.USER, Role.ADMIN}

    @property
    def sees_everything(self) -> bool:
        """Whether other users' rows are visible too."""
        return self.role is Role.ADMIN


NOBODY = Viewer(None, None)
NONE: frozenset[type[models.Row]] = frozenset()
ANY_USER = 'SELECT EXISTS (SELECT FROM "User")'
"""Whether a database is in use: whether there is any user, deleted ones too."""
ANONYMOUS_EMAIL = func.concat("deleted-", col(models.User.id), "@invalid")
"""The address of a user whom a purge has made anonymous."""
OPERATOR = Viewer(None, Role.ADMIN)
"""The server itself and its command line: sees every live row, and is no user."""


def owner_of(user_id: UUID) -> Viewer:
    """What a row refers to has to be its owner's, whoever writes: an admin sees more than that."""
    return Viewer(user_id, Role.USER)


def visible(table: type[T], viewer: Viewer, known: AbstractSet[type[models.Row]] = NONE) -> Select[T]:
    """The rows of `table` that `viewer` may see; of `known`, see `conditions`."""
    return select(table).where(*conditions(table, viewer, known))


def trashed(table: type[T], viewer: Viewer, owner_id: UUID) -> Select[T]:
    """The rows of `owner_id` that were themselves deleted, also below deleted ancestors."""
    owner = owner_key(table)
    own = true() if viewer.sees_everything else owner == viewer.id
    return select(table).where(_deleted(table), owner == owner_id, own)


def restorable(table: type[T], viewer: Viewer) -> Select[T]:
    """The rows that were themselves deleted, the viewer's own; for an admin anybody's, and users too."""
    if viewer.sees_everything:
        return select(table).where(*_returnable(table))
    own = false() if table is models.User or not viewer.is_person else owner_key(table) == viewer.id
    return select(table).where(_deleted(table), own)


def stored(table: type[T]) -> Select[T]:
    """Every row, deleted ones too: for facts that outlive a deletion, and for the operator's own commands.

    Never for what a caller asks to see.
    """
    return select(table)


def deleted_users(viewer: Viewer) -> Select[models.User]:
    """The users that were deleted; for admins."""
    everything = true() if viewer.sees_everything else false()
    return select(models.User).where(*_returnable(models.User), everything)


def _returnable(table: type[models.Row]) -> list[ColumnElement[bool]]:
    # Of a user who was made anonymous nothing is left that could come back.
    is_somebody = [col(models.User.email) != ANONYMOUS_EMAIL] if table is models.User else []
    return [_deleted(table), *is_somebody]


def hidden_by(table: type[T], root: type[models.Row], root_id: UUID) -> Select[T]:
    """The rows of `table` that one row of `root` alone hides, that row too: its return would show them."""
    return select(table).where(*_hidden_conditions(table, table, root, root_id))


def _hidden_conditions(
    entity: Any, table: type[models.Row], root: type[models.Row], root_id: UUID
) -> list[ColumnElement[bool]]:
    if table is root:
        return [entity.id == root_id]
    key = PART_OF.get(table)
    if key is None:
        return [false()]
    above = parent_of(table)
    parent: Any = aliased(above)
    found = [~entity.is_deleted] if issubclass(table, models.Deletable) else []
    is_parent = parent.id == getattr(entity, key.key)
    return [*found, exists().where(is_parent, *_hidden_conditions(parent, above, root, root_id))]


def conditions(
    entity: type[models.Row] | AliasedClass[Any],
    viewer: Viewer,
    known: AbstractSet[type[models.Row]] = NONE,
) -> list[ColumnElement[bool]]:
    """What makes a row of `entity` (a table or an alias of one) visible to `viewer`.

    `known` are the tables whose row, of those that this one is part of, is visible for certain, and so is
    what that is part of: they need no second look, which costs PostgreSQL a third of a nested query.
    """
    table = _table(entity)
    if table is models.Plan:
        return [_plan_condition(entity, viewer)]
    return [*_own_conditions(entity, table, viewer), *_parent_conditions(entity, table, viewer, known)]


def known_along(
    source: type[models.Row], key: InstrumentedAttribute[Any], target: type[models.Row]
) -> frozenset[type[models.Row]]:
    """What is `known` of rows of `target` that a foreign key joins to a visible row of `source`.

    References inside one user's data carry the owner, so that both rows are the same live user's.
    """
    if key is PART_OF.get(target):
        return frozenset({source, *_ancestors(source)})
    if key is PART_OF.get(source):
        return frozenset(_ancestors(source))
    if target in PART_OF and (source in PART_OF or source is models.User):
        return frozenset({models.User})
    return NONE


def _ancestors(table: type[models.Row]) -> Iterator[type[models.Row]]:
    while table in PART_OF:
        table = parent_of(table)
        yield table


def _own_conditions(entity: Any, table: type[models.Row], viewer: Viewer) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if issubclass(table, models.Deletable):
        found.append(~entity.is_deleted)
    if not viewer.sees_everything:
        if not viewer.is_person:
            found.append(false())
        elif table is models.User:
            found.append(entity.id == viewer.id)
        elif _has_owner(table):
            # The parents' conditions imply it; said here, it lets an index by owner serve.
            found.append(entity.user_id == viewer.id)
    return found


def _parent_conditions(
    entity: Any, table: type[models.Row], viewer: Viewer, known: AbstractSet[type[models.Row]]
) -> list[ColumnElement[bool]]:
    key = PART_OF.get(table)
    if key is None or parent_of(table) in known:
        return []
    parent = _alias(parent_of(table))
    own_key = getattr(entity, key.key)
    return [exists().where(parent.id == own_key, *conditions(parent, viewer, known))]


def _plan_condition(plan: Any, viewer: Viewer) -> ColumnElement[bool]:
    if viewer.sees_everything:
        return true()
    if not viewer.is_person:
        return false()
    own, billed = _alias(models.Subscription), _alias(models.Invoice)
    return or_(
        plan.is_active,
        exists().where(own.user_id == viewer.id, or_(own.plan_id == plan.id, own.next_plan_id == plan.id)),
        exists().where(billed.user_id == viewer.id, billed.plan_id == plan.id),
    )


@cache
def _alias(table: type[models.Row]) -> Any:
    """The name of `table` below a row whose visibility hangs on it.

    One for all statements: making them anew takes four times as long as all else of `visible()`. SQLAlchemy
    would take two that enclose each other for one, but below a row each table is looked at once.
    """
    return aliased(table)


def owner_key(table: Any) -> ColumnElement[UUID]:
    """The column that tells whose a row is; of a user the id."""
    key: ColumnElement[UUID] = getattr(table, "id" if table is models.User else "user_id")
    return key


def parent_of(table: type[models.Row]) -> type[models.Row]:
    """The table that rows of `table` are part of."""
    return target_of(PART_OF[table])


def target_of(key: InstrumentedAttribute[Any]) -> type[models.Row]:
    """The table whose id a foreign key's column holds."""
    foreign_columns = [foreign.column for foreign in key.property.columns[0].foreign_keys]
    tables = {column.table for column in foreign_columns if column.key == "id"}
    return next(model for model in models.TABLES if models.table_of(model) in tables)


def _deleted(table: Any) -> ColumnElement[bool]:
    # `IS TRUE` would not match the partial indexes' own words.
    deleted: ColumnElement[bool] = table.is_deleted
    return deleted


def _has_owner(table: type[models.Row]) -> bool:
    return hasattr(table, "user_id") and table is not models.UsageLog


def _table(entity: Any) -> type[models.Row]:
    table: type[models.Row] = inspect(entity).mapper.class_
    return table
