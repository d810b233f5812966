"""What a document has of each measure, found before it is validated and whatever it unfolds to.

Each node is measured once: what a fragment has is added where it is spread, and not counted again.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    OperationDefinitionNode,
)

SUMS = ("fields", "aliases", "directives")


@dataclass(frozen=True, slots=True)
class Limits:
    """The most of each measure that is let through."""

    characters: int
    """To read 100,000 takes 10 ms, be it one token."""
    tokens: int
    definitions: int
    """Operations and fragments."""
    depth: int
    fields: int
    """With fragments unfolded."""
    root_fields: int
    aliases: int
    directives: int
    repeats: int
    """Fields selected again in the same place: validation compares each two of them."""
    lists: int
    """Each is a statement or two of its own."""
    cost: int


class Measure(NamedTuple):
    """How much there is of something, and where most of it is."""

    name: str
    value: int
    path: Sequence[str] = ()


class Endless(Exception):  # noqa: N818 - an answer, not an error of the program
    """A fragment spreads itself."""


@dataclass(frozen=True, slots=True)
class Size:
    """What a node has, with all below it."""

    depth: int = 0
    fields: int = 0
    aliases: int = 0
    directives: int = 0


@dataclass(slots=True)
class Ruler:
    """Measures the nodes of one document."""

    fragments: Mapping[str, FragmentDefinitionNode]
    _sizes: dict[int, Size | None] = field(default_factory=dict)
    """By node; None while it is being measured."""

    def size(self, node: Any) -> Size:
        """What a node has; raises Endless."""
        known = self._sizes.get(id(node), ...)
        if known is None:
            raise Endless
        if known is not ...:
            return known
        self._sizes[id(node)] = None
        below = [self.size(child) for child in self.below(node)]
        is_field = isinstance(node, FieldNode)
        found = self._sizes[id(node)] = Size(
            max((one.depth for one in below), default=0) + is_field,
            sum(one.fields for one in below) + is_field,
            sum(one.aliases for one in below) + bool(getattr(node, "alias", None)),
            sum(one.directives for one in below) + len(node.directives or ()),
        )
        return found

    def apart(self, parts: Iterable[Any]) -> list[Any]:
        """Those that are not spread by others before them: what is spread nowhere is validated too."""
        found = []
        for part in parts:
            if id(part) not in self._sizes:
                self.size(part)
                found.append(part)
        return found

    def below(self, node: Any) -> Sequence[Any]:
        """What stands right below a node."""
        if isinstance(node, FragmentSpreadNode):
            fragment = self.fragments.get(node.name.value)
            return () if fragment is None else (fragment,)
        return () if node.selection_set is None else node.selection_set.selections

    def path(self, node: Any, measure: str) -> list[str]:
        """Down to where most of a measure is: as long as one child has half of it."""
        path: list[str] = []
        while children := self.below(node):
            whole, most = self._value(node, measure), max(children, key=lambda one: self._value(one, measure))
            if 2 * self._value(most, measure) < whole or whole == 0:
                break
            node = most
            path += [name_of(node)] if isinstance(node, FieldNode) else []
        return path

    def fields(self, parents: Iterable[Any], seen: set[str] | None = None) -> Iterator[FieldNode]:
        """The fields of an object for which all of `parents` are selected; a fragment counts once."""
        seen = set() if seen is None else seen
        for child in [child for parent in parents for child in self.below(parent)]:
            if isinstance(child, FieldNode):
                yield child
            elif not isinstance(child, FragmentSpreadNode):
                yield from self.fields([child], seen)
            elif child.name.value not in seen:
                seen.add(child.name.value)
                yield from self.fields(self.below(child), seen)

    def repeats(self, parents: Sequence[Any]) -> Measure:
        """How often a field is selected again in its place; unfolds what is measured."""
        places: dict[str, list[FieldNode]] = defaultdict(list)
        for one in self.fields(parents):
            places[name_of(one)].append(one)
        total, most, path = 0, 0, [""]
        for name, nodes in places.items():
            below = self.repeats(nodes)
            found = below.value + len(nodes) - 1
            total += found
            if found > most:
                most, path = found, [name, *(below.path if 2 * below.value >= found else ())]
        return Measure("repeats", total, path if most else ())

    def _value(self, node: Any, measure: str) -> int:
        value: int = getattr(self.size(node), measure)
        return value


def name_of(node: FieldNode) -> str:
    """By what name its value is answered."""
    return (node.alias or node.name).value


def measured(document: DocumentNode, limits: Limits) -> list[Measure]:
    """What a document has, of all operations together; depth and root fields of the one that has most.

    Raises Endless, which validation tells better. What takes time to find is left out of a document that is
    beyond a limit anyway.
    """
    found = [
        Measure("tokens", document.token_count or 0),
        Measure("definitions", len(document.definitions)),
    ]
    if beyond(found, limits):
        return found
    fragments = [one for one in document.definitions if isinstance(one, FragmentDefinitionNode)]
    operations = [one for one in document.definitions if isinstance(one, OperationDefinitionNode)]
    ruler = Ruler({one.name.value: one for one in fragments})
    parts = ruler.apart([*operations, *fragments])
    found += [_whole(name, sum, _measures(ruler, parts, name)) for name in SUMS]
    found.append(_whole("depth", max, _measures(ruler, parts, "depth")))
    if beyond(found, limits):
        return found
    roots = [Measure("root_fields", len(list(ruler.fields([one])))) for one in operations]
    found.append(_whole("root_fields", max, roots))
    found.append(_whole("repeats", sum, [ruler.repeats([part]) for part in parts]))
    return found


def beyond(found: Iterable[Measure], limits: Limits) -> list[Measure]:
    """Those that are more than their limits."""
    return [one for one in found if one.value > getattr(limits, one.name)]


def _measures(ruler: Ruler, parts: Iterable[Any], name: str) -> list[Measure]:
    return [Measure(name, getattr(ruler.size(part), name), ruler.path(part, name)) for part in parts]


def _whole(name: str, combine: Callable[[Iterable[int]], int], parts: Sequence[Measure]) -> Measure:
    most = max(parts, key=lambda one: one.value, default=Measure(name, 0))
    return Measure(name, combine([one.value for one in parts] or [0]), most.path)
