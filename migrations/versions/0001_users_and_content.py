"""Users and their content."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations import steps

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.begin()
    op.create_table(
        "User",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("createdAt", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updatedAt", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("isDeleted", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("deletedAt", sa.DateTime(timezone=True), nullable=True),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=True),
        sa.Column(
            "role",
            sa.Enum(
                "user",
                "admin",
                "service",
                name="role",
                native_enum=False,
                create_constraint=True,
                length=None,
            ),
            server_default="user",
            nullable=False,
        ),
        sa.Column("dodoCustomerId", sa.String(), nullable=True),
        sa.Column("authIssuer", sa.String(), nullable=True),
        sa.Column("authSubject", sa.String(), nullable=True),
        sa.CheckConstraint(
            "email LIKE '%_@_%' AND char_length(email) <= 320", name=op.f("ck_User_email_form")
        ),
        sa.CheckConstraint(
            '("authIssuer" IS NULL) = ("authSubject" IS NULL)', name=op.f("ck_User_auth_whole")
        ),
        sa.CheckConstraint('char_length("name") <= 300', name=op.f("ck_User_name_length")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_User")),
    )
    op.create_table(
        "Persona",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("createdAt", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updatedAt", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("isDeleted", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("deletedAt", sa.DateTime(timezone=True), nullable=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("defaultPrompt", sa.Text(), nullable=False),
        sa.Column("targetAudience", sa.String(), nullable=True),
        sa.Column("profession", sa.String(), nullable=True),
        sa.Column("relevantKeywords", sa.String(), nullable=True),
        sa.Column("opinions", sa.Text(), nullable=True),
        sa.Column("vocabulary", sa.String(), nullable=True),
        sa.Column("avoidWords", sa.String(), nullable=True),
        sa.Column("endGoal", sa.String(), nullable=True),
        sa.Column("customHashtag", sa.String(), nullable=True),
        sa.Column("fixCta", sa.String(), nullable=True),
        sa.Column("preferences", postgresql.JSONB(), nullable=True),
        sa.Column("userId", sa.Uuid(), nullable=False),
        sa.CheckConstraint('char_length("avoidWords") <= 100000', name=op.f("ck_Persona_avoidWords_length")),
        sa.CheckConstraint(
            'char_length("customHashtag") <= 100000', name=op.f("ck_Persona_customHashtag_length")
        ),
        sa.CheckConstraint(
            'char_length("defaultPrompt") <= 100000', name=op.f("ck_Persona_defaultPrompt_length")
        ),
        sa.CheckConstraint(
            'char_length("description") <= 100000', name=op.f("ck_Persona_description_length")
        ),
        sa.CheckConstraint('char_length("endGoal") <= 100000', name=op.f("ck_Persona_endGoal_length")),
        sa.CheckConstraint('char_length("fixCta") <= 100000', name=op.f("ck_Persona_fixCta_length")),
        sa.CheckConstraint('char_length("name") <= 300', name=op.f("ck_Persona_name_length")),
        sa.CheckConstraint('char_length("opinions") <= 100000', name=op.f("ck_Persona_opinions_length")),
        sa.CheckConstraint('char_length("profession") <= 100000', name=op.f("ck_Persona_profession_length")),
        sa.CheckConstraint(
            'char_length("relevantKeywords") <= 100000', name=op.f("ck_Persona_relevantKeywords_length")
        ),
        sa.CheckConstraint(
            'char_length("targetAudience") <= 100000', name=op.f("ck_Persona_targetAudience_length")
        ),
        sa.CheckConstraint('char_length("vocabulary") <= 100000', name=op.f("ck_Persona_vocabulary_length")),
        sa.ForeignKeyConstraint(["userId"], ["User.id"], name=op.f("fk_Persona_userId"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_Persona")),
        sa.UniqueConstraint("userId", "id", name=op.f("uq_Persona_userId_id")),
    )
    op.create_table(
        "Template",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("createdAt", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updatedAt", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("isDeleted", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("deletedAt", sa.DateTime(timezone=True), nullable=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("userId", sa.Uuid(), nullable=False),
        sa.CheckConstraint('char_length("content") <= 100000', name=op.f("ck_Template_content_length")),
        sa.CheckConstraint('char_length("name") <= 300', name=op.f("ck_Template_name_length")),
        sa.ForeignKeyConstraint(["userId"], ["User.id"], name=op.f("fk_Template_userId"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_Template")),
        sa.UniqueConstraint("userId", "id", name=op.f("uq_Template_userId_id")),
    )
    op.create_table(
        "Thread",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("createdAt", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updatedAt", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("isDeleted", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("deletedAt", sa.DateTime(timezone=True), nullable=True),
        sa.Column("title", sa.String(), nullable=True),
        sa.Column(
            "type",
            sa.Enum(
                "post", "idea", name="thread_type", native_enum=False, create_constraint=True, length=None
            ),
            server_default="post",
            nullable=True,
        ),
        sa.Column("userId", sa.Uuid(), nullable=False),
        sa.CheckConstraint('char_length("title") <= 300', name=op.f("ck_Thread_title_length")),
        sa.ForeignKeyConstraint(["userId"], ["User.id"], name=op.f("fk_Thread_userId"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_Thread")),
        sa.UniqueConstraint("userId", "id", name=op.f("uq_Thread_userId_id")),
    )
    op.create_table(
        "ChatMessage",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("createdAt", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updatedAt", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("isDeleted", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("deletedAt", sa.DateTime(timezone=True), nullable=True),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("generationTime", sa.Float(), nullable=True),
        sa.Column("userId", sa.Uuid(), nullable=False),
        sa.Column("threadId", sa.Uuid(), nullable=False),
        sa.CheckConstraint('char_length("content") <= 100000', name=op.f("ck_ChatMessage_content_length")),
        sa.CheckConstraint(
            '"generationTime" BETWEEN 0 AND 1000000', name=op.f("ck_ChatMessage_generation_time_finite")
        ),
        sa.ForeignKeyConstraint(
            ["userId", "threadId"],
            ["Thread.userId", "Thread.id"],
            name=op.f("fk_ChatMessage_userId_threadId"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["userId"], ["User.id"], name=op.f("fk_ChatMessage_userId"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ChatMessage")),
        sa.UniqueConstraint("userId", "id", name=op.f("uq_ChatMessage_userId_id")),
    )
    op.create_table(
        "Comment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("createdAt", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updatedAt", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("isDeleted", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("deletedAt", sa.DateTime(timezone=True), nullable=True),
        sa.Column("firstName", sa.String(), nullable=False),
        sa.Column("lastName", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=True),
        sa.Column("image", sa.String(), nullable=True),
        sa.Column("quote", sa.Text(), nullable=False),
        sa.Column("date", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("profileUrl", sa.String(), nullable=True),
        sa.Column("userId", sa.Uuid(), nullable=False),
        sa.Column("personaId", sa.Uuid(), nullable=True),
        sa.CheckConstraint('char_length("firstName") <= 300', name=op.f("ck_Comment_firstName_length")),
        sa.CheckConstraint('char_length("image") <= 100000', name=op.f("ck_Comment_image_length")),
        sa.CheckConstraint('char_length("lastName") <= 300', name=op.f("ck_Comment_lastName_length")),
        sa.CheckConstraint('char_length("profileUrl") <= 100000', name=op.f("ck_Comment_profileUrl_length")),
        sa.CheckConstraint('char_length("quote") <= 100000', name=op.f("ck_Comment_quote_length")),
        sa.CheckConstraint('char_length("title") <= 300', name=op.f("ck_Comment_title_length")),
        sa.ForeignKeyConstraint(
            ["userId", "personaId"],
            ["Persona.userId", "Persona.id"],
            name=op.f("fk_Comment_userId_personaId"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(["userId"], ["User.id"], name=op.f("fk_Comment_userId"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_Comment")),
    )
    op.create_table(
        "ContentIdea",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("createdAt", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updatedAt", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("isDeleted", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("deletedAt", sa.DateTime(timezone=True), nullable=True),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("keyTakeaways", sa.ARRAY(sa.Text()), nullable=True),
        sa.Column("controversialAngle", sa.Text(), nullable=True),
        sa.Column("isSaved", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("userId", sa.Uuid(), nullable=False),
        sa.Column("chatMessageId", sa.Uuid(), nullable=False),
        sa.CheckConstraint('char_length("content") <= 100000', name=op.f("ck_ContentIdea_content_length")),
        sa.CheckConstraint(
            'char_length("controversialAngle") <= 100000',
            name=op.f("ck_ContentIdea_controversialAngle_length"),
        ),
        sa.CheckConstraint('char_length("title") <= 300', name=op.f("ck_ContentIdea_title_length")),
        sa.ForeignKeyConstraint(
            ["userId", "chatMessageId"],
            ["ChatMessage.userId", "ChatMessage.id"],
            name=op.f("fk_ContentIdea_userId_chatMessageId"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["userId"], ["User.id"], name=op.f("fk_ContentIdea_userId"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ContentIdea")),
    )
    op.create_table(
        "Post",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("createdAt", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updatedAt", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("isDeleted", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("deletedAt", sa.DateTime(timezone=True), nullable=True),
        sa.Column("title", sa.String(), nullable=True),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("imageUrl", sa.String(), nullable=True),
        sa.Column("imageKey", sa.String(), nullable=True),
        sa.Column("published", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("isPostedOnLinkedin", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("linkedinUrl", sa.String(), nullable=True),
        sa.Column("linkedinPostedAt", sa.DateTime(timezone=True), nullable=True),
        sa.Column("scheduledOn", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "type",
            sa.Enum(
                "post",
                "knowledge_stack",
                "post_stack",
                "idea",
                "comment",
                name="post_type",
                native_enum=False,
                create_constraint=True,
                length=None,
            ),
            server_default="post",
            nullable=False,
        ),
        sa.Column("source", sa.String(), nullable=True),
        sa.Column("metadata", postgresql.JSONB(), nullable=True),
        sa.Column("systemPersonaId", sa.String(), nullable=True),
        sa.Column("isLiked", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("isDisliked", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("isSaved", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("userId", sa.Uuid(), nullable=False),
        sa.Column("templateId", sa.Uuid(), nullable=True),
        sa.Column("chatMessageId", sa.Uuid(), nullable=True),
        sa.Column("personaId", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            '"personaId" IS NULL OR "systemPersonaId" IS NULL', name=op.f("ck_Post_one_persona")
        ),
        sa.CheckConstraint('"scheduledOn" IS NULL OR published', name=op.f("ck_Post_scheduled_is_ready")),
        sa.CheckConstraint(
            'NOT "isPostedOnLinkedin" OR (published AND "linkedinUrl" IS NOT NULL AND "linkedinPostedAt" IS NOT NULL)',
            name=op.f("ck_Post_posted_is_whole"),
        ),
        sa.CheckConstraint('NOT ("isLiked" AND "isDisliked")', name=op.f("ck_Post_one_opinion")),
        sa.CheckConstraint('char_length("content") <= 100000', name=op.f("ck_Post_content_length")),
        sa.CheckConstraint('char_length("imageKey") <= 100000', name=op.f("ck_Post_imageKey_length")),
        sa.CheckConstraint('char_length("imageUrl") <= 100000', name=op.f("ck_Post_imageUrl_length")),
        sa.CheckConstraint('char_length("linkedinUrl") <= 100000', name=op.f("ck_Post_linkedinUrl_length")),
        sa.CheckConstraint('char_length("source") <= 100000', name=op.f("ck_Post_source_length")),
        sa.CheckConstraint(
            'char_length("systemPersonaId") <= 100000', name=op.f("ck_Post_systemPersonaId_length")
        ),
        sa.CheckConstraint('char_length("title") <= 300', name=op.f("ck_Post_title_length")),
        sa.ForeignKeyConstraint(
            ["userId", "chatMessageId"],
            ["ChatMessage.userId", "ChatMessage.id"],
            name=op.f("fk_Post_userId_chatMessageId"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["userId", "personaId"],
            ["Persona.userId", "Persona.id"],
            name=op.f("fk_Post_userId_personaId"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["userId", "templateId"],
            ["Template.userId", "Template.id"],
            name=op.f("fk_Post_userId_templateId"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(["userId"], ["User.id"], name=op.f("fk_Post_userId"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_Post")),
    )


def downgrade() -> None:
    steps.begin()
    for table in ["Post", "ContentIdea", "Comment", "ChatMessage", "Thread", "Template", "Persona", "User"]:
        op.drop_table(table)
