"""Operations about the schema alone: whoever asks, their answers are the same, and so are made once."""

from graphql import DocumentNode, FragmentDefinitionNode, OperationDefinitionNode, OperationType

from zorbit.engine.measures import Ruler


def is_about_schema(document: DocumentNode, operation: OperationDefinitionNode) -> bool:
    """Whether a query of a valid document selects nothing else."""
    if operation.operation is not OperationType.QUERY:
        return False
    fragments = [one for one in document.definitions if isinstance(one, FragmentDefinitionNode)]
    ruler = Ruler({one.name.value: one for one in fragments})
    return all(one.name.value.startswith("__") for one in ruler.fields([operation]))
