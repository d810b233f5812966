"""What clients see: the GraphQL types, laid over the tables, and the root fields that lead to them."""

import strawberry
from graphql import lexicographic_sort_schema, print_schema
from strawberry.schema.config import StrawberryConfig

from schema import (  # noqa: F401 - they declare
    audit,
    billing,
    comments,
    costs,
    graph,
    ideas,
    messages,
    mutations,
    templates,
    threads,
    usage,
)
from schema.errors import TYPES
from schema.query import Query
from schema.scalars import SCALARS
from schema.writing import mutation_root

graph.finish()
graph.add_edges(Query)

schema = strawberry.Schema(
    query=strawberry.type(Query, description="The root of every query."),
    mutation=mutation_root(),
    types=TYPES,
    # Not sort_schema: it makes the enums anew and loses their Python members. The printed schema is sorted.
    config=StrawberryConfig(scalar_map=SCALARS),
)

core_schema = schema._schema  # noqa: SLF001 - Strawberry keeps graphql-core's schema, which runs, to itself
costs.declare(core_schema)


def sdl() -> str:
    """The schema as its clients read it: the text of `schema.graphql`."""
    return costs.shown(core_schema, print_schema(lexicographic_sort_schema(core_schema))) + "\n"
