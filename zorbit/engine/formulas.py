"""What an operation costs, as a sum of products of numbers that its variables tell."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any, NamedTuple, Protocol


class Factor(Protocol):
    """A number that a request's variables tell."""

    def of(self, variables: Mapping[str, Any]) -> int:
        """The number; what is not of the variable's type is refused later, so it may count as anything."""


@dataclass(frozen=True, slots=True)
class Rows:
    """How many rows a list has."""

    names: tuple[tuple[str, int | None], ...]
    """Variables, and how many rows their defaults ask for; the first that is not null counts."""
    otherwise: int
    maximum: int | None

    def of(self, variables: Mapping[str, Any]) -> int:
        """The number of rows."""
        found = (variables.get(name, default) for name, default in self.names)
        return next((rows_in(value, self.maximum) for value in found if value is not None), self.otherwise)


@dataclass(frozen=True, slots=True)
class Listed:
    """How many values the lists in a variable hold."""

    name: str
    otherwise: int
    is_item: bool
    """Whether it stands in a list itself."""

    def of(self, variables: Mapping[str, Any]) -> int:
        """The number of values."""
        if self.name not in variables:
            return self.otherwise
        return listed(variables[self.name], is_item=self.is_item)


ITEM = 20
"""An object in a list, or below one that is, takes as long to be made of its fields as so many values: 20
microseconds."""

Terms = dict[tuple[Factor, ...], int]
"""A sum of products: factors, and how often their product counts."""


class Branch(NamedTuple):
    """A field, what it comes to with all below it, and that."""

    name: str
    terms: Terms
    work: Terms
    """What of it is spent whether or not the answer turns out as large."""
    below: Sequence["Branch"] = ()
    lists: int = 0


@dataclass(frozen=True, slots=True)
class Formula:
    """A number that depends on a request's variables."""

    constant: int
    terms: tuple[tuple[tuple[Factor, ...], int], ...]
    """What the variables add."""

    def of(self, variables: Mapping[str, Any] | None) -> int:
        """With a request's variables, as they came."""
        if not self.terms:
            return self.constant
        given = variables or {}
        return self.constant + value_of(self.terms, lambda factor: factor.of(given))


class Cost(NamedTuple):
    """What an operation costs."""

    whole: Formula
    work: Formula


def value_of(terms: Iterable[tuple[tuple[Factor, ...], int]], of: Callable[[Factor], int]) -> int:
    """What terms come to, with factors as `of` tells them."""
    return sum(number * prod(map(of, factors)) for factors, number in terms)


def cost_of(root: Branch) -> Cost:
    """The formulas, without what they were made from."""
    return Cost(_formula(root.terms), _formula(root.work))


def _formula(terms: Terms) -> Formula:
    varying = tuple((factors, number) for factors, number in terms.items() if factors)
    return Formula(terms.get((), 0), varying)


def path_of(root: Branch, value: Callable[[Branch], int]) -> list[str]:
    """Down to the object where most of a value arises: as long as one field has half of what all have."""
    path, node = [], root
    while node.below:
        most = max(node.below, key=value)
        if not most.below or 2 * value(most) < sum(map(value, node.below)):
            break
        node = most
        path.append(node.name)
    return path


def listed(value: Any, *, is_item: bool = False) -> int:
    """How many values the lists in a value hold, which may be in a list itself."""
    if isinstance(value, list):
        return len(value) + sum(listed(one, is_item=True) for one in value if isinstance(one, list | dict))
    if not isinstance(value, dict):
        return 0
    return is_item * ITEM + sum(listed(one, is_item=is_item) for one in value.values())


def rows_in(value: Any, maximum: int | None) -> int:
    """How many rows an argument asks for."""
    number = len(value) if isinstance(value, list) else value if isinstance(value, int | float) else 1
    return max(0, int(number if maximum is None else min(number, maximum)))


def together(name: str, below: Sequence[Branch]) -> Branch:
    """A field and what is below it, as if it cost nothing itself."""
    terms: Terms = {}
    work: Terms = {}
    for one in below:
        add(terms, one.terms)
        add(work, one.work)
    return Branch(name, terms, work, below, sum(one.lists for one in below))


def add(terms: Terms, more: Terms) -> None:
    """Add `more` to `terms`."""
    for factors, number in more.items():
        terms[factors] = terms.get(factors, 0) + number


def multiplied(terms: Terms, by: Factor | int) -> Terms:
    """The product of `terms` and a number."""
    if isinstance(by, int):
        return {factors: number * by for factors, number in terms.items()}
    return {(*factors, by): number for factors, number in terms.items()}
