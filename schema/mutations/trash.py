"""Deleting, and taking back: every kind in the same way, several at once, and accounts."""

from collections.abc import Mapping
from typing import Any

from schema.access import Access
from schema.outcomes import DELETED_ROWS, RESTORED_ROWS
from schema.payloads import DELETED, QUOTA, REFUNDED, row
from schema.writing import Act, Writing, mutation
from schema.written import UNCHANGED, id_of, ids_of
from zorbit.models import QuotaType, User
from zorbit.services import deletion
from zorbit.services.trash import Trashable
from zorbit.services.values import Values

LIMIT = 100
"""Rows that are deleted or restored at once."""
PAID_WITH = {Trashable.POST: QuotaType.POST_SCHEDULING, Trashable.PERSONA: QuotaType.PERSONA}
"""What deleting may give back."""


def deleting(kind: Trashable) -> Act:
    """The mutation that deletes a row of a kind."""

    async def delete(writing: Writing, values: Values) -> Mapping[str, Any]:
        deleted, refunded = await deletion.delete(
            writing.session,
            writing.viewer,
            kind.table,
            values.take("id"),
            if_updated_at=values.get("if_updated_at"),
            terms=writing.terms,
        )
        given = {"deleted_id": deleted, "trash_entry": deleted}
        if kind not in PAID_WITH:
            return given
        return given | {"refunded": refunded, "quota": (deleted.user_id, PAID_WITH[kind])}

    return delete


def restoring(kind: Trashable) -> Act:
    """The mutation that restores a row of a kind."""

    async def restore(writing: Writing, values: Values) -> Mapping[str, Any]:
        restored = await deletion.restore(
            writing.session, writing.viewer, kind.table, values.take("id"), writing.terms
        )
        given = {kind.name.lower(): restored}
        return (
            given | {"quota": (restored.user_id, QuotaType.PERSONA)} if kind is Trashable.PERSONA else given
        )

    return restore


# (what deleting it does, what restoring it does)
for _kind, _deletes, _restores in [
    (
        Trashable.THREAD,
        "Delete a thread: it goes into the trash, and its messages and ideas are hidden with it.",
        "Restore a thread, and whatever was in it; what had been deleted singly stays deleted.",
    ),
    (
        Trashable.MESSAGE,
        "Delete a message: it goes into the trash, and its ideas are hidden with it.",
        "Restore a message, and its ideas; what had been deleted singly stays deleted.",
    ),
    (Trashable.IDEA, "Delete an idea: it goes into the trash.", "Restore an idea."),
    (
        Trashable.POST,
        (
            "Delete a post: it goes into the trash. A scheduled one is unscheduled, which gives back what "
            "scheduling cost, within its cycle; a posted one stays posted."
        ),
        "Restore a post as it was, but not scheduled any more.",
    ),
    (
        Trashable.PERSONA,
        "Delete a persona: it goes into the trash, and its place is free again.",
        "Restore a persona. Costs one PERSONA.",
    ),
    (Trashable.TEMPLATE, "Delete a template: it goes into the trash.", "Restore a template."),
    (Trashable.COMMENT, "Delete a comment: it goes into the trash.", "Restore a comment."),
]:
    _name = _kind.name.lower()
    _id = id_of("id", f"The {_name}'s id.")
    mutation(
        _deletes,
        Access.PEOPLE,
        takes=_id | UNCHANGED,
        gives=DELETED | REFUNDED | QUOTA if _kind in PAID_WITH else DELETED,
        recorded=True,
        name=f"delete_{_name}",
    )(deleting(_kind))
    _restored = row(_name, _kind.table, f"The {_name} as it is now.")
    mutation(
        _restores,
        Access.PEOPLE,
        takes=_id,
        gives=_restored | QUOTA if _kind is Trashable.PERSONA else _restored,
        recorded=True,
        name=f"restore_{_name}",
    )(restoring(_kind))


@mutation(
    "Delete several rows, of any types but User. Each is deleted or refused by itself; of a parent and its "
    "child both are deleted.",
    Access.PEOPLE,
    takes=ids_of("ids", f"1 to {LIMIT} ids, none twice.", limit=LIMIT),
    gives=DELETED_ROWS,
    recorded=True,
)
async def delete_rows(writing: Writing, values: Values) -> Mapping[str, Any]:
    """In one transaction."""
    ids = values.take("ids")
    return {"results": await deletion.delete_all(writing.session, writing.viewer, ids, writing.terms)}


@mutation(
    "Restore several rows, of any types but User. Each is restored or refused by itself; of a parent and its "
    "child both are restored.",
    Access.PEOPLE,
    takes=ids_of("ids", f"1 to {LIMIT} ids, none twice.", limit=LIMIT),
    gives=RESTORED_ROWS,
    recorded=True,
)
async def restore_rows(writing: Writing, values: Values) -> Mapping[str, Any]:
    """In one transaction."""
    ids = values.take("ids")
    return {"results": await deletion.restore_all(writing.session, writing.viewer, ids, writing.terms)}


@mutation(
    "Delete the caller's own account: its scheduled posts are unscheduled, its subscription ends with the "
    "period. Afterwards the caller is not answered any more, under the same idempotency key neither. Only an "
    "admin can undo it, so only an admin is shown the `trashEntry`.",
    Access.PEOPLE,
    takes={},
    gives=DELETED,
    recorded=True,
)
async def delete_viewer(writing: Writing, _values: Values) -> Mapping[str, Any]:
    """Not the last admin's."""
    deleted = await deletion.delete_user(writing.session, writing.viewer, writing.viewer_id, writing.terms)
    return {"deleted_id": deleted, "trash_entry": deleted}


@mutation(
    "For admins: delete a user. Their scheduled posts are unscheduled, their subscription ends with the "
    "period.",
    Access.ADMINS,
    takes=id_of("id", "The user's id."),
    gives=DELETED,
    recorded=True,
)
async def delete_user(writing: Writing, values: Values) -> Mapping[str, Any]:
    """Not the last admin."""
    id = values.take("id")
    deleted = await deletion.delete_user(writing.session, writing.viewer, id, writing.terms, field="input.id")
    return {"deleted_id": deleted, "trash_entry": deleted}


@mutation(
    "For admins: restore a user and what was theirs. Posts are not scheduled again, the subscription is not "
    "resumed. Refused with a Conflict on `email` where a live user has the address.",
    Access.ADMINS,
    takes=id_of("id", "The user's id."),
    gives=row("user", User, "The user as they are now."),
    recorded=True,
)
async def restore_user(writing: Writing, values: Values) -> Mapping[str, Any]:
    """What had been deleted singly stays deleted."""
    return {"user": await deletion.restore_user(writing.session, writing.viewer, values.take("id"))}
