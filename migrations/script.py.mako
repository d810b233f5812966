"""${message}."""

import sqlalchemy as sa
from alembic import op

from migrations import steps

revision = "${up_revision}"
down_revision = ${repr(down_revision)}
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.begin()
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    steps.begin()
    ${downgrades if downgrades else "pass"}
