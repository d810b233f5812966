"""Invariants of posts, of the trash, of users and what they sent."""

from sqlalchemy import and_, func, or_, union_all
from sqlalchemy.orm import aliased
from sqlmodel import col

from zorbit import models
from zorbit.doctor.invariants import Offenders, found, invariant
from zorbit.models import IdempotencyKey, Post, PostType, Role, User
from zorbit.services.personas import system_personas
from zorbit.services.posts import POST_UNITS
from zorbit.services.scheduling import IS_SCHEDULED
from zorbit.visibility import stored


@invariant
def posted_posts_whole() -> Offenders:
    """A posted post is ready, and has its address and its time."""
    facts = and_(
        col(Post.published), col(Post.linkedin_url).is_not(None), col(Post.linkedin_posted_at).is_not(None)
    )
    wrong = stored(Post).where(col(Post.is_posted_on_linkedin), ~facts)
    return found(Post, wrong, "posted, but not ready, or without its address or time")


@invariant
def scheduled_posts_ready() -> Offenders:
    """A scheduled post is ready."""
    wrong = stored(Post).where(col(Post.scheduled_on).is_not(None), ~col(Post.published))
    return found(Post, wrong, "scheduled for ", Post.scheduled_on, ", but not ready")


@invariant
def scheduled_posts_live() -> Offenders:
    """What is scheduled lies outside the trash, and so does its owner."""
    rows = stored(Post).join(User, col(User.id) == col(Post.user_id))
    wrong = rows.where(IS_SCHEDULED, or_(col(Post.is_deleted), col(User.is_deleted)))
    return found(Post, wrong, "scheduled for ", Post.scheduled_on, ", but it or its owner is deleted")


@invariant
def scheduled_posts_fit() -> Offenders:
    """A scheduled post has a text, and one of type `post` is as short as LinkedIn takes."""
    # LinkedIn counts UTF-16 code units: a character outside the basic plane is two. Looked at only where two
    # for each could be too many.
    length = func.char_length(col(Post.content))
    pairs = func.regexp_count(col(Post.content), "[\U00010000-\U0010ffff]")
    is_long = and_(col(Post.type) == PostType.POST, length > POST_UNITS // 2, length + pairs > POST_UNITS)
    is_empty = func.btrim(col(Post.content), " \t\r\n") == ""
    wrong = stored(Post).where(IS_SCHEDULED, or_(is_long, is_empty))
    return found(Post, wrong, length + pairs, " UTF-16 code units, of at most ", str(POST_UNITS))


@invariant
def one_opinion() -> Offenders:
    """A post isn't both liked and disliked."""
    wrong = stored(Post).where(col(Post.is_liked), col(Post.is_disliked))
    return found(Post, wrong, "liked and disliked")


@invariant
def one_voice() -> Offenders:
    """A post has a persona or a system persona, not both."""
    wrong = stored(Post).where(col(Post.persona_id).is_not(None), col(Post.system_persona_id).is_not(None))
    return found(Post, wrong, "persona ", Post.persona_id, " and a system persona")


@invariant
def system_personas_known() -> Offenders:
    """A system persona is one that ships with this release."""
    wrong = stored(Post).where(
        col(Post.system_persona_id).is_not(None), col(Post.system_persona_id).not_in(list(system_personas()))
    )
    return found(Post, wrong, "a system persona that this release doesn't have")


@invariant
def deletions_stamped() -> Offenders:
    """Whatever is in the trash has the time at which it came there, and nothing else has."""
    rows = [
        found(
            table,
            stored(table).where(col(table.is_deleted) != col(table.deleted_at).is_not(None)),
            "isDeleted and deletedAt disagree",
        )
        for table in models.DELETABLE
    ]
    return union_all(*rows)


@invariant
def admin_left() -> Offenders:
    """Where there have been admins, one of them is live: the last can be neither deleted nor demoted."""
    live = aliased(User, stored(User).where(~col(User.is_deleted), col(User.role) == Role.ADMIN).subquery())
    wrong = stored(User).outerjoin(live, col(live.role) == col(User.role))
    return found(User, wrong.where(col(User.role) == Role.ADMIN, col(live.id).is_(None)), "no admin is live")


@invariant
def keys_answered() -> Offenders:
    """An idempotency key is kept together with what came of its mutation."""
    wrong = stored(IdempotencyKey).where(col(IdempotencyKey.outcome).is_(None))
    return found(IdempotencyKey, wrong, "of ", IdempotencyKey.mutation, ", without an outcome")
