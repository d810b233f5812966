"""A workspace of two users, and for each constraint a row that it turns down."""

from datetime import timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from tests import rows
from tests.rows import NOW

TABLES = list(rows.PLAIN)
ME: dict[str, UUID] = {table: uuid7() for table in TABLES}
STRANGER: dict[str, UUID] = {table: uuid7() for table in TABLES}
NEWCOMER = uuid7()
NOBODY = uuid7()

LATER = NOW + timedelta(days=60)
NAME = 300
TEXT = 100_000


def workspace(ids: dict[str, UUID]) -> dict[str, dict[str, Any]]:
    """One row of each table for one user, each referring to all that it can; parents first."""
    own = {"userId": ids["User"]}
    links = {"personaId": ids["Persona"]}
    parts = {"templateId": ids["Template"], "chatMessageId": ids["ChatMessage"]}
    given: dict[str, dict[str, Any]] = {
        "User": {},
        "Thread": own,
        "ChatMessage": own | {"threadId": ids["Thread"]},
        "ContentIdea": {"chatMessageId": ids["ChatMessage"]},
        "Persona": own,
        "Template": own,
        "Post": own | links | parts,
        "Comment": own | links,
        "Plan": {},
        "Subscription": own | {"planId": ids["Plan"], "nextPlanId": ids["Plan"]},
        "PaymentMethod": own | {"isDefault": True},
        "Invoice": own | {"paymentMethodId": ids["PaymentMethod"], "planId": ids["Plan"]},
        "InvoiceItem": {"invoiceId": ids["Invoice"]},
        "UsageQuota": own,
        "UsageLog": {"quotaId": ids["UsageQuota"], "userId": str(ids["User"]), "subjectId": ids["Post"]},
        "AuditEntry": own | {"actorId": ids["User"], "actorRole": "user", "subjectId": ids["Post"]},
        "IdempotencyKey": {"callerId": ids["User"]},
        "PersistedQuery": own,
    }
    return {table: {"id": ids[table]} | values for table, values in given.items()}


def another(table: str) -> dict[str, Any]:
    """What a further row of mine needs."""
    differently: dict[str, dict[str, Any]] = {
        "User": {"email": f"{uuid7()}@example.com"},
        "Subscription": {"userId": NEWCOMER},
        "PaymentMethod": {"isDefault": False},
        "Invoice": {"planId": None},
        "UsageQuota": {"type": "persona"},
    }
    return workspace(ME)[table] | {"id": uuid7()} | differently.get(table, {})


LENGTHS: dict[str, dict[int, str]] = {
    "User": {NAME: "name"},
    "Thread": {NAME: "title"},
    "ChatMessage": {TEXT: "content"},
    "ContentIdea": {NAME: "title", TEXT: "content controversialAngle"},
    "Post": {NAME: "title", TEXT: "content imageUrl imageKey linkedinUrl source systemPersonaId"},
    "Persona": {
        NAME: "name",
        TEXT: "description defaultPrompt targetAudience profession relevantKeywords opinions vocabulary "
        "avoidWords endGoal customHashtag fixCta",
    },
    "Template": {NAME: "name", TEXT: "content"},
    "Comment": {NAME: "firstName lastName title", TEXT: "image quote profileUrl"},
    "Plan": {NAME: "name", TEXT: "description"},
    "PaymentMethod": {NAME: "type cardBrand"},
    "Invoice": {NAME: "invoiceNumber"},
    "InvoiceItem": {TEXT: "description"},
    "UsageLog": {TEXT: "description"},
    "AuditEntry": {NAME: "action subjectType"},
    "IdempotencyKey": {NAME: "mutation"},
}
LENGTH_CASES = [
    (f"ck_{table}_{column}_length", table, column, limit)
    for table, limits in LENGTHS.items()
    for limit, columns in limits.items()
    for column in columns.split()
]
CHOICES = {
    "ck_User_role": ("User", "role", "user admin service"),
    "ck_Thread_thread_type": ("Thread", "type", "post idea"),
    "ck_Post_post_type": ("Post", "type", "post knowledge_stack post_stack idea comment"),
    "ck_Plan_plan_interval": ("Plan", "interval", "month year"),
    "ck_Subscription_subscription_status": (
        "Subscription",
        "status",
        "trialing active past_due canceled expired",
    ),
    "ck_Invoice_invoice_status": ("Invoice", "status", "draft open paid void uncollectible"),
    "ck_UsageQuota_quota_type": (
        "UsageQuota",
        "type",
        "post_generation idea_generation comment_generation post_scheduling persona image_creation",
    ),
    "ck_UsageLog_quota_type": (
        "UsageLog",
        "type",
        "post_generation idea_generation comment_generation post_scheduling persona image_creation",
    ),
    "ck_AuditEntry_role": ("AuditEntry", "actorRole", "user admin service"),
}
POSTED = {"isPostedOnLinkedin": True, "published": True, "linkedinUrl": "https://x", "linkedinPostedAt": NOW}
# Of itself: one row of each table is all that a workspace has.
REFUND = {"refundOfId": ME["UsageLog"], "amount": -1, "subjectId": ME["Post"]}
DOCUMENT = {"document": "{ me }", "hash": sha256(b"{ me }").hexdigest(), "bytes": 6}
CHECKS: list[tuple[str, str, dict[str, Any]]] = [
    ("ck_User_email_form", "User", {"email": "nonsense"}),
    ("ck_User_email_form", "User", {"email": "@example.com"}),
    ("ck_User_email_form", "User", {"email": "ada@"}),
    ("ck_User_email_form", "User", {"email": f"{'a' * 309}@example.com"}),
    ("ck_User_auth_whole", "User", {"authIssuer": "https://issuer"}),
    ("ck_User_auth_whole", "User", {"authSubject": "subject"}),
    ("ck_Post_one_opinion", "Post", {"isLiked": True, "isDisliked": True}),
    ("ck_Post_one_persona", "Post", {"systemPersonaId": "sage"}),
    ("ck_Post_scheduled_is_ready", "Post", {"scheduledOn": LATER}),
    *(
        ("ck_Post_posted_is_whole", "Post", POSTED | {key: None})
        for key in POSTED
        if key.startswith("linked")
    ),
    ("ck_Post_posted_is_whole", "Post", POSTED | {"published": False}),
    ("ck_Plan_currency_form", "Plan", {"currency": "usd"}),
    ("ck_Plan_currency_form", "Plan", {"currency": "USDT"}),
    ("ck_Plan_currency_form", "Plan", {"currency": ""}),
    ("ck_Plan_price_not_negative", "Plan", {"price": "-0.01"}),
    ("ck_Plan_price_not_negative", "Plan", {"price": "NaN"}),
    ("ck_Invoice_amount_not_negative", "Invoice", {"amount": "NaN"}),
    ("ck_InvoiceItem_amount_is_product", "InvoiceItem", {"amount": "NaN", "unitPrice": "NaN"}),
    ("ck_ChatMessage_generation_time_finite", "ChatMessage", {"generationTime": "NaN"}),
    ("ck_ChatMessage_generation_time_finite", "ChatMessage", {"generationTime": -0.1}),
    *(
        ("ck_Plan_limits_not_negative", "Plan", {f"{limit}Limit": -1})
        for limit in (
            "postGeneration",
            "ideaGeneration",
            "commentGeneration",
            "postScheduling",
            "persona",
            "imageCreation",
        )
    ),
    ("ck_Subscription_trial_has_end", "Subscription", {"status": "trialing"}),
    ("ck_Subscription_canceled_has_end", "Subscription", {"status": "canceled"}),
    ("ck_PaymentMethod_last_four_form", "PaymentMethod", {"lastFour": "424"}),
    ("ck_PaymentMethod_last_four_form", "PaymentMethod", {"lastFour": "42424"}),
    ("ck_PaymentMethod_last_four_form", "PaymentMethod", {"lastFour": "4242\n"}),
    ("ck_PaymentMethod_last_four_form", "PaymentMethod", {"lastFour": "42a2"}),
    ("ck_PaymentMethod_expiry_month_range", "PaymentMethod", {"expiryMonth": 0}),
    ("ck_PaymentMethod_expiry_month_range", "PaymentMethod", {"expiryMonth": 13}),
    ("ck_PaymentMethod_expiry_year_range", "PaymentMethod", {"expiryYear": 1999}),
    ("ck_PaymentMethod_expiry_year_range", "PaymentMethod", {"expiryYear": 2201}),
    ("ck_PaymentMethod_removed_is_not_default", "PaymentMethod", {"removedAt": NOW, "isDefault": True}),
    ("ck_Invoice_plan_price_of_plan", "Invoice", {"planPrice": "29.00"}),
    ("ck_Invoice_plan_price_of_plan", "Invoice", {"planId": ME["Plan"], "planPrice": "-0.01"}),
    ("ck_Invoice_plan_price_of_plan", "Invoice", {"planId": ME["Plan"], "planPrice": "NaN"}),
    ("ck_Invoice_currency_form", "Invoice", {"currency": "US"}),
    ("ck_Invoice_amount_not_negative", "Invoice", {"amount": "-0.01"}),
    ("ck_Invoice_paid_has_date", "Invoice", {"status": "paid"}),
    ("ck_InvoiceItem_quantity_positive", "InvoiceItem", {"quantity": 0, "amount": 0}),
    ("ck_InvoiceItem_amount_is_product", "InvoiceItem", {"quantity": 2}),
    ("ck_UsageQuota_not_negative", "UsageQuota", {"used": -1}),
    ("ck_UsageQuota_not_negative", "UsageQuota", {"limit": -1}),
    ("ck_UsageQuota_cycle_not_empty", "UsageQuota", {"billingCycleStart": NOW + timedelta(days=27)}),
    ("ck_UsageQuota_reset_at_end", "UsageQuota", {"resetDate": LATER}),
    ("ck_UsageLog_amount_not_zero", "UsageLog", {"amount": 0}),
    ("ck_UsageLog_refund_has_spend", "UsageLog", {"refundOfId": ME["UsageLog"], "amount": 1}),
    ("ck_UsageLog_refund_has_spend", "UsageLog", REFUND | {"subjectId": None}),
    ("ck_AuditEntry_action_form", "AuditEntry", {"action": ""}),
    ("ck_IdempotencyKey_key_length", "IdempotencyKey", {"key": ""}),
    ("ck_IdempotencyKey_key_length", "IdempotencyKey", {"key": "k" * 201}),
    *(
        ("ck_IdempotencyKey_arguments_hash_form", "IdempotencyKey", {"argumentsHash": wrong})
        for wrong in ("0" * 63, "0" * 65, "A" * 64, "")
    ),
    ("ck_PersistedQuery_hash_told", "PersistedQuery", {"hash": "0" * 64}),
    ("ck_PersistedQuery_bytes_counted", "PersistedQuery", {"bytes": 1}),
    ("ck_PersistedQuery_bytes_counted", "PersistedQuery", {"document": "x" * 100_001, "bytes": 100_001}),
]
UNIQUES: list[tuple[str, str, dict[str, Any]]] = [
    *((f"pk_{table}", table, {"id": ME[table]}) for table in TABLES),
    ("uq_User_email_live", "User", {"email": "ME@example.COM"}),
    ("uq_User_auth", "User", {"authIssuer": "https://issuer", "authSubject": "me"}),
    ("uq_User_auth", "User", {"authIssuer": "https://issuer", "authSubject": "me", "isDeleted": True}),
    ("uq_Subscription_userId", "Subscription", {"userId": ME["User"]}),
    ("uq_PaymentMethod_default", "PaymentMethod", {"isDefault": True}),
    ("uq_Invoice_invoiceNumber", "Invoice", {"invoiceNumber": "INV-MINE"}),
    ("uq_Invoice_open_plan", "Invoice", {"planId": ME["Plan"]}),
    ("uq_UsageQuota_userId_type_billingCycleStart", "UsageQuota", {"type": "post_generation"}),
    ("uq_UsageLog_refund", "UsageLog", REFUND),
    ("uq_IdempotencyKey_callerId_mutation_key", "IdempotencyKey", {"key": "mine"}),
    ("uq_PersistedQuery_hash", "PersistedQuery", DOCUMENT),
]
UNKNOWN: list[tuple[str, str, dict[str, Any]]] = [
    ("fk_Thread_userId", "Thread", {"userId": NOBODY}),
    ("fk_ChatMessage_userId_threadId", "ChatMessage", {"threadId": NOBODY}),
    ("fk_ContentIdea_userId_chatMessageId", "ContentIdea", {"userId": ME["User"], "chatMessageId": NOBODY}),
    (
        "fk_Post_userId",
        "Post",
        {"userId": NOBODY, "personaId": None, "templateId": None, "chatMessageId": None},
    ),
    ("fk_Post_userId_personaId", "Post", {"personaId": NOBODY}),
    ("fk_Post_userId_templateId", "Post", {"templateId": NOBODY}),
    ("fk_Post_userId_chatMessageId", "Post", {"chatMessageId": NOBODY}),
    ("fk_Persona_userId", "Persona", {"userId": NOBODY}),
    ("fk_Template_userId", "Template", {"userId": NOBODY}),
    ("fk_Comment_userId", "Comment", {"userId": NOBODY, "personaId": None}),
    ("fk_Comment_userId_personaId", "Comment", {"personaId": NOBODY}),
    ("fk_Subscription_userId", "Subscription", {"userId": NOBODY}),
    ("fk_Subscription_planId", "Subscription", {"planId": NOBODY}),
    ("fk_Subscription_nextPlanId", "Subscription", {"nextPlanId": NOBODY}),
    ("fk_PaymentMethod_userId", "PaymentMethod", {"userId": NOBODY}),
    ("fk_Invoice_userId", "Invoice", {"userId": NOBODY, "paymentMethodId": None}),
    ("fk_Invoice_userId_paymentMethodId", "Invoice", {"paymentMethodId": NOBODY}),
    ("fk_Invoice_planId", "Invoice", {"planId": NOBODY, "status": "draft"}),
    ("fk_InvoiceItem_invoiceId", "InvoiceItem", {"invoiceId": NOBODY}),
    ("fk_UsageQuota_userId", "UsageQuota", {"userId": NOBODY}),
    ("fk_UsageLog_quotaId", "UsageLog", {"quotaId": NOBODY}),
    ("fk_UsageLog_refundOfId", "UsageLog", REFUND | {"refundOfId": NOBODY}),
    ("fk_IdempotencyKey_callerId", "IdempotencyKey", {"callerId": NOBODY}),
    ("fk_PersistedQuery_userId", "PersistedQuery", {"userId": NOBODY}),
]
# Another constraint says more and is looked at first, so that only without that one these speak: the targets
# of composite keys contain the primary key, and composite keys contain the owner.
IMPLIED: list[tuple[str, str, str, dict[str, Any]]] = [
    *(
        (f"uq_{table}_userId_id", f"pk_{table}", table, {"id": ME[table]})
        for table in ("Thread", "ChatMessage", "Persona", "Template", "PaymentMethod")
    ),
    ("fk_ChatMessage_userId", "fk_ChatMessage_userId_threadId", "ChatMessage", {"userId": NOBODY}),
    ("fk_ContentIdea_userId", "fk_ContentIdea_userId_chatMessageId", "ContentIdea", {"userId": NOBODY}),
]
# Each composite key, with the column through which a row might reach another user's, and whose row that is.
OWNED = [
    ("fk_ChatMessage_userId_threadId", "ChatMessage", "threadId", "Thread"),
    ("fk_ContentIdea_userId_chatMessageId", "ContentIdea", "chatMessageId", "ChatMessage"),
    ("fk_Post_userId_chatMessageId", "Post", "chatMessageId", "ChatMessage"),
    ("fk_Post_userId_personaId", "Post", "personaId", "Persona"),
    ("fk_Post_userId_templateId", "Post", "templateId", "Template"),
    ("fk_Comment_userId_personaId", "Comment", "personaId", "Persona"),
    ("fk_Invoice_userId_paymentMethodId", "Invoice", "paymentMethodId", "PaymentMethod"),
]
# What happens to the row when what it refers to is deleted.
CASCADE = {
    *(
        f"fk_{table}_userId"
        for table in (
            "Thread",
            "ChatMessage",
            "ContentIdea",
            "Post",
            "Persona",
            "Template",
            "Comment",
            "Subscription",
            "PaymentMethod",
            "UsageQuota",
        )
    ),
    "fk_ChatMessage_userId_threadId",
    "fk_ContentIdea_userId_chatMessageId",
    "fk_InvoiceItem_invoiceId",
    "fk_UsageLog_quotaId",
    "fk_UsageLog_refundOfId",
    "fk_IdempotencyKey_callerId",
    "fk_PersistedQuery_userId",
}
RESTRICT = {
    "fk_Post_userId_chatMessageId": "ChatMessage",
    "fk_Post_userId_personaId": "Persona",
    "fk_Post_userId_templateId": "Template",
    "fk_Comment_userId_personaId": "Persona",
    "fk_Subscription_planId": "Plan",
    "fk_Subscription_nextPlanId": "Plan",
    "fk_Invoice_planId": "Plan",
    "fk_Invoice_userId": "User",
    "fk_Invoice_userId_paymentMethodId": "PaymentMethod",
}
