"""A plan is of a kind of viewer, and who the viewer is counts at every request."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.reading.conftest import sweep
from tests.reading.twins import Answer, Twins
from tests.rows import execute, insert, insert_many

MINE = "{ viewer { id role posts { nodes { content } totalCount } } }"
EVERYBODYS = "{ users { nodes { id } } }"
PLANS = "{ plans { nodes { name subscriptions { totalCount } } } }"
DUE = "{ duePosts { totalCount nodes { post { content user { id } } } } }"


@pytest.fixture
async def caller(twins: Twins) -> AsyncIterator[UUID]:
    """A user with two posts, beside others."""
    one, other = insert_many(twins.url, "User", [{}, {}])
    insert_many(twins.url, "Post", [{"userId": owner} for owner in (one, one, other)])
    insert(twins.url, "User", role="admin")
    yield one
    sweep(twins.url)


async def ask(twins: Twins, query: str, by: UUID | None, **variables: Any) -> Answer:
    """What the compiled plans answer, once it is known to be what the resolvers answer."""
    compiled, reference = await twins.ask({"query": query, "variables": variables}, by)
    assert compiled.same(reference)
    return compiled


def codes(answer: Answer) -> set[str]:
    return {code for code in ("FORBIDDEN", "UNAUTHENTICATED") if code in answer.text}


def become(twins: Twins, user: UUID, role: str) -> None:
    execute(twins.url, 'UPDATE "User" SET role = %s WHERE id = %s', role, user)


async def test_a_demoted_admin_sees_at_the_next_request_what_a_user_sees(twins: Twins, caller: UUID) -> None:
    become(twins, caller, "admin")
    before = [await ask(twins, query, caller) for query in (EVERYBODYS, PLANS, MINE)]

    become(twins, caller, "user")
    after = [await ask(twins, query, caller) for query in (EVERYBODYS, PLANS, MINE)]

    assert [codes(answer) for answer in before] == [set(), set(), set()]
    assert [answer.compiled for answer in before] == [True, True, True]
    assert codes(after[0]) == {"FORBIDDEN"}
    assert (after[2].compiled, '"role":"USER"' in after[2].text) == (True, True)


async def test_a_promoted_user_sees_at_the_next_request_what_an_admin_sees(
    twins: Twins, caller: UUID
) -> None:
    before = await ask(twins, EVERYBODYS, caller)

    become(twins, caller, "admin")
    after = [await ask(twins, EVERYBODYS, caller) for _ in range(2)]

    assert [codes(answer) for answer in (before, *after)] == [{"FORBIDDEN"}, set(), set()]
    # The first is left to the resolvers: until then the caller was of a kind that is refused.
    assert after[1].compiled is True


@pytest.mark.parametrize("query", [MINE, DUE, EVERYBODYS])
async def test_roles_that_change_again_and_again_are_each_answered_as_they_are(
    twins: Twins, caller: UUID, query: str
) -> None:
    found: dict[str, Answer] = {}
    for role in ("admin", "service", "user", "admin", "user", "service", "admin"):
        become(twins, caller, role)
        answer = await ask(twins, query, caller)
        assert found.setdefault(role, answer).same(answer)

    assert len({answer.text for answer in found.values()}) > 1


async def test_a_deleted_user_is_out_at_the_next_request_and_back_when_restored(
    twins: Twins, caller: UUID
) -> None:
    before = await ask(twins, MINE, caller)
    execute(twins.url, 'UPDATE "User" SET "isDeleted" = true WHERE id = %s', caller)
    meanwhile = await ask(twins, MINE, caller)
    never = await ask(twins, MINE, uuid4())
    execute(twins.url, 'UPDATE "User" SET "isDeleted" = false WHERE id = %s', caller)
    after = await ask(twins, MINE, caller)

    assert (before.status, before.compiled) == (200, True)
    assert (meanwhile.status, meanwhile.text) == (401, never.text)
    assert (after.status, after.compiled, after.text) == (200, True, before.text)


async def test_a_user_who_is_purged_is_out_too(twins: Twins, caller: UUID) -> None:
    await ask(twins, MINE, caller)

    execute(twins.url, 'DELETE FROM "User" WHERE id = %s', caller)

    assert (await ask(twins, MINE, caller)).status == 401


async def test_one_text_shows_each_caller_their_own(twins: Twins, caller: UUID) -> None:
    admin, other = insert_many(twins.url, "User", [{"role": "admin"}, {}])

    answers = [await ask(twins, MINE, by) for by in (admin, caller, other, admin, caller)]

    assert [answer.compiled for answer in answers] == [True] * 5
    assert [str(by) in answer.text for by, answer in zip((admin, caller, other), answers, strict=False)] == [
        True
    ] * 3
    assert [answer.text.count("Post ") for answer in answers] == [0, 2, 0, 0, 2]


async def test_what_is_written_is_seen_by_the_next_request(twins: Twins, caller: UUID) -> None:
    before = await ask(twins, MINE, caller)
    insert(twins.url, "Post", userId=caller, content="Post of now")
    execute(twins.url, 'UPDATE "Post" SET "isDeleted" = true WHERE content <> %s', "Post of now")
    after = await ask(twins, MINE, caller)

    assert (before.text.count("Post "), after.text.count("Post ")) == (2, 1)
    assert "Post of now" in after.text
