"""Documents in memory: bounded, and for a day."""

from zorbit.engine.texts import CHARACTERS, ENTRIES, LIFETIME, Texts


def test_those_that_were_used_last_stay() -> None:
    texts = Texts()
    for count in range(ENTRIES):
        texts.put(str(count), "x")
    texts.get("0")

    texts.put("another", "x")

    assert (texts.get("0"), texts.get("1"), texts.get("2")) == ("x", None, "x")


def test_together_they_have_no_more_characters_than_they_may() -> None:
    texts, large = Texts(), "x" * (CHARACTERS // 2)
    for id in ("one", "two", "two"):
        texts.put(id, large)
    both = [texts.get(id) for id in ("one", "two")]

    texts.put("small", "x")

    assert both == [large, large]
    assert [texts.get(id) for id in ("one", "two", "small")] == [None, large, "x"]


def test_after_a_day_a_document_is_looked_up_again() -> None:
    now = 1000.0
    texts = Texts(lambda: now)
    texts.put("one", "x")

    now += LIFETIME - 1
    before = texts.get("one")
    now += 1
    after = texts.get("one")

    assert (before, after) == ("x", None)
