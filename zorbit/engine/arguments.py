"""A field as a client asks for it. Its constant arguments are coerced once, plain variables as they come."""

from dataclasses import dataclass
from typing import Any

from graphql import (
    ArgumentNode,
    BooleanValueNode,
    FieldNode,
    GraphQLField,
    GraphQLObjectType,
    IntValueNode,
    StringValueNode,
    VariableNode,
    get_named_type,
    get_nullable_type,
    is_non_null_type,
)
from graphql.execution.values import VariableValues

from zorbit.engine.levels import Unplanned
from zorbit.engine.readings import Graph
from zorbit.engine.runs import Given

STAND_IN: dict[str, Any] = {
    "ID": StringValueNode(value=""),
    "String": StringValueNode(value=""),
    "Int": IntValueNode(value="0"),
    "Boolean": BooleanValueNode(value=False),
}
"""What stands for a variable of a plain scalar while the other arguments of its field are coerced."""
NO_VARIABLES = VariableValues({}, {})


Details = list[Any]
"""The nodes that make one field of an object, as graphql-core collects them."""


@dataclass(frozen=True, slots=True)
class Selected:
    """A field of an object, as a client asks for it."""

    parent: GraphQLObjectType
    field: GraphQLField
    details: Details

    @property
    def node(self) -> FieldNode:
        """The first of its nodes, whose arguments count."""
        node: FieldNode = self.details[0].node
        return node

    @property
    def kind(self) -> Any:
        """Its type, without lists and non-nulls."""
        return get_named_type(self.field.type)

    @property
    def is_required(self) -> bool:
        """Whether it is never null."""
        return is_non_null_type(self.field.type)


def given_to(graph: Graph, selected: Selected) -> Given:
    """A field's arguments."""
    if selected.details[0].fragment_variable_values is not None:
        raise Unplanned("arguments of fragments")
    field, node = selected.field, selected.node
    names, direct, constants = graph.names(field), {}, []
    for argument in node.arguments or ():
        name, value = argument.name.value, argument.value
        kind = getattr(get_nullable_type(field.args[name].type), "name", "")
        if isinstance(value, VariableNode) and kind in STAND_IN:
            direct[names[name]] = value.name.value
            value = STAND_IN[kind]
        constants.append(ArgumentNode(name=argument.name, value=value))
    if any(map(has_variable, constants)):
        return Given(graph, field, node)
    constant = FieldNode(name=node.name, arguments=tuple(constants))
    given = graph.arguments(field, constant, NO_VARIABLES)
    kept = {name: value for name, value in given.items() if name not in direct}
    return Given(graph, field, node, kept, direct)


def has_variable(node: Any) -> bool:
    """Whether a value holds a variable."""
    if isinstance(node, VariableNode):
        return True
    parts = getattr(node, "values", None) or getattr(node, "fields", None) or ()
    value = getattr(node, "value", None)
    return any(map(has_variable, parts)) or (hasattr(value, "kind") and has_variable(value))
