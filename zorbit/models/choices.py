"""The closed value sets; a member's value is what PostgreSQL stores, its name is what clients see."""

from enum import StrEnum


class Role(StrEnum):
    """What a user's account may do."""

    USER = "user"
    ADMIN = "admin"
    SERVICE = "service"


class ThreadType(StrEnum):
    """What a conversation is about."""

    POST = "post"
    IDEA = "idea"


class PostType(StrEnum):
    """The kinds of content that share the table of posts."""

    POST = "post"
    KNOWLEDGE_STACK = "knowledge_stack"
    POST_STACK = "post_stack"
    IDEA = "idea"
    COMMENT = "comment"


class PostStatus(StrEnum):
    """How far a post has come; follows from its columns, so it is not stored."""

    DRAFT = "draft"
    READY = "ready"
    SCHEDULED = "scheduled"
    POSTED = "posted"


class QuotaType(StrEnum):
    """What a plan limits."""

    POST_GENERATION = "post_generation"
    IDEA_GENERATION = "idea_generation"
    COMMENT_GENERATION = "comment_generation"
    POST_SCHEDULING = "post_scheduling"
    PERSONA = "persona"
    IMAGE_CREATION = "image_creation"


class SubscriptionStatus(StrEnum):
    """Where a subscription stands."""

    TRIALING = "trialing"
    ACTIVE = "active"
    PAST_DUE = "past_due"
    CANCELED = "canceled"
    EXPIRED = "expired"


class InvoiceStatus(StrEnum):
    """Where an invoice stands."""

    DRAFT = "draft"
    OPEN = "open"
    PAID = "paid"
    VOID = "void"
    UNCOLLECTIBLE = "uncollectible"


class PlanInterval(StrEnum):
    """How often a plan is paid; quotas are counted by the month on every plan."""

    MONTH = "month"
    YEAR = "year"
