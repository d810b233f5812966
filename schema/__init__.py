"""What clients see: the GraphQL types, laid over the tables, and the root fields that lead to them."""

import strawberry
from strawberry.schema.config import StrawberryConfig

from schema import billing, comments, graph, ideas, messages, templates, threads, usage  # noqa: F401 - they declare
from schema.query import Query
from schema.scalars import SCALARS

graph.finish()
graph.add_edges(Query)

schema = strawberry.Schema(
    query=strawberry.type(Query, description="The root of every query."),
    config=StrawberryConfig(scalar_map=SCALARS, sort_schema=True),
)
