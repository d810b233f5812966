"""One index for each list and order that the API offers."""

from migrations import steps

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

INDEXES = [
    ("ix_User_createdAt_id", 'ON "User" ("createdAt", id) WHERE NOT "isDeleted"'),
    ("ix_User_deletedAt_id", 'ON "User" ("deletedAt", id) WHERE "isDeleted"'),
    ("ix_User_role_createdAt_id", 'ON "User" (role, "createdAt", id) WHERE NOT "isDeleted"'),
    ("uq_User_auth", 'UNIQUE ON "User" ("authIssuer", "authSubject")'),
    ("uq_User_email_live", 'UNIQUE ON "User" (lower(email)) WHERE NOT "isDeleted"'),
    ("ix_Thread_createdAt_id", 'ON "Thread" ("createdAt", id) WHERE NOT "isDeleted"'),
    ("ix_Thread_userId_createdAt_id", 'ON "Thread" ("userId", "createdAt", id) WHERE NOT "isDeleted"'),
    ("ix_Thread_userId_deletedAt_id", 'ON "Thread" ("userId", "deletedAt", id) WHERE "isDeleted"'),
    ("ix_Thread_userId_updatedAt_id", 'ON "Thread" ("userId", "updatedAt", id) WHERE NOT "isDeleted"'),
    ("ix_ChatMessage_createdAt_id", 'ON "ChatMessage" ("createdAt", id) WHERE NOT "isDeleted"'),
    (
        "ix_ChatMessage_threadId_createdAt_id",
        'ON "ChatMessage" ("threadId", "createdAt", id) WHERE NOT "isDeleted"',
    ),
    (
        "ix_ChatMessage_userId_createdAt_id",
        'ON "ChatMessage" ("userId", "createdAt", id) WHERE NOT "isDeleted"',
    ),
    ("ix_ChatMessage_userId_deletedAt_id", 'ON "ChatMessage" ("userId", "deletedAt", id) WHERE "isDeleted"'),
    (
        "ix_ContentIdea_chatMessageId_createdAt_id",
        'ON "ContentIdea" ("chatMessageId", "createdAt", id) WHERE NOT "isDeleted"',
    ),
    ("ix_ContentIdea_createdAt_id", 'ON "ContentIdea" ("createdAt", id) WHERE NOT "isDeleted"'),
    (
        "ix_ContentIdea_userId_createdAt_id",
        'ON "ContentIdea" ("userId", "createdAt", id) WHERE NOT "isDeleted"',
    ),
    ("ix_ContentIdea_userId_deletedAt_id", 'ON "ContentIdea" ("userId", "deletedAt", id) WHERE "isDeleted"'),
    (
        "ix_Post_chatMessageId_createdAt_id",
        'ON "Post" ("chatMessageId", "createdAt", id) WHERE NOT "isDeleted"',
    ),
    ("ix_Post_createdAt_id", 'ON "Post" ("createdAt", id) WHERE NOT "isDeleted"'),
    (
        "ix_Post_due",
        'ON "Post" ("scheduledOn", id) WHERE NOT "isDeleted" AND "scheduledOn" IS NOT NULL AND NOT "isPostedOnLinkedin"',
    ),
    ("ix_Post_personaId_createdAt_id", 'ON "Post" ("personaId", "createdAt", id) WHERE NOT "isDeleted"'),
    ("ix_Post_templateId_createdAt_id", 'ON "Post" ("templateId", "createdAt", id) WHERE NOT "isDeleted"'),
    ("ix_Post_userId_createdAt_id", 'ON "Post" ("userId", "createdAt", id) WHERE NOT "isDeleted"'),
    ("ix_Post_userId_deletedAt_id", 'ON "Post" ("userId", "deletedAt", id) WHERE "isDeleted"'),
    (
        "ix_Post_userId_scheduledOn_desc",
        'ON "Post" ("userId", "scheduledOn" DESC NULLS LAST, id DESC) WHERE NOT "isDeleted"',
    ),
    ("ix_Post_userId_scheduledOn_id", 'ON "Post" ("userId", "scheduledOn", id) WHERE NOT "isDeleted"'),
    ("ix_Post_userId_updatedAt_id", 'ON "Post" ("userId", "updatedAt", id) WHERE NOT "isDeleted"'),
    ("ix_Persona_createdAt_id", 'ON "Persona" ("createdAt", id) WHERE NOT "isDeleted"'),
    ("ix_Persona_userId_createdAt_id", 'ON "Persona" ("userId", "createdAt", id) WHERE NOT "isDeleted"'),
    ("ix_Persona_userId_deletedAt_id", 'ON "Persona" ("userId", "deletedAt", id) WHERE "isDeleted"'),
    ("ix_Persona_userId_name_id", 'ON "Persona" ("userId", name, id) WHERE NOT "isDeleted"'),
    ("ix_Template_createdAt_id", 'ON "Template" ("createdAt", id) WHERE NOT "isDeleted"'),
    ("ix_Template_userId_createdAt_id", 'ON "Template" ("userId", "createdAt", id) WHERE NOT "isDeleted"'),
    ("ix_Template_userId_deletedAt_id", 'ON "Template" ("userId", "deletedAt", id) WHERE "isDeleted"'),
    ("ix_Template_userId_name_id", 'ON "Template" ("userId", name, id) WHERE NOT "isDeleted"'),
    ("ix_Comment_createdAt_id", 'ON "Comment" ("createdAt", id) WHERE NOT "isDeleted"'),
    (
        "ix_Comment_personaId_createdAt_id",
        'ON "Comment" ("personaId", "createdAt", id) WHERE NOT "isDeleted"',
    ),
    ("ix_Comment_userId_createdAt_id", 'ON "Comment" ("userId", "createdAt", id) WHERE NOT "isDeleted"'),
    ("ix_Comment_userId_deletedAt_id", 'ON "Comment" ("userId", "deletedAt", id) WHERE "isDeleted"'),
    ("ix_Plan_createdAt_id", 'ON "Plan" ("createdAt", id)'),
    ("ix_Subscription_createdAt_id", 'ON "Subscription" ("createdAt", id)'),
    ("ix_Subscription_planId_createdAt_id", 'ON "Subscription" ("planId", "createdAt", id)'),
    ("ix_Subscription_status_createdAt_id", 'ON "Subscription" (status, "createdAt", id)'),
    ("ix_PaymentMethod_userId_createdAt_id", 'ON "PaymentMethod" ("userId", "createdAt", id)'),
    ("uq_PaymentMethod_default", 'UNIQUE ON "PaymentMethod" ("userId") WHERE "isDefault"'),
    ("ix_Invoice_createdAt_id", 'ON "Invoice" ("createdAt", id)'),
    ("ix_Invoice_paymentMethodId_createdAt_id", 'ON "Invoice" ("paymentMethodId", "createdAt", id)'),
    ("ix_Invoice_status_createdAt_id", 'ON "Invoice" (status, "createdAt", id)'),
    ("ix_Invoice_userId_billingDate_id", 'ON "Invoice" ("userId", "billingDate", id)'),
    ("ix_Invoice_userId_createdAt_id", 'ON "Invoice" ("userId", "createdAt", id)'),
    ("ix_InvoiceItem_invoiceId_createdAt_id", 'ON "InvoiceItem" ("invoiceId", "createdAt", id)'),
    ("ix_UsageQuota_userId_createdAt_id", 'ON "UsageQuota" ("userId", "createdAt", id)'),
    ("ix_UsageLog_quotaId_createdAt_id", 'ON "UsageLog" ("quotaId", "createdAt", id)'),
]


def upgrade() -> None:
    steps.begin()
    steps.create_indexes(INDEXES)


def downgrade() -> None:
    steps.begin()
    steps.drop_indexes(name for name, _ in INDEXES)
