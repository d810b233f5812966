"""The least operation that still shows a fault: found by leaving out one part after the other."""

from collections.abc import Awaitable, Callable, Iterator
from typing import Any

from graphql import (
    REMOVE,
    ArgumentNode,
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLSyntaxError,
    InlineFragmentNode,
    ListValueNode,
    NameNode,
    Node,
    ObjectFieldNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    VariableDefinitionNode,
    VariableNode,
    Visitor,
    parse,
    print_ast,
    validate,
    visit,
)

from schema import core_schema
from tests.reading.operations import Operation

Shows = Callable[[Operation], Awaitable[bool]]
Edits = dict[int, Any]
"""What takes the place of a node, by the node's identity; REMOVE for nothing."""

REMOVABLE = (ArgumentNode, DirectiveNode, ObjectFieldNode, OperationDefinitionNode)
TYPENAME = FieldNode(name=NameNode(value="__typename"), arguments=(), directives=())


class Parts(Visitor):
    """The nodes of a document, in its order."""

    def __init__(self) -> None:
        """None yet."""
        super().__init__()
        self.found: list[Node] = []

    def enter(self, node: Node, *_place: Any) -> None:
        """Note it."""
        self.found.append(node)


class Edited(Visitor):
    """Puts others in the place of nodes."""

    def __init__(self, edits: Edits) -> None:
        """`edits` are made wherever the nodes stand."""
        super().__init__()
        self.edits = edits

    def enter(self, node: Node, *_place: Any) -> Any:
        """The other, or nothing for what stays as it is."""
        return self.edits.get(id(node))


async def smallest(operation: Operation, shows: Shows) -> Operation:
    """An operation of which nothing can be left out without losing the fault."""
    try:
        parse(operation.text)
    except GraphQLSyntaxError:
        return operation
    length = -1
    while length != len(operation.text):
        length, tried = len(operation.text), 0
        while (smaller := _smaller(operation, tried)) is not None:
            if smaller is not operation and await shows(smaller):
                operation = smaller
            else:
                tried += 1
    return operation


def _smaller(operation: Operation, number: int) -> Operation | None:
    """The operation less a part; itself where that makes no valid one, None where there are no more parts."""
    document = parse(operation.text)
    edits = list(_edits(document))
    if number >= len(edits):
        return None
    made = _tidied(visit(document, Edited(edits[number])))
    if not made.definitions or (not validate(core_schema, document) and validate(core_schema, made)):
        return operation
    names = {node.name.value for node in _parts(made) if isinstance(node, VariableNode)}
    variables = {name: value for name, value in (operation.variables or {}).items() if name in names}
    text = print_ast(made)
    return operation if text == print_ast(document) else Operation(text, variables or None, operation.name)


def _edits(document: DocumentNode) -> Iterator[Edits]:
    """Each leaves something out, or puts what is in a fragment into its place."""
    parts = _parts(document)
    fragments = {node.name.value: node for node in parts if isinstance(node, FragmentDefinitionNode)}
    for node in parts:
        if isinstance(node, SelectionSetNode):
            for selection in node.selections:
                yield {id(selection): REMOVE if len(node.selections) > 1 else TYPENAME}
                if isinstance(selection, InlineFragmentNode | FragmentSpreadNode):
                    yield {id(node): _opened(node, selection, fragments)}
        elif isinstance(node, REMOVABLE):
            yield {id(node): REMOVE}
        elif isinstance(node, ListValueNode):
            yield from ({id(value): REMOVE} for value in node.values)
        elif isinstance(node, FieldNode) and node.alias:
            yield {id(node): _renamed(node)}


def _renamed(field: FieldNode) -> FieldNode:
    return FieldNode(
        name=field.name,
        arguments=field.arguments,
        directives=field.directives,
        selection_set=field.selection_set,
    )


def _opened(
    whole: SelectionSetNode, fragment: SelectionNode, fragments: dict[str, FragmentDefinitionNode]
) -> SelectionSetNode:
    inner = fragments[fragment.name.value] if isinstance(fragment, FragmentSpreadNode) else fragment
    assert isinstance(inner, FragmentDefinitionNode | InlineFragmentNode)
    selections = [
        part
        for selection in whole.selections
        for part in (inner.selection_set.selections if selection is fragment else [selection])
    ]
    return SelectionSetNode(selections=tuple(selections))


def _tidied(document: DocumentNode) -> DocumentNode:
    """Without fragments and variables that nothing uses any more."""
    while True:
        parts = _parts(document)
        spread = {node.name.value for node in parts if isinstance(node, FragmentSpreadNode)}
        declared = {id(node.variable) for node in parts if isinstance(node, VariableDefinitionNode)}
        used = {
            node.name.value for node in parts if isinstance(node, VariableNode) and id(node) not in declared
        }
        unused: Edits = {
            id(node): REMOVE
            for node in parts
            if (isinstance(node, FragmentDefinitionNode) and node.name.value not in spread)
            or (isinstance(node, VariableDefinitionNode) and node.variable.name.value not in used)
        }
        if not unused:
            return document
        document = visit(document, Edited(unused))


def _parts(document: DocumentNode) -> list[Node]:
    parts = Parts()
    visit(document, parts)
    return parts.found
