"""Values from outside: taken as they should be, or refused with the field and the limit named."""

import re
from uuid import UUID

from zorbit.errors import BadInput

NAME_LIMIT = 300
"""Characters in a name or a title."""
TEXT_LIMIT = 100_000
"""Characters in any other text."""
LIST_LIMIT = 100
"""Entries in a list of texts."""
JSON_BYTES = 16 * 1024
"""Bytes of a JSON column, written without spaces."""
JSON_DEPTH = 8
"""Levels of lists and objects in a JSON column."""
INTEGER_LIMIT = 2**31 - 1
SECONDS_LIMIT = 10**6
"""The most seconds that something may have taken, some eleven days."""
MONEY_LIMIT = 10**8
"""Amounts of money are less than this, in hundredths: `numeric(10,2)`."""

ADDRESS = re.compile(r"https?://[^\s\\/?#@:]+(:[0-9]{1,5})?([/?#][^\s\\]*)?", re.IGNORECASE)
UUID_FORM = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def as_integer(number: int) -> int:
    """`number`, or the nearest one that GraphQL's Int holds."""
    return max(-INTEGER_LIMIT, min(number, INTEGER_LIMIT))


def fault(field: str, problem: str) -> BadInput:
    """What is wrong with a value: the message begins with the field that it stands in."""
    return BadInput(f"`{field}` {problem}", field=field)


def uuid_of(text: str, field: str) -> UUID:
    """An id; raises BadInput unless it is a UUID as the API writes them."""
    return UUID(id_of(text, field))


def id_of(text: str, field: str) -> str:
    """An id as the API writes it; raises BadInput unless it is a UUID."""
    if not UUID_FORM.fullmatch(text):
        raise fault(field, "must be a UUID like 0191d3a2-7c1e-7b6a-9b1f-2f6c1d8e4a57")
    return text.lower()


def text_of(text: str, field: str, limit: int = TEXT_LIMIT) -> str:
    """A text; raises BadInput for NUL, lone surrogates or more than `limit` characters."""
    if len(text) > limit:
        raise fault(field, f"has at most {limit} characters, not {len(text)}")
    if "\0" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise fault(field, "must not hold NUL or half a surrogate pair")
    return text


def address_of(text: str, field: str) -> str:
    """An address on the web; raises BadInput for what a browser would run (`javascript:`) or misread."""
    # A name before the host, or a turn of the writing, makes it look like another's.
    if not (ADDRESS.fullmatch(text) and text.isprintable()):
        raise fault(field, "must be an address like https://example.com/image.png")
    return text
