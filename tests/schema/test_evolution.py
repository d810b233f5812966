"""The schema grows; what leaves it was deprecated until a day that has come."""

from datetime import date
from pathlib import Path

import pytest

from tests.schema.evolution import objections, undated, warnings

ROOT = Path(__file__).resolve().parents[2]
CHANGELOG, SCHEMA = (ROOT / name for name in ("CHANGELOG.md", "schema.graphql"))
RELEASED = ROOT / "schema.released.graphql"
"""The schema of the last release; there is none before the first."""

TODAY = date(2026, 7, 1)
OLD = """
type Query { node(id: ID!): Node  posts(first: Int, sort: Sort): [Post!]!  tags: [Tag!]!
    @deprecated(reason: "Posts name them; leaves on 2026-07-01.") }
interface Node { id: ID! }
type Post implements Node { id: ID!  title: String
    views: Int @deprecated(reason: "Never counted; leaves on 2026-06-30.")
    likes: Int @deprecated(reason: "See reactions; leaves on 2026-07-02.") }
type Tag { name: String! }
enum Sort { NEWEST OLDEST }
"""
UNRELEASED = "# Changelog\n\n## 2.0.0 (unreleased)\n\n- A line.\n\n## 1.0.0\n\n- Another.\n"
NOTHING_NEW = UNRELEASED.replace("- A line.\n", "")
TAGS = OLD[OLD.index("  tags:") : OLD.index(" }\ninterface")]


def altered(*replacements: tuple[str, str]) -> str:
    """The old schema with some words replaced, each of which it has."""
    made = OLD
    for before, after in replacements:
        assert before in made
        made = made.replace(before, after)
    return made


VIEWS = ('views: Int @deprecated(reason: "Never counted; leaves on 2026-06-30.")', "")
LIKES = ('likes: Int @deprecated(reason: "See reactions; leaves on 2026-07-02.")', "")


@pytest.mark.parametrize(
    "new",
    [
        altered(("title: String", "title: String  subtitle: String")),
        altered(("NEWEST OLDEST", "NEWEST OLDEST BEST")),
        altered(("first: Int,", "first: Int, after: String,")),
        altered(VIEWS),
        altered((TAGS, "")),
        altered((TAGS, ""), ("type Tag { name: String! }", "")),
    ],
    ids=["field", "enum value", "optional argument", "retired", "retired today", "type of what is retired"],
)
def test_what_is_new_or_was_to_leave_by_now_may_be_released(new: str) -> None:
    assert objections(OLD, new, UNRELEASED, TODAY) == []


@pytest.mark.parametrize(
    ("new", "objection"),
    [
        (altered(("title: String", "")), "Field Post.title was removed."),
        (altered(LIKES), "Field Post.likes was removed."),
        (altered(("title: String", "title: Int")), "Field Post.title changed type from String to Int."),
        (altered(("NEWEST OLDEST", "NEWEST")), "Enum value Sort.OLDEST was removed."),
        (altered(("first: Int,", "")), "Argument Query.posts(first:) was removed."),
        (
            altered(("first: Int,", "first: Int, of: ID!,")),
            "A required argument Query.posts(of:) was added.",
        ),
        (altered(("type Post implements Node", "type Post")), "Post no longer implements interface Node."),
    ],
)
def test_what_clients_may_rely_on_stays(new: str, objection: str) -> None:
    assert objections(OLD, new, UNRELEASED, TODAY) == [objection]


def test_a_type_leaves_with_the_last_field_that_leads_to_it_and_not_before() -> None:
    without_the_type = altered(("type Tag { name: String! }", ""), ("[Tag!]!", "[String!]!"))

    assert objections(OLD, without_the_type, UNRELEASED, date(2026, 6, 30)) != []


def test_every_change_is_told_in_the_changelog() -> None:
    new = altered(("title: String", "title: String  subtitle: String"))

    assert objections(OLD, OLD, NOTHING_NEW, TODAY) == []
    assert len(objections(OLD, new, NOTHING_NEW, TODAY)) == 1
    assert len(objections(OLD, new, UNRELEASED.replace(" (unreleased)", ""), TODAY)) == 1


def test_what_may_surprise_clients_is_listed() -> None:
    new = altered(("NEWEST OLDEST", "NEWEST OLDEST BEST"))

    assert warnings(OLD, new, TODAY) == ["Enum value Sort.BEST was added."]


def test_a_deprecation_names_the_day_from_which_the_field_may_be_gone() -> None:
    assert undated(OLD) == []
    assert undated('type Query { a: Int @deprecated(reason: "soon") }') == ["soon"]
    assert undated(SCHEMA.read_text()) == []


def test_the_schema_keeps_what_the_last_release_promised() -> None:
    old = RELEASED.read_text() if RELEASED.exists() else SCHEMA.read_text()

    found = objections(old, SCHEMA.read_text(), CHANGELOG.read_text(), date.today())  # noqa: DTZ011 - the day here is good enough

    assert found == []
