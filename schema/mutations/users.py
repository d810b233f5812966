"""Users, written."""

from collections.abc import Mapping
from typing import Any

from schema.access import Access
from schema.payloads import row
from schema.writing import Writing, mutation
from schema.written import UNCHANGED, columns, id_of
from zorbit.models import User
from zorbit.services import users
from zorbit.services.values import Values

WRITTEN = row("user", User, "The user as they are now.")


@mutation(
    "For admins: make an account. Addresses are unique among live users, in whatever case.",
    Access.ADMINS,
    takes=columns(User, "name", "role", required=("email",)),
    gives=WRITTEN,
    recorded=True,
)
async def create_user(writing: Writing, values: Values) -> Mapping[str, Any]:
    """Of any role."""
    user = await users.register(writing.session, writing.viewer, values)
    writing.note(role=[None, user.role.name])
    return {"user": user}


@mutation(
    "Change the caller's own account. The address is the token's issuer's to change.",
    Access.PEOPLE,
    takes=columns(User, "name") | UNCHANGED,
    gives=row("viewer", User, "The caller as they are now."),
    recorded=True,
)
async def update_viewer(writing: Writing, values: Values) -> Mapping[str, Any]:
    """What is left out stays as it is."""
    if_updated_at = values.pop("if_updated_at", None)
    changed = await users.update(writing.session, writing.viewer_id, values, if_updated_at=if_updated_at)
    return {"viewer": changed}


@mutation(
    "For admins: change what an account may do, from its next request on. One admin is always left.",
    Access.ADMINS,
    takes=id_of("id", "The user's id.") | columns(User, required=("role",)),
    gives=WRITTEN,
    recorded=True,
)
async def set_user_role(writing: Writing, values: Values) -> Mapping[str, Any]:
    """Also the caller's own."""
    user, before = await users.set_role(
        writing.session, writing.viewer, values.take("id"), values.take("role")
    )
    writing.note(role=[before.name, user.role.name])
    return {"user": user}
