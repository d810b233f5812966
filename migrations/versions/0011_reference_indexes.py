"""Finding what refers to a row that is purged: other indexes hold live rows alone."""

from migrations import steps

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

INDEXES = [
    ("ix_ChatMessage_userId_threadId", 'ON "ChatMessage" ("userId", "threadId")'),
    ("ix_ContentIdea_userId_chatMessageId", 'ON "ContentIdea" ("userId", "chatMessageId")'),
    ("ix_Post_userId_chatMessageId", 'ON "Post" ("userId", "chatMessageId")'),
    ("ix_Comment_userId_personaId", 'ON "Comment" ("userId", "personaId")'),
]


def upgrade() -> None:
    steps.begin()
    steps.create_indexes(INDEXES)


def downgrade() -> None:
    steps.begin()
    steps.drop_indexes(name for name, _ in INDEXES)
