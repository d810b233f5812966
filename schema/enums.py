"""The closed value sets, as clients see them: a name in capitals and a description each."""

from collections.abc import Mapping
from enum import Enum
from typing import Any

import strawberry

from zorbit import models

DESCRIPTIONS: dict[type[Enum], tuple[str, dict[str, str]]] = {
    models.Role: (
        "What an account may do.",
        {
            "USER": "Sees and changes its own data.",
            "ADMIN": "Sees and administers every user's data.",
            "SERVICE": "A machine account that publishes due posts, and can do nothing else.",
        },
    ),
    models.ThreadType: (
        "What a conversation is meant to bring forth.",
        {"POST": "Posts.", "IDEA": "Ideas for content."},
    ),
    models.PostType: (
        "The kind of content that a post holds.",
        {
            "POST": "A single post.",
            "KNOWLEDGE_STACK": "Knowledge gathered for later posts.",
            "POST_STACK": "Several posts that belong together.",
            "IDEA": "An idea worked out as a post.",
            "COMMENT": "A comment to leave under somebody's post.",
        },
    ),
    models.PostStatus: (
        "How far a post has come.",
        {
            "DRAFT": "Being written.",
            "READY": "Declared finished by its author.",
            "SCHEDULED": "Ready, and to be posted at `scheduledOn`.",
            "POSTED": "Stands on LinkedIn, at `linkedinUrl`.",
        },
    ),
    models.QuotaType: (
        "What a plan limits. All but PERSONA are counted from zero in each monthly cycle.",
        {
            "POST_GENERATION": "Posts that were generated.",
            "IDEA_GENERATION": "Ideas that were generated.",
            "COMMENT_GENERATION": "Comments that were generated.",
            "POST_SCHEDULING": "Posts that were scheduled; given back when unscheduled before being posted.",
            "PERSONA": "Personas that exist: a standing limit, carried over from cycle to cycle.",
            "IMAGE_CREATION": "Images that were made.",
        },
    ),
    models.SubscriptionStatus: (
        "Where a subscription stands.",
        {
            "TRIALING": "On trial, until `trialEndsAt`.",
            "ACTIVE": "Paid.",
            "PAST_DUE": "Not paid in time; works on for a few days of grace.",
            "CANCELED": "Canceled; works until `endDate`.",
            "EXPIRED": "Over.",
        },
    ),
    models.InvoiceStatus: (
        "Where an invoice stands.",
        {
            "DRAFT": "Being written.",
            "OPEN": "Waiting to be paid.",
            "PAID": "Paid.",
            "VOID": "Withdrawn.",
            "UNCOLLECTIBLE": "Given up.",
        },
    ),
    models.PlanInterval: ("How often a plan is paid.", {"MONTH": "Every month.", "YEAR": "Every year."}),
}


def describe(enum: Any, description: str, values: Mapping[str, str], *, name: str | None = None) -> None:
    """Make `enum` a GraphQL enum in which every value has its description."""
    strawberry.enum(enum, name=name, description=description)
    for value in enum.__strawberry_definition__.values:
        value.description = values[value.name]


for _enum, (_description, _values) in DESCRIPTIONS.items():
    describe(_enum, _description, _values)


class Direction(Enum):
    """Which end of an order comes first."""

    ASC = "ASC"
    DESC = "DESC"


describe(
    Direction,
    "Which end of an order comes first.",
    {"ASC": "The smallest or oldest first.", "DESC": "The largest or newest first."},
    name="OrderDirection",
)
