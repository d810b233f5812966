"""A field's arguments: constant ones are coerced once, plain variables are taken as they come."""

from typing import Any

from graphql import (
    ArgumentNode,
    BooleanValueNode,
    FieldNode,
    IntValueNode,
    StringValueNode,
    VariableNode,
    get_nullable_type,
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


def given_to(graph: Graph, field: Any, details: list[Any]) -> Given:
    """The arguments of a field that `details` ask for."""
    if details[0].fragment_variable_values is not None:
        raise Unplanned("arguments of fragments")
    node = details[0].node
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
