"""A world for generators: what they are told to write for, and what it may cost."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from tests.rows import fetch, insert, stored

POSTS = "posts { id title content source status type persona { id } message { id } user { id } }"
QUOTA = "quota { type used limit remaining resetsAt }"
IDEA = {"title": "An idea", "content": "In full."}
COMMENT = {"firstName": "Jo", "lastName": "Doe", "quote": "Well said."}
IMAGE = {"imageUrl": "https://example.com/1.png", "imageKey": "images/1"}
LIMITS = {
    "postGenerationLimit": 5,
    "ideaGenerationLimit": 4,
    "commentGenerationLimit": 3,
    "imageCreationLimit": 2,
}
CONTENT = ("Post", "ContentIdea", "Comment", "UsageQuota", "UsageLog")


@dataclass
class World:
    """An owner of few quotas with a message, a persona and a post; a stranger with the same; an admin."""

    url: str
    owner: UUID
    stranger: UUID
    admin: UUID
    thread: UUID
    message: UUID
    persona: UUID
    post: UUID
    their_message: UUID
    their_persona: UUID
    their_post: UUID

    def state(self) -> list[list[tuple[Any, ...]]]:
        """All that recording writes, whole."""
        return [stored(self.url, table) for table in CONTENT]

    def spent(self) -> list[tuple[Any, ...]]:
        """(type, used, sum of the entries, number of entries) of each quota."""
        statement = """
            SELECT q.type, q.used, sum(l.amount)::int, count(*)
            FROM "UsageQuota" q JOIN "UsageLog" l ON l."quotaId" = q.id GROUP BY q.id ORDER BY q.type
        """
        return fetch(self.url, statement)

    def entries(self) -> list[tuple[Any, ...]]:
        """(user, type, description, subject) of each spend."""
        statement = 'SELECT "userId", type, description, "subjectId"::text FROM "UsageLog" ORDER BY id'
        return fetch(self.url, statement)


def settle(url: str) -> World:
    """A world in which nothing is recorded yet."""
    owner, stranger, admin = insert(url, "User"), insert(url, "User"), insert(url, "User", role="admin")
    insert(url, "Subscription", userId=owner, planId=insert(url, "Plan", **LIMITS))
    thread, their_thread = (insert(url, "Thread", userId=user) for user in (owner, stranger))
    return World(
        url,
        owner,
        stranger,
        admin,
        thread,
        message=insert(url, "ChatMessage", userId=owner, threadId=thread),
        persona=insert(url, "Persona", userId=owner),
        post=insert(url, "Post", userId=owner, imageUrl="https://example.com/0.png", imageKey="images/0"),
        their_message=insert(url, "ChatMessage", userId=stranger, threadId=their_thread),
        their_persona=insert(url, "Persona", userId=stranger),
        their_post=insert(url, "Post", userId=stranger),
    )
