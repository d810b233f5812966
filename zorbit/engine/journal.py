"""What a request does, noted while it does it, for whoever tells of it afterwards: metrics, logs, traces."""

import re
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

COMPILED = "compiled"
NAME_LIMIT = 64
UNNAMED, LONG = "(unnamed)", "(long)"
"""In place of an operation's name: none can be written like that."""
SPANS = 500
"""Of a request: further statements are counted only."""
TOUCHED = re.compile(r'\b(?:FROM|INTO|UPDATE|JOIN)\s+"?(\w+)\b(?!\s*\()')
NOT_TRACED = nullcontext()


@dataclass(slots=True)
class Span:
    """A stretch of a request's time; of statements no text is kept, which may hold what users wrote."""

    name: str
    parent: "Span | None"
    began: int
    """In nanoseconds since 1970, as all times here."""
    ended: int = 0
    """0 while it goes on."""
    is_statement: bool = False
    error: str = ""


class Journal:
    """One request's.

    What is not noted of it stays the class's own: to set all of it took a microsecond.
    """

    kind = ""
    """`query` or `mutation`, nothing as long as no operation is known, `task` where no request asks."""
    name = UNNAMED
    has_caller = False
    """Whether somebody with a token asks."""
    cost = 0
    statements = 0
    knew_text = True
    knew_plan: bool | None = None
    """None where none was needed."""
    knew_id: bool | None = None
    """None where no document was asked for by its id."""
    answered_by = ""
    """`compiled`, or why a query was left to the resolvers."""
    codes: tuple[str, ...] = ()
    """Of the errors that the caller is told."""
    made = 0
    """Statements that it was the first to need."""
    spans: list[Span] | None = None
    """The first is the request's; None where it is not traced."""
    phase: Span | None = None
    """What goes on at the moment."""
    origin: Any = None
    """What its trace goes on from."""

    def __init__(self, request_id: str) -> None:
        """It begins now."""
        self.request_id = request_id
        self.began = time.perf_counter()


JOURNAL: ContextVar[Journal | None] = ContextVar("journal", default=None)
"""Of the request at hand."""


def phase(name: str) -> AbstractContextManager[None]:
    """A phase of the request at hand; next to nothing where that is not traced."""
    journal = JOURNAL.get()
    return NOT_TRACED if journal is None or journal.spans is None else _during(journal, journal.spans, name)


@contextmanager
def _during(journal: Journal, spans: list[Span], name: str) -> Iterator[None]:
    before = journal.phase
    journal.phase = span = Span(name, before, time.time_ns())
    spans.append(span)
    try:
        yield
    except BaseException as error:
        end(span, error)
        raise
    else:
        end(span)
    finally:
        journal.phase = before


def sent(names: Sequence[str]) -> list[Span]:
    """Count the statements that the request at hand sends; a span for each, where that is traced."""
    journal = JOURNAL.get()
    if journal is None:
        return []
    journal.statements += len(names)
    if journal.spans is None or len(journal.spans) + len(names) > SPANS:
        return []
    now = time.time_ns()
    spans = [Span(name, journal.phase, now, is_statement=True) for name in names]
    journal.spans += spans
    return spans


def name_of(statement: str) -> str:
    """What a statement does, and to which table first: `SELECT Post`."""
    verb, found = statement.split(maxsplit=1)[0].upper(), TOUCHED.search(statement)
    return f"{verb} {found[1]}" if found else verb


def end(span: Span, error: BaseException | None = None) -> None:
    """The span ends now."""
    span.ended = time.time_ns()
    if error is not None:
        span.error = type(error).__name__


def told_name(name: str | None) -> str:
    """An operation's name, as operators are told it: clients choose it, of any length."""
    if name is None:
        return UNNAMED
    return name if len(name) <= NAME_LIMIT else LONG


def note_made() -> None:
    """Note that a statement is made for the request at hand."""
    journal = JOURNAL.get()
    if journal is not None:
        journal.made += 1


def note_new_text() -> None:
    """Note that the document of the request at hand has to be made ready."""
    journal = JOURNAL.get()
    if journal is not None:
        journal.knew_text = False


def note_plan(*, is_known: bool) -> None:
    """Note whether the request at hand finds its plan made."""
    journal = JOURNAL.get()
    if journal is not None:
        journal.knew_plan = is_known


def note_id(*, is_known: bool) -> None:
    """Note whether there is the document that the request at hand names by its id."""
    journal = JOURNAL.get()
    if journal is not None:
        journal.knew_id = is_known


def note_codes(*codes: str) -> None:
    """Note the codes of errors that the caller of the request at hand is told."""
    journal = JOURNAL.get()
    if journal is not None:
        journal.codes += codes


def note_answer(by: str) -> None:
    """Note why the request at hand is left to the resolvers, or that it is not."""
    journal = JOURNAL.get()
    if journal is not None:
        journal.answered_by = by
