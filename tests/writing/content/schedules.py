"""Posts that are scheduled and posted, and who pays for it."""

from typing import Any
from uuid import UUID

from tests.conftest import Client
from tests.rows import fetch
from tests.writing.changes import change

ADDRESS = "https://www.linkedin.com/feed/update/urn:li:share:1"
POST = "post { id status scheduledOn published linkedinUrl linkedinPostedAt updatedAt }"
QUOTA = "quota { type used limit }"


async def act(client: Client, name: str, by: UUID, shown: str = POST, **given: Any) -> Any:
    """The payload of the mutation `name`."""
    return await change(client, name, shown, by=by, **given)


def stored(url: str, post: UUID) -> tuple[Any, ...]:
    """What the database holds of a post's schedule."""
    statement = (
        'SELECT "scheduledOn", published, "isPostedOnLinkedin", "linkedinUrl" FROM "Post" WHERE id = %s'
    )
    return fetch(url, statement, post)[0]
