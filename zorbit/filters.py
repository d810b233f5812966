"""What a `where` argument asks for, as data: hashable, so that equal filters share one batch."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, Numeric, and_, false, func, not_, or_, true

from zorbit.errors import BadInput
from zorbit.slots import Slot, operand

CONDITION_LIMIT = 50
DEPTH_LIMIT = 5
IN_LIMIT = 100
SEARCH_LIMIT = 300

OPERATORS: dict[str, Callable[[Any, Any], ColumnElement[bool]]] = {
    "eq": lambda column, value: column == value,
    "in": lambda column, value: column.in_(value),
    "lt": lambda column, value: column < value,
    "lte": lambda column, value: column <= value,
    "gt": lambda column, value: column > value,
    "gte": lambda column, value: column >= value,
    "is_null": lambda column, value: column.is_(None) if value else column.is_not(None),
}


@dataclass(frozen=True, slots=True)
class Compare:
    """One column against one value; `value` is a tuple for `in`."""

    field: str
    operator: str
    value: Any


@dataclass(frozen=True, slots=True)
class All:
    """Every one of these; none of them is always true."""

    of: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class Either:
    """At least one of these; none of them is never true."""

    of: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The rows that `of` leaves out, those with nulls among them."""

    of: "Condition"


Condition = Compare | All | Either | Not


def sql(condition: Condition, columns: Any) -> ColumnElement[bool]:
    """`condition` over `columns` (a table's class or an alias of it)."""
    match condition:
        case Compare(field, "in", Slot() as slot):
            column = getattr(columns, field)
            return column == func.any(operand(slot, ARRAY(_unbounded(column.type))))  # type: ignore[no-any-return] # of a column, which is anything here
        case Compare(field, operator, value):
            column = getattr(columns, field)
            return OPERATORS[operator](column, operand(value, _unbounded(column.type)))
        case All(of):
            return and_(true(), *(sql(part, columns) for part in of))
        case Either(of):
            return or_(false(), *(sql(part, columns) for part in of))
        case Not(of):
            # NOT of an unknown is unknown in SQL; for a client a row either matches or does not.
            return not_(sql(of, columns).is_(true()))


def _unbounded(kind: Any) -> Any:
    # Held to its column's scale, what is compared with a number would be rounded first.
    return Numeric() if isinstance(kind, Numeric) and kind.asdecimal else kind


def slotted(condition: Condition, slot: Callable[[Any], Slot]) -> Condition:
    """`condition` with slots in place of its values."""
    match condition:
        case Compare(_, "is_null", _):
            return condition
        case Compare(field, operator, value):
            return Compare(field, operator, slot(value))
        case All(of):
            return All(tuple(slotted(part, slot) for part in of))
        case Either(of):
            return Either(tuple(slotted(part, slot) for part in of))
        case Not(of):
            return Not(slotted(of, slot))


def bounded(condition: Condition) -> Condition:
    """`condition`, unless it is too large: raises BadInput naming the limit."""
    count, depth = _size(condition)
    if count > CONDITION_LIMIT:
        raise BadInput(f"at most {CONDITION_LIMIT} conditions, not {count}", field="where")
    if depth > DEPTH_LIMIT + 1:  # the outermost is no combination
        raise BadInput(f"`and`, `or` and `not` go at most {DEPTH_LIMIT} deep", field="where")
    return condition


def _size(condition: Condition) -> tuple[int, int]:
    """(how many conditions, how many All within one another); an empty All counts as a condition."""
    match condition:
        case Compare():
            return 1, 0
        case Not(of):
            return _size(of)
        case All(of) | Either(of):
            sizes = [_size(part) for part in of]
            count = sum(count for count, _ in sizes)
            depth = max((depth for _, depth in sizes), default=0)
            return (max(count, 1), depth + 1) if isinstance(condition, All) else (count, depth)
