"""What is told of a restore beforehand."""

from typing import Any
from uuid import UUID

from tests.conftest import Client

PREVIEW = """query ($id: ID!) { restorePreview(id: $id) {
  trashEntry { type id } restores { type count }
  userErrors { code field
    ... on RestoreBlocked { blockedBy { type id } }
    ... on QuotaExhausted { quota { used limit } }
    ... on Conflict { current { ... on User { email } } } }
} }"""


async def preview(client: Client, id: UUID, by: UUID) -> Any:
    """The preview of restoring a row, if there is one."""
    return (await client.data(PREVIEW, {"id": str(id)}, by=by))["restorePreview"]
