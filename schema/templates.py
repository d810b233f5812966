"""Patterns to write posts by."""

import strawberry

from schema.graph import Node, many, one, shape
from zorbit import models


@shape(models.Template, "A pattern to write posts by.", filters=("name", "created_at", "updated_at"))
class Template(Node):
    """A pattern to write posts by."""

    name: strawberry.auto
    content: strawberry.auto
    created_at: strawberry.auto
    updated_at: strawberry.auto

    user = one(models.Template.user_id, "Whose template it is.")
    posts = many(models.Post.template_id, "The posts made with it.")
