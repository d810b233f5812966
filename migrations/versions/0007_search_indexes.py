"""Full-text search."""

from migrations import steps

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

INDEXES = [
    ("ix_Thread_searchVector", 'ON "Thread" USING gin ("searchVector") WHERE NOT "isDeleted"'),
    ("ix_ChatMessage_searchVector", 'ON "ChatMessage" USING gin ("searchVector") WHERE NOT "isDeleted"'),
    ("ix_ContentIdea_searchVector", 'ON "ContentIdea" USING gin ("searchVector") WHERE NOT "isDeleted"'),
    ("ix_Post_searchVector", 'ON "Post" USING gin ("searchVector") WHERE NOT "isDeleted"'),
]


def upgrade() -> None:
    steps.begin()
    steps.create_indexes(INDEXES)


def downgrade() -> None:
    steps.begin()
    steps.drop_indexes(name for name, _ in INDEXES)
