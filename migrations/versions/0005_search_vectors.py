"""The words of what can be searched, stored beside it."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations import steps

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

WORDS = {
    "Thread": """coalesce("title", '')""",
    "ChatMessage": """coalesce("content", '')""",
    "ContentIdea": """coalesce("title", '') || ' ' || coalesce("content", '')""",
    "Post": """coalesce("title", '') || ' ' || coalesce("content", '')""",
}


def upgrade() -> None:
    steps.begin()
    for table, words in WORDS.items():
        vector = sa.Computed(f"to_tsvector('simple', {words})", persisted=True)
        op.add_column(table, sa.Column("searchVector", postgresql.TSVECTOR(), vector))


def downgrade() -> None:
    steps.begin()
    for table in WORDS:
        op.drop_column(table, "searchVector")
