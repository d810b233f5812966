"""Answers are compared by what they say, however each server spells it."""

from typing import Any

import pytest

from bench.answers import canonical, difference, objects_in

WANTED = {
    "data": {
        "user": {
            "id": "a",
            "threads": [{"type": "post", "createdAt": "2026-03-01T10:00:00+00:00"}],
            "usageQuotas": [{"type": "persona", "used": 3}, {"type": "idea_generation", "used": 0}],
            "invoices": [{"amount": 29.98, "items": []}],
        }
    }
}


def changed(**fields: Any) -> dict[str, Any]:
    return {"data": {"user": WANTED["data"]["user"] | fields}}


@pytest.mark.parametrize(
    "same",
    [
        changed(threads={"nodes": WANTED["data"]["user"]["threads"], "pageInfo": {"hasNextPage": True}}),
        changed(threads={"edges": [{"node": {"type": "POST", "createdAt": "2026-03-01T10:00:00Z"}}]}),
        changed(threads=[{"type": "post", "createdAt": "2026-03-01 12:00:00.000000+02:00"}]),
        changed(usageQuotas=[{"type": "IDEA_GENERATION", "used": 0}, {"used": 3, "type": "persona"}]),
        changed(invoices=[{"amount": "29.98", "items": {"nodes": [], "totalCount": 0}}]),
        WANTED | {"extensions": {"cost": 7}},
    ],
)
def test_spellings_of_one_answer_are_equal(same: dict[str, Any]) -> None:
    assert canonical(same) == canonical(WANTED)


LATER = [{"type": "post", "createdAt": "2026-03-01T10:00:00.000001Z"}]
SPENT = [{"type": "persona", "used": 3}, {"type": "idea_generation", "used": 1}]


@pytest.mark.parametrize(
    ("other", "place"),
    [
        (changed(id="b"), "$.data.user.id"),
        (changed(id=None), "$.data.user.id"),
        (changed(threads=[]), "$.data.user.threads"),
        (changed(threads=LATER), "$.data.user.threads[0].createdAt"),
        (changed(usageQuotas=SPENT), "$.data.user.usageQuotas[0].used"),
        (changed(invoices=[{"amount": "29.99", "items": []}]), "$.data.user.invoices[0].amount"),
        (changed(name="of nobody's asking"), "$.data.user"),
        ({"data": None, "errors": [{"message": "no"}]}, "$"),
    ],
)
def test_another_answer_is_told_by_its_place(other: dict[str, Any], place: str) -> None:
    wanted, got = canonical(WANTED), canonical(other)

    assert wanted != got
    assert difference(wanted, got).startswith(f"{place}: wanted ")


def test_the_posts_of_a_persona_stand_for_a_list_of_posts() -> None:
    posts = {"nodes": [{"id": "p", "metadata": {"persona": "x"}}]}

    assert canonical({"data": {"persona": {"posts": posts}}}) == canonical({"data": {"posts": posts}})


def test_objects_are_counted_and_documents_are_not() -> None:
    assert objects_in(WANTED["data"]) == 5
    assert objects_in({"posts": {"nodes": [{"id": "p", "metadata": {"persona": "x"}}]}}) == 1
