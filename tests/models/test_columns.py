"""Names, types, nulls and defaults of the tables, held to the source document."""

from collections import defaultdict

from tests import rows
from zorbit import models

# Typed from the source document, with DOMAIN's corrections: a name for the e-mail column, timestamptz for
# TIMESTAMP (written so here: TIMESTAMP), and defaults as PostgreSQL's, which the document writes `DEF`.
SOURCE = {
    "User": """
        id UUID, email VARCHAR, name VARCHAR NULL, role VARCHAR DEF user, dodoCustomerId VARCHAR NULL,
        createdAt TIMESTAMP DEF now(), updatedAt TIMESTAMP DEF now(), isDeleted BOOLEAN DEF false""",
    "Post": """
        id UUID, title VARCHAR NULL, content TEXT, imageUrl VARCHAR NULL, imageKey VARCHAR NULL,
        published BOOLEAN DEF false, isPostedOnLinkedin BOOLEAN DEF false, linkedinUrl VARCHAR NULL,
        linkedinPostedAt TIMESTAMP NULL, scheduledOn TIMESTAMP NULL, type VARCHAR DEF post,
        source VARCHAR NULL, metadata JSONB NULL, systemPersonaId VARCHAR NULL,
        createdAt TIMESTAMP DEF now(), updatedAt TIMESTAMP DEF now(), isDeleted BOOLEAN DEF false,
        isLiked BOOLEAN DEF false, isDisliked BOOLEAN DEF false, isSaved BOOLEAN DEF false,
        userId UUID, templateId UUID NULL, chatMessageId UUID NULL, personaId UUID NULL""",
    "Template": """
        id UUID, name VARCHAR, content TEXT, createdAt TIMESTAMP DEF now(),
        updatedAt TIMESTAMP DEF now(), isDeleted BOOLEAN DEF false, userId UUID""",
    "Persona": """
        id UUID, name VARCHAR, description TEXT NULL, defaultPrompt TEXT, targetAudience VARCHAR NULL,
        profession VARCHAR NULL, relevantKeywords VARCHAR NULL, opinions TEXT NULL,
        vocabulary VARCHAR NULL, avoidWords VARCHAR NULL, endGoal VARCHAR NULL,
        customHashtag VARCHAR NULL, fixCta VARCHAR NULL, preferences JSONB NULL,
        createdAt TIMESTAMP DEF now(), updatedAt TIMESTAMP DEF now(), isDeleted BOOLEAN DEF false,
        userId UUID""",
    "ChatMessage": """
        id UUID, content TEXT, createdAt TIMESTAMP DEF now(), updatedAt TIMESTAMP DEF now(),
        isDeleted BOOLEAN DEF false, generationTime FLOAT NULL, userId UUID, threadId UUID""",
    "Thread": """
        id UUID, title VARCHAR NULL, type VARCHAR NULL DEF post, createdAt TIMESTAMP DEF now(),
        updatedAt TIMESTAMP DEF now(), isDeleted BOOLEAN DEF false, userId UUID""",
    "ContentIdea": """
        id UUID, title VARCHAR, content TEXT, keyTakeaways TEXT[] NULL, controversialAngle TEXT NULL,
        createdAt TIMESTAMP DEF now(), updatedAt TIMESTAMP DEF now(), isDeleted BOOLEAN DEF false,
        isSaved BOOLEAN DEF false, chatMessageId UUID""",
    "Plan": """
        id UUID, name VARCHAR, description TEXT NULL, price DECIMAL(10,2), currency VARCHAR DEF USD,
        interval VARCHAR DEF month, features JSONB NULL, postGenerationLimit INTEGER,
        ideaGenerationLimit INTEGER, commentGenerationLimit INTEGER DEF 0,
        postSchedulingLimit INTEGER DEF 0, personaLimit INTEGER, imageCreationLimit INTEGER,
        dodoProductId VARCHAR NULL, isActive BOOLEAN DEF true, createdAt TIMESTAMP DEF now(),
        updatedAt TIMESTAMP DEF now()""",
    "Subscription": """
        id UUID, status VARCHAR, startDate TIMESTAMP, endDate TIMESTAMP NULL, renewalDate TIMESTAMP,
        canceledAt TIMESTAMP NULL, trialEndsAt TIMESTAMP NULL, userId UUID, planId UUID,
        dodoSubscriptionId VARCHAR NULL, createdAt TIMESTAMP DEF now(), updatedAt TIMESTAMP DEF now()""",
    "PaymentMethod": """
        id UUID, type VARCHAR, cardBrand VARCHAR NULL, lastFour VARCHAR NULL, expiryMonth INTEGER NULL,
        expiryYear INTEGER NULL, isDefault BOOLEAN DEF false, userId UUID,
        createdAt TIMESTAMP DEF now(), updatedAt TIMESTAMP DEF now()""",
    "Invoice": """
        id UUID, invoiceNumber VARCHAR, amount DECIMAL(10,2), currency VARCHAR DEF USD, status VARCHAR,
        billingDate TIMESTAMP, dueDate TIMESTAMP, paidDate TIMESTAMP NULL, stripeInvoiceId VARCHAR NULL,
        userId UUID, paymentMethodId UUID NULL, createdAt TIMESTAMP DEF now(),
        updatedAt TIMESTAMP DEF now()""",
    "InvoiceItem": """
        id UUID, description VARCHAR, quantity INTEGER, unitPrice DECIMAL(10,2), amount DECIMAL(10,2),
        invoiceId UUID, createdAt TIMESTAMP DEF now(), updatedAt TIMESTAMP DEF now()""",
    "UsageQuota": """
        id UUID, type VARCHAR, used INTEGER DEF 0, limit INTEGER, resetDate TIMESTAMP,
        billingCycleStart TIMESTAMP, billingCycleEnd TIMESTAMP, userId UUID,
        createdAt TIMESTAMP DEF now(), updatedAt TIMESTAMP DEF now()""",
    "UsageLog": """
        id UUID, type VARCHAR, description VARCHAR NULL, metadata JSONB NULL, userId VARCHAR,
        quotaId UUID, createdAt TIMESTAMP DEF now()""",
    "Comment": """
        id UUID, firstName VARCHAR, lastName VARCHAR, title VARCHAR NULL, image VARCHAR NULL, quote TEXT,
        date TIMESTAMP DEF now(), profileUrl VARCHAR NULL, createdAt TIMESTAMP DEF now(),
        updatedAt TIMESTAMP DEF now(), isDeleted BOOLEAN DEF false, userId UUID, personaId UUID NULL""",
}
# Columns that the source lacks: nullable, defaulted or filled by a trigger, each with its reason.
ADDED = {
    "User": "deletedAt TIMESTAMP NULL, authIssuer VARCHAR NULL, authSubject VARCHAR NULL",
    "Post": "deletedAt TIMESTAMP NULL, searchVector TSVECTOR NULL",
    "Template": "deletedAt TIMESTAMP NULL",
    "Persona": "deletedAt TIMESTAMP NULL",
    "ChatMessage": "deletedAt TIMESTAMP NULL, searchVector TSVECTOR NULL",
    "Thread": "deletedAt TIMESTAMP NULL, searchVector TSVECTOR NULL",
    "ContentIdea": "deletedAt TIMESTAMP NULL, searchVector TSVECTOR NULL, userId UUID",
    "PaymentMethod": "providerToken VARCHAR NULL, removedAt TIMESTAMP NULL",
    "Subscription": "nextPlanId UUID NULL",
    "Invoice": "planId UUID NULL, planPrice DECIMAL(10,2) NULL",
    "UsageLog": "amount INTEGER DEF 1, subjectId UUID NULL, refundOfId UUID NULL",
    "Comment": "deletedAt TIMESTAMP NULL",
}
# Tables that the source lacks: about requests.
RECORDS = {
    "AuditEntry": """
        id UUID, createdAt TIMESTAMP DEF now(), action VARCHAR, actorId UUID NULL, actorRole VARCHAR NULL,
        subjectType VARCHAR, subjectId UUID, userId UUID NULL, details JSONB NULL""",
    "IdempotencyKey": """
        id UUID, createdAt TIMESTAMP DEF now(), callerId UUID, mutation VARCHAR, key VARCHAR,
        argumentsHash VARCHAR, outcome JSONB NULL""",
    "PersistedQuery": """
        id UUID, createdAt TIMESTAMP DEF now(), userId UUID, hash VARCHAR, document TEXT, bytes INTEGER,
        lastUsedAt TIMESTAMP DEF now()""",
}
SPELLINGS = {
    "character varying": "VARCHAR",
    "timestamp with time zone": "TIMESTAMP",
    "double precision": "FLOAT",
    "numeric(10,2)": "DECIMAL(10,2)",
}
COLUMNS = """
    SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), NOT a.attnotnull,
      CASE WHEN a.attgenerated = '' THEN pg_get_expr(d.adbin, d.adrelid) END
    FROM pg_class c
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND c.relname <> 'alembic_version'"""


def test_tables_and_columns_are_spelt_as_in_the_source(worker_database: str) -> None:
    expected = {table: listed(columns, ADDED.get(table, "")) for table, columns in (SOURCE | RECORDS).items()}

    found: defaultdict[str, set[str]] = defaultdict(set)
    for table, column, kind, nullable, default in rows.fetch(worker_database, COLUMNS):
        spelling = f"{column} {SPELLINGS.get(kind) or kind.upper()}{' NULL' * nullable}"
        found[table].add(f"{spelling} DEF {plain(default)}" if default else spelling)

    assert dict(found) == expected


def test_models_are_the_tables_of_the_source_and_the_audit_trail() -> None:
    expected = {*SOURCE, "AuditEntry"}  # the others are no client's to reach

    assert {table.__name__ for table in models.TABLES} == expected
    assert {table.__tablename__ for table in models.TABLES} == expected


def test_soft_deletion_is_where_the_source_has_it() -> None:
    soft = {table for table, columns in SOURCE.items() if "isDeleted" in columns}

    assert {table.__name__ for table in models.DELETABLE} == soft


def listed(*texts: str) -> set[str]:
    words = (" ".join(column.split()) for text in texts for column in text.replace("(10,2)", "()").split(","))
    return {word.replace("()", "(10,2)") if "DECIMAL" in word else word for word in words if word}


def plain(default: str) -> str:
    return default.partition("::")[0].strip("'")
