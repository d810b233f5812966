"""What an operation costs: a formula over its variables, worked out before it runs.

A value costs a point, an object ten; the size of a page multiplies what is selected of each row. A field that
is selected twice in one place costs once. @skip and @include are left aside, and what is selected of several
types is added up: a cost is what an operation may come to, not what it came to.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    FragmentSpreadNode,
    GraphQLField,
    GraphQLSchema,
    ListTypeNode,
    ObjectValueNode,
    OperationDefinitionNode,
    VariableNode,
    get_named_type,
    get_nullable_type,
    is_introspection_type,
    is_leaf_type,
    is_list_type,
    value_from_ast_untyped,
)

from zorbit.engine.formulas import (
    ITEM,
    Branch,
    Factor,
    Listed,
    Rows,
    Terms,
    add,
    listed,
    multiplied,
    rows_in,
    together,
)
from zorbit.engine.measures import name_of

VALUE = 1
OBJECT = 10
LISTED = 10
"""Of each value in a list that an argument gives; of an object in one ITEM times as much more."""
MUTATION = 5000
LIST = 10
"""Rows of a list that nothing says more about."""
INTROSPECTED, TYPES = 6, 32
"""Likewise of what tells about the schema, and of all its types: they are hundreds, most with less below.
So the whole of it costs about what it comes to, some 1,000 points a millisecond."""
PRICE = "price"
"""Under which a field's extensions say what the rule does not."""


@dataclass(frozen=True, slots=True)
class ListSize:
    """How many rows a list has."""

    assumed: int
    arguments: tuple[str, ...] = ()
    """Those that tell it, a number or a list; the first that is given counts."""
    fields: tuple[str, ...] = ()
    """Below the field, where it is a connection: the lists that have this size."""
    maximum: int | None = None
    """More is refused when it runs, with better words."""


@dataclass(frozen=True, slots=True)
class Price:
    """What is declared of a field."""

    weight: int | None = None
    size: ListSize | None = None
    arguments: Mapping[str, int] = field(default_factory=dict)
    """What each costs where it is given."""


@dataclass(slots=True)
class Pricing:
    """Prices the operations of one validated document."""

    schema: GraphQLSchema
    fragments: Mapping[str, Any]
    defaults: dict[str, Any] = field(default_factory=dict)
    """Of the operation's variables."""
    plain: set[str] = field(default_factory=set)
    """Its variables that hold one value."""

    def operation(self, operation: OperationDefinitionNode) -> Branch:
        """What an operation costs, field by field."""
        for one in operation.variable_definitions or ():
            name = one.variable.name.value
            self.defaults[name] = _literal(one.default_value)
            named = self.schema.type_map.get(_named(one.type))
            if not _is_list(one.type) and is_leaf_type(named):
                self.plain.add(name)
        kind = self.schema.get_root_type(operation.operation)
        below = self._below(kind, [operation], {})
        return together("", below)

    def _below(self, kind: Any, parents: Sequence[Any], sizes: Mapping[str, Any]) -> list[Branch]:
        places: dict[tuple[Any, str], list[Any]] = defaultdict(list)
        for parent, one in self._fields(kind, parents, set()):
            places[parent, name_of(one)].append(one)
        return [self._field(parent, name, nodes, sizes) for (parent, name), nodes in places.items()]

    def _fields(self, kind: Any, parents: Iterable[Any], seen: set[str]) -> Iterator[tuple[Any, Any]]:
        for child in [
            child for parent in parents if parent.selection_set for child in parent.selection_set.selections
        ]:
            if child.kind == "field":
                yield kind, child
                continue
            part = child
            if isinstance(child, FragmentSpreadNode):
                if child.name.value in seen:
                    continue
                seen.add(child.name.value)
                part = self.fragments[child.name.value]
            condition = part.type_condition
            below = kind if condition is None else self.schema.type_map[condition.name.value]
            yield from self._fields(below, [part], seen)

    def _field(self, parent: Any, name: str, nodes: Sequence[Any], sizes: Mapping[str, Any]) -> Branch:
        node = nodes[0]
        made = self.schema.get_field(parent, node.name.value)
        assert made is not None  # noqa: S101 - for the type checker: the document is valid
        price = made.extensions.get(PRICE, NO_PRICE)
        size = None if price.size is None else self._size(node, price.size)
        given = dict.fromkeys(price.size.fields, size) if price.size and price.size.fields else {}
        kind = get_named_type(made.type)
        below = [] if is_leaf_type(kind) else self._below(kind, nodes, given)
        found = together(name, below)
        terms, work = found.terms, found.work
        weight, is_work = self._weight(parent, made, price)
        add(terms, {(): weight})
        if is_work:
            add(work, {(): weight})
        if is_list_type(get_nullable_type(made.type)) and not is_leaf_type(kind):
            rows = sizes.get(node.name.value, _assumed(kind, node) if size is None else size)
            terms, work = multiplied(terms, rows), multiplied(work, rows)
        for one in node.arguments or ():
            given_for = self._listed(one.value)
            add(given_for, {(): price.arguments.get(one.name.value, 0)})
            add(terms, given_for)
            add(work, given_for)
        return Branch(name, terms, work, below, found.lists + (price.size is not None))

    def _weight(self, parent: Any, made: GraphQLField, price: Price) -> tuple[int, bool]:
        """What a field costs by itself, and whether it does so for what it does, not for what it answers."""
        if price.weight is not None:
            return price.weight, True
        if parent is self.schema.mutation_type:
            return MUTATION, True
        return VALUE if is_leaf_type(get_named_type(made.type)) else OBJECT, False

    def _size(self, node: Any, size: ListSize) -> Factor | int:
        given = {one.name.value: one.value for one in node.arguments or ()}
        names: list[tuple[str, int | None]] = []
        otherwise = size.assumed
        for name in size.arguments:
            value = given.get(name)
            if isinstance(value, VariableNode):
                default = self.defaults.get(value.name.value)
                rows = None if default is None else rows_in(default, size.maximum)
                names.append((value.name.value, rows))
            elif (literal := _literal(value)) is not None:
                otherwise = rows_in(literal, size.maximum)
                break
        return Rows(tuple(names), otherwise, size.maximum) if names else otherwise

    def _listed(self, node: Any, *, is_item: bool = False) -> Terms:
        """What the values in an argument's lists cost."""
        if isinstance(node, VariableNode):
            name = node.name.value
            otherwise = listed(self.defaults.get(name), is_item=is_item)
            return {} if name in self.plain else {(Listed(name, otherwise, is_item),): LISTED}
        values = getattr(node, "values", ())
        parts = values or [one.value for one in getattr(node, "fields", ())]
        is_object = isinstance(node, ObjectValueNode)
        terms: Terms = {(): LISTED * (len(values) + ITEM * (is_object and is_item))}
        for part in parts:
            add(terms, self._listed(part, is_item=is_item or bool(values)))
        return terms


NO_PRICE = Price()


def _assumed(kind: Any, node: Any) -> int:
    """How many rows a list has of which nothing is declared."""
    if not is_introspection_type(kind):
        return LIST
    return TYPES if node.name.value == "types" else INTROSPECTED


def _literal(node: Any) -> Any:
    return None if node is None else value_from_ast_untyped(node)


def _is_list(node: Any) -> bool:
    return isinstance(node, ListTypeNode) or (hasattr(node, "type") and _is_list(node.type))


def _named(node: Any) -> str:
    return _named(node.type) if hasattr(node, "type") else node.name.value
